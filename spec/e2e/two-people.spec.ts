// waits
// limit: 300
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { startPush, type RunningPush } from './running-push.ts';
import { expression, site, told } from './tiny-apps.ts';
import { CHECKOUT, exec, until, World, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; stalled: Stalled }>('two people push at once');

/** Seconds that a build takes in which somebody else comes. */
const SLOW = 3;

test.before(async (context) => {
  context.world = await World.start();
  // It takes the server a minute to give it up; meanwhile everything below happens.
  context.stalled = await stall(context.world, await context.world.repo('stalled', site('stalled')));
});
test.after(async ({ world, stalled }) => {
  stalled.end();
  await world.stop();
});

/** A slow build of the app that has begun. */
async function slowPush(repo: Repo, page: string): Promise<RunningPush & { readonly commit: string }> {
  const commit = await repo.commit(page, site(`${page} ${Date.now()}`, SLOW));
  const push = startPush(repo);
  await push.said('building \'/nix/store/');
  return { ...push, commit };
}

const liveVersion = async (world: World, app: string): Promise<{ version: number; description: string; commit: string }> =>
  (JSON.parse((await world.hop3('releases', '--app', app, '-n', '1', '--json')).stdout) as { releases: { version: number; description: string; commit: string }[] }).releases[0]!;

test('the one who comes second is told who holds the app; a commit that leaves the first one out never goes live', async ({ world }) => {
  const ann = await world.repo('shop', site('one'));
  assert.is((await ann.push()).code, 0);
  const { token } = JSON.parse((await world.hop3('token', 'create', '--app', 'shop', '--name', 'ann', '--json')).stdout) as { token: string };
  await ann.git('remote', 'set-url', 'hop3', `http://x:${token}@127.0.0.1:${world.port}/shop.git`);
  const bob = join(world.home, 'bob');
  await exec('git', ['clone', '-q', await ann.git('remote', 'get-url', 'hop3'), bob], { env: world.env });
  await exec('git', ['commit', '-q', '--allow-empty', '-m', 'bob'], { cwd: bob, env: world.env });

  const first = await slowPush(ann, 'ann');
  const second = await exec('git', ['push', 'origin', 'main'], { cwd: bob, env: world.env });
  const done = await first.ended;
  assert.is(done.code, 0, done.output);
  assert.match(done.stderr, 'Released v2');

  assert.is(second.code, 1, second.output);
  assert.match(told(second), new RegExp(`remote: -----> Waiting: shop is busy with the deploy of ${first.commit.slice(0, 7)} by ann, since \\d\\d:\\d\\d:\\d\\d UTC\n`));
  const moved = `main has moved to ${first.commit.slice(0, 7)} since this push began`;
  assert.match(told(second), [
    `remote:  !     Push rejected: ${moved}.`,
    'remote:        Someone else pushed in the meantime.',
    'remote:        git fetch hop3, look at what changed, and push again.',
    'remote:        v2 is still live; this push has changed nothing.',
  ].join('\n'));
  assert.match(second.stderr, ` ! [remote rejected] main -> main (${moved} [HOP3_STALE_PUSH])`);
  assert.not.match(second.stderr, 'building', 'nothing of it was built');
  assert.is((await liveVersion(world, 'shop')).version, 2, 'it was never live');
  assert.is(await world.branch('shop'), first.commit);
});

test('a push that builds on the one before it comes next', async ({ world }) => {
  const repo = await world.repo('queue', site('one'));
  assert.is((await repo.push()).code, 0);
  const first = await slowPush(repo, 'two');
  const commit = await repo.commit('three', site('three'));
  const second = startPush(repo);
  await second.said('Waiting: queue is busy with the deploy of');
  await repo.commit('four', site('four'));
  const third = startPush(repo);
  await third.said('(1 more before this one)');
  assert.is((await first.ended).code, 0);
  const next = await second.ended;
  assert.is(next.code, 0, next.output);
  assert.match(told(next), `remote:        main has moved to ${first.commit.slice(0, 7)} meanwhile, which this push builds on\n`);
  assert.match(next.stderr, 'Released v3');
  const last = await third.ended;
  assert.is(last.code, 0, last.output);
  assert.match(told(last), `main has moved to ${commit.slice(0, 7)} meanwhile`);
  assert.match(last.stderr, 'Released v4');
  assert.is((await world.get('queue')).body, 'four\n');
  assert.is(await world.branch('queue'), await repo.git('rev-parse', 'HEAD'));
  // Git's own view agrees: nothing is left to push.
  assert.match((await repo.push()).stderr, 'Everything up-to-date');
});

