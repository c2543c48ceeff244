import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hop3Error } from '../../src/errors.ts';
import { FLUSH, packet } from '../../src/server/pkt-line.ts';
import { GitWorld, until } from './git-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

const test = suite<{ world: GitWorld }>('pushes in the audit log');
test.before(async (context) => { context.world = await GitWorld.start(); });
test.after(async ({ world }) => { await world.stop(); });

/** The newest entries as lines, oldest first. */
const told = (world: GitWorld, limit: number): string[] => world.store.audit.list({ limit }).reverse()
  .map(({ by, address, app, action, names, result, note }) => [by, address, app, action, ...names, result, note].filter((word) => word !== null).join(' '));

test('a push that goes live, and the app that it makes; a fetch leaves nothing', async ({ world }) => {
  const tree = await world.liveApp('shop');
  const short = (await tree.git('rev-parse', 'HEAD')).slice(0, 7);
  const lines = [`admin 127.0.0.1 shop push main ${short} done`, 'admin 127.0.0.1 shop app.create by its first push done'];
  assert.equal(told(world, 10), lines);
  await tree.git('fetch', '-q', 'hop3');
  assert.equal(told(world, 10), lines);
  const { token } = world.store.audit.list({ limit: 1 })[0]!;
  assert.is(token, 'admin');
});

test('what the policy refuses, a deploy that fails, a pack that is none', async ({ world }) => {
  const tree = await world.liveApp('fails');
  const live = await world.ref('fails');
  await tree.commit('two');
  const short = (await tree.git('rev-parse', 'HEAD')).slice(0, 7);
  await tree.push('hop3', 'main:topic');
  assert.equal(told(world, 1), [`admin 127.0.0.1 fails push topic ${short} failed HOP3_OTHER_BRANCH`]);
  world.script = async () => { throw new Hop3Error('HOP3_BUILD_FAILED', { what: 'no' }); };
  await tree.git('tag', 'v1');
  assert.is((await tree.push('hop3', 'main', 'v1')).code, 1);
  assert.equal(told(world, 1), [`admin 127.0.0.1 fails push main ${short} v1 ${short} failed HOP3_BUILD_FAILED`]);
  world.script = async () => {};
  await world.post('/fails.git/git-receive-pack', Buffer.concat([packet(`${live} ${'b'.repeat(40)} refs/heads/main\0report-status\n`), FLUSH, Buffer.from('no pack at all')]));
  await until('the end to be told', () => told(world, 1)[0]!.includes('failed'));
  assert.equal(told(world, 1), ['admin 127.0.0.1 fails push main bbbbbbb failed the pack was refused by git']);
});

test('a client that goes: cancelled before the switch; after it the push is done', async ({ world }) => {
  const tree = await world.liveApp('leaves');
  await tree.commit('two');
  let waiting = false;
  world.script = (_push, _log, signal) => new Promise((_resolve, reject) => {
    waiting = true;
    signal.addEventListener('abort', () => reject(new Hop3Error('HOP3_CANCELLED', { what: 'gone' })));
  });
  const first = tree.startPush('hop3', 'main');
  await until('the deploy', () => waiting);
  assert.match(told(world, 1)[0]!, /^admin 127\.0\.0\.1 leaves push main \w{7}$/, 'told before it ends');
  process.kill(-first.child.pid!, 'SIGKILL');
  await first.said;
  await until('the end to be told', () => told(world, 1)[0]!.endsWith('cancelled HOP3_CANCELLED'));

  let release = (): void => {};
  waiting = false;
  world.script = () => new Promise((resolve) => { waiting = true; release = resolve; });
  const second = tree.startPush('hop3', 'main');
  await until('the deploy', () => waiting);
  process.kill(-second.child.pid!, 'SIGKILL');
  await second.said;
  await until('the server to notice', () => world.signals.at(-1)!.aborted);
  release();
  await until('the end to be told', () => told(world, 1)[0]!.endsWith('done'));
  world.script = async () => {};
});

test('a token that does not cover the app, and one that was revoked: refused, each with its name', async ({ world }) => {
  const tree = await world.liveApp('mine');
  const others = world.tokenFor('shop');
  const count = world.store.audit.list({ limit: 1000 }).length;
  assert.is((await tree.push(world.url('mine', others), 'main')).code, 128);
  assert.equal(told(world, 1), ['shop-ci 127.0.0.1 mine push refused HOP3_FORBIDDEN']);
  world.store.tokens.revoke(others.split('_')[1]!);
  assert.is((await tree.push(world.url('shop', others), 'main')).code, 128);
  assert.equal(told(world, 1), ['shop-ci 127.0.0.1 shop push refused HOP3_NOT_AUTHENTICATED']);
  assert.is(world.store.audit.list({ limit: 1000 }).length, count + 2);
});

test.run();
