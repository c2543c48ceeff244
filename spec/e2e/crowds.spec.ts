// limit: 300
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bigPush } from './big-push.ts';
import { manyAppsAtOnce, manyPushesToOneApp } from './crowd-stories.ts';
import { Holds } from './holds.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { startPush } from './running-push.ts';
import { inMiB } from './server-memory.ts';
import { runtime, site, told } from './tiny-apps.ts';
import { exec, World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; holds: Holds }>('crowds');

test.before(async (context) => {
  context.holds = new Holds();
  context.world = await World.start({ ...context.holds.env, HOP3_DRAIN_TIMEOUT: '4' });
});
test.after(async ({ world, holds }) => {
  holds.remove();
  await world.stop();
});

test('ten apps pushed at once are all live, each once, and everybody is told the place in the queue', async ({ world }) => {
  await manyAppsAtOnce(world, 10);
});

test('six pushes to one app go live one after the other, and the last one stays', async ({ world, holds }) => {
  const repo = await world.repo('one', site('zero'));
  assert.is((await repo.push()).code, 0);
  await manyPushesToOneApp(world, holds, repo, 6);
});

test('a push of 60 MB takes little of the server', async ({ world }) => {
  const repo = await world.repo('big', site('big'));
  const { ran, grew } = await bigPush(repo, 60_000_000);
  assert.is(ran.code, 0, ran.output);
  // 26 MiB were measured for 300 MB.
  assert.ok(grew < 96 * 1024 * 1024, `it grew by ${inMiB(grew)}`);
  assert.is((await world.get('big')).body, 'big\n');
});

test('a push that builds on what went live between its look and its arrival is no stale one', async ({ world }) => {
  const repo = await world.repo('between', site('one'));
  assert.is((await repo.push()).code, 0);
  await repo.commit('two', site('two'));
  const last = await repo.commit('three', site('three'));
  // git runs this after it has read the server's refs and before it sends anything.
  await repo.hook('pre-push', 'git push -q --no-verify hop3 HEAD~1:main');
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(pushed.stderr, 'Released v3');
  assert.is((await world.get('between')).body, 'three\n');
  assert.is(await world.branch('between'), last);
});

test('a push during env set waits for it, and goes live with the variable', async ({ world, holds }) => {
  const repo = await world.repo('env', site('one'));
  assert.is((await repo.push()).code, 0);
  holds.hold('start');
  const set = world.hop3('env', 'set', 'COLOUR=red', '--app', 'env');
  await holds.reached('start');
  await repo.commit('two', site('two'));
  const push = startPush(repo);
  await push.said('Waiting: env is busy with the change of variables by admin, since ');
  holds.release('start');
  assert.is((await set).code, 0);
  const pushed = await push.ended;
  assert.is(pushed.code, 0, pushed.output);
  assert.match(pushed.stderr, 'Released v3');
  assert.is((await world.hop3('env', '--app', 'env')).stdout, 'COLOUR=red\n');
  assert.is((await world.get('env')).body, 'two\n');
});

test('a push during a rollback does not undo it, and says what to do', async ({ world, holds }) => {
  const repo = await world.repo('back', site('one'));
  const one = await repo.git('rev-parse', 'HEAD');
  assert.is((await repo.push()).code, 0);
  await repo.commit('two', site('two'));
  assert.is((await repo.push()).code, 0);
  holds.hold('start');
  const back = world.hop3('rollback', '--app', 'back');
  await holds.reached('start');
  await repo.commit('three', site('three'));
  const push = startPush(repo);
  await push.said('Waiting: back is busy with the rollback by admin, since ');
  holds.release('start');
  assert.is((await back).code, 0);
  const refused = await push.ended;
  assert.is(refused.code, 1, refused.output);
  assert.match(told(refused), `main has moved to ${one.slice(0, 7)} since this push began`);
  assert.match(told(refused), 'remote:        v3 is still live; this push has changed nothing.');
  assert.is((await world.get('back')).body, 'one\n');
  assert.is(await world.branch('back'), one);
});

test('a push while an addon is made waits for it, and runs with its variables', async ({ world, holds }) => {
  const repo = await world.repo('data', site('one'));
  assert.is((await repo.push()).code, 0);
  holds.hold('provision');
  const made = world.hop3('addon', 'create', 'redis', '--app', 'data');
  await holds.reached('provision');
  await repo.commit('two', site('two'));
  const push = startPush(repo);
  await push.said('Waiting: data is busy with the change of addons by admin, since ');
  holds.release('provision');
  assert.is((await made).code, 0, (await made).output);
  const pushed = await push.ended;
  assert.is(pushed.code, 0, pushed.output);
  assert.match(pushed.stderr, 'Released v3');
  assert.match((await world.hop3('env', 'show', '--sources', '--app', 'data')).stdout, /^REDIS_URL +\[hidden\] +addon/m);
});

test('a push during app destroy is told that the app is gone, in a word of git no less; the next one makes it anew', async ({ world }) => {
  // It does not end when it is told to, so the destruction takes a while.
  const repo = await world.repo('doomed', runtime(`workers.background = "/bin/sh -c 'trap : TERM; while :; do sleep 1; done'";`));
  const live = await repo.push();
  assert.is(live.code, 0, live.output);
  const destroyed = world.hop3('app', 'destroy', '--app', 'doomed', '--confirm=doomed');
  await repo.commit('two', site('two'));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const push = startPush(repo);
  await push.said('Waiting: doomed is busy with the destruction by admin, since ');
  assert.is((await destroyed).code, 0, (await destroyed).output);
  const refused = await push.ended;
  assert.is(refused.code, 1, refused.output);
  assert.match(refused.stderr, ' ! [remote rejected] main -> main (The app doomed was destroyed while this waited for its turn [HOP3_NO_APP])');
  assert.not.match(refused.stderr, /fatal|working directory/);
  assert.is((await exec('find', [world.root, '-name', '*doomed*', '-not', '-path', '*/logs/*'])).stdout, '');
  assert.is((await exec('find', [`${world.root}/repos`, '-name', '.gone*'])).stdout, '');
  const anew = await repo.push();
  assert.is(anew.code, 0, anew.output);
  assert.match(anew.stderr, 'Released v1');
});

test.run();