test('a push that waited behind a rollback does not undo it', async ({ world }) => {
  const repo = await world.repo('undone', site('one'));
  assert.is((await repo.push()).code, 0);
  const one = await repo.git('rev-parse', 'HEAD');
  const two = await repo.commit('two', site('two'));
  assert.is((await repo.push()).code, 0);
  // Somebody's build that takes a while and fails holds the app, and leaves the branch where it is.
  await repo.commit('broken', expression(`pkgs.runCommand "broken" { } "echo begun ${Date.now()}; sleep ${SLOW}; exit 1"`));
  const broken = startPush(repo);
  await broken.said('begun');
  const back = world.hop3('rollback', 'v1', '--app', 'undone');
  await until('the rollback to wait', () => pending(world, 'undone'));
  await repo.git('reset', '-q', '--hard', two);
  await repo.commit('three', site('three'));
  const second = startPush(repo);
  await second.said('(1 more before this one)');
  assert.is((await broken.ended).code, 1);
  assert.is((await back).code, 0, (await back).output);
  const refused = await second.ended;
  assert.is(refused.code, 1, refused.output);
  assert.match(refused.stderr, `main has moved to ${one.slice(0, 7)} since this push began [HOP3_STALE_PUSH]`);
  assert.is((await liveVersion(world, 'undone')).description, 'Rollback to v1');
  assert.is(await world.branch('undone'), one);
  assert.is((await world.get('undone')).body, 'one\n');
});

test('of main and master pushed first at the same time one is the deployed branch', async ({ world }) => {
  const repo = await world.repo('both', site('both'));
  const first = await slowPush(repo, 'main');
  const second = await repo.push('hop3', 'main:master');
  assert.is((await first.ended).code, 0);
  assert.is(second.code, 1, second.output);
  assert.match(second.stderr, '[HOP3_OTHER_BRANCH]');
  assert.match(told(second), 'remote:        To deploy it: git push hop3 master:main');
  assert.is(await world.branch('both', 'master'), null);
  assert.is((await liveVersion(world, 'both')).version, 1);
});

test('a variable that is set during the first deploy is not lost', async ({ world }) => {
  const repo = await world.repo('early', site('early'));
  const push = await slowPush(repo, 'early');
  const set = await world.hop3('env', 'set', 'GREETING=hello', '--app', 'early');
  assert.is((await push.ended).code, 0);
  assert.is(set.code, 0, set.output);
  assert.match(set.output, /Waiting: early is busy with the deploy of [0-9a-f]{7} by admin/);
  assert.match(set.output, 'Set GREETING; early restarted as v2.');
  assert.is((await world.hop3('env', 'get', 'GREETING', '--app', 'early')).stdout, 'hello\n');
});

test('a variable and a rollback that come during a deploy wait for it, and leave one whole state', async ({ world }) => {
  const repo = await world.repo('busy', site('one'));
  assert.is((await repo.push()).code, 0);
  const one = await repo.git('rev-parse', 'HEAD');
  const push = await slowPush(repo, 'two');
  const set = world.hop3('env', 'set', 'COLOUR=red', '--app', 'busy');
  const back = world.hop3('rollback', 'v1', '--app', 'busy');
  const ended = await push.ended;
  assert.is(ended.code, 0, ended.output);
  assert.match(ended.stderr, 'Released v2');
  for (const ran of [await set, await back]) {
    assert.is(ran.code, 0, ran.output);
    assert.match(ran.output, `Waiting: busy is busy with the deploy of ${push.commit.slice(0, 7)} by admin`);
  }
  const live = await liveVersion(world, 'busy');
  assert.is(live.version, 4);
  // Whichever of the two came last: code, branch and variables are of one release.
  const rolledBack = live.description === 'Rollback to v1';
  const env = (await world.hop3('env', '--app', 'busy')).stdout;
  if (rolledBack) {
    assert.is(env, '');
    assert.is(live.commit, one);
  } else {
    assert.is(live.description, 'Set COLOUR');
    assert.is(env, 'COLOUR=red\n');
  }
  assert.is(await world.branch('busy'), live.commit);
  assert.is((await world.get('busy')).body, `${(await repo.git('show', `${live.commit}:index.html`))}\n`);
});

test('an app destroyed during a deploy is gone once that has ended, with the push that waited; a new push makes it anew', async ({ world }) => {
  const repo = await world.repo('doomed', site('one'));
  assert.is((await repo.push()).code, 0);
  const first = await slowPush(repo, 'two');
  const destroyed = world.hop3('app', 'destroy', '--app', 'doomed', '--confirm=doomed');
  await repo.commit('three', site('three'));
  await until('the destruction to wait', () => pending(world, 'doomed'));
  const second = startPush(repo);
  await second.said('(1 more before this one)');
  const live = await first.ended;
  assert.is(live.code, 0, live.output);
  assert.is((await destroyed).code, 0, (await destroyed).output);
  const refused = await second.ended;
  assert.is(refused.code, 1, refused.output);
  assert.match(refused.stderr, ' ! [remote rejected] main -> main (The app doomed was destroyed while this waited for its turn [HOP3_NO_APP])');

  assert.is((await world.get('doomed')).status, 404);
  assert.is((await world.hop3('app', 'status', '--app', 'doomed')).code, 3);
  assert.is((await exec('find', [world.root, '-name', '*doomed*', '-not', '-path', '*/logs/*'])).stdout, '');
  const anew = await repo.push();
  assert.is(anew.code, 0, anew.output);
  assert.match(anew.stderr, 'Released v1');
  assert.is((await world.get('doomed')).body, 'three\n');
});

test('a client that stops sending half-way is cut and has blocked nobody', async ({ world, stalled }) => {
  // Another push to the very app goes live while the silent one is still there.
  const repo = stalled.repo;
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.not.match(pushed.stderr, 'Waiting');
  await until('the silent client to be cut', () => stalled.closed(), 90);
  assert.match(stalled.heard(), 'Push rejected: Nothing came from the client for 60 s.');
  assert.is((await liveVersion(world, 'stalled')).version, 1);
  const left = (await exec('find', [join(world.root, 'repos/stalled.git/objects'), '-name', '*incoming*'])).stdout;
  assert.is(left, '', 'what it had sent is gone');
});

/** Whether somebody waits behind the deploy that holds the app: seen by asking for a turn that is given up at once. */
async function pending(world: World, app: string): Promise<boolean> {
  const child = spawn(join(CHECKOUT, 'bin/hop3'), ['restart', '--app', app], { env: world.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let seen = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { seen += text; });
  const closed = new Promise((resolve) => child.once('close', resolve));
  await until('an answer to the restart', () => seen.includes('Waiting:') || child.exitCode !== null);
  child.kill('SIGKILL');
  await closed;
  return seen.includes('(1 more before this one)');
}

interface Stalled { readonly repo: Repo; readonly heard: () => string; readonly closed: () => boolean; readonly end: () => void }

/** Sends the head of a push and half of its pack, and then nothing more. */
async function stall(world: World, repo: Repo): Promise<Stalled> {
  const commit = await repo.git('rev-parse', 'HEAD');
  const packed = await exec('sh', ['-c', `printf '%s\\n' ${commit} | git pack-objects -q --revs --stdout | base64 -w 0`], { cwd: repo.dir, env: world.env });
  const pack = Buffer.from(packed.stdout, 'base64');
  const command = `${'0'.repeat(40)} ${commit} refs/heads/main\0 report-status side-band-64k agent=spec\n`;
  const head = Buffer.from(`${(command.length + 4).toString(16).padStart(4, '0')}${command}0000`);
  const socket = connect(world.port, '127.0.0.1');
  let text = '';
  let closed = false;
  socket.on('data', (bytes: Buffer) => { text += bytes.toString('latin1'); });
  socket.on('error', () => {});
  socket.on('close', () => { closed = true; });
  const basic = Buffer.from(`x:${await world.token()}`).toString('base64');
  socket.write(`POST /stalled.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${basic}\r\nContent-Type: application/x-git-receive-pack-request\r\nContent-Length: ${head.length + pack.length}\r\n\r\n`);
  socket.write(head);
  socket.write(pack.subarray(0, pack.length / 2));
  await until('git to receive the half push', async () => (await exec('find', [join(world.root, 'repos/stalled.git/objects'), '-name', '*incoming*'])).stdout !== '');
  return { repo, heard: () => text, closed: () => closed, end: () => socket.destroy() };
}

test.run();
