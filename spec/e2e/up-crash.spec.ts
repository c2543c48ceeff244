import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { applySites, reloadCount } from '../../src/runtime/nginx-apply.ts';
import { nginxMaster } from '../../src/runtime/nginx-process.ts';
import { site, until } from './nginx-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { UpWorld } from './up-world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: UpWorld }>('what is killed comes back');

test.before.each(async (context) => { context.world = await UpWorld.make(); });
test.after.each(async ({ world }) => { await world.stop(); });

const settingsOf = (world: UpWorld) => ({ httpListen: { host: '127.0.0.1', port: world.httpPort } });
const kill = (...pids: readonly number[]) => {
  for (const pid of pids) {
    try { process.kill(pid, 'SIGKILL'); } catch { /* it went with another */ }
  }
};

test('the server is killed: another one answers, nginx and the supervisor are the same', async ({ world }) => {
  await world.run('up-detach');
  const nginx = nginxMaster(world.paths);
  const { pid } = JSON.parse(await world.server('/')) as { pid: number };
  kill(pid);
  await until('another server', async () => (JSON.parse(await world.server('/').catch(() => `{"pid":${pid}}`)) as { pid: number }).pid !== pid);
  assert.is(nginxMaster(world.paths), nginx);
  assert.match(readFileSync(join(world.paths.serverLogs, 'server', 'current'), 'utf8'), 'hop3: server ended by signal 9');
});

test('the master of nginx is killed: its workers make place for a new one, which can be told of new apps', async ({ world }) => {
  await world.run('up-detach');
  const master = nginxMaster(world.paths)!;
  kill(master);
  await until('another nginx', async () => {
    const now = nginxMaster(world.paths);
    return now !== null && now !== master && (await world.nginx().catch(() => '')) !== '';
  });
  assert.equal(await applySites(world.paths, settingsOf(world), [site('shop')]), { reloaded: true });
  await until('the old workers to be gone', () => world.processes().filter((one) => one.name === 'nginx').every((one) => one.pid === nginxMaster(world.paths) || one.parent === nginxMaster(world.paths)));
  assert.is((await world.run('down')).code, 0);
});

for (const name of ['server', 'nginx']) {
  test(`the supervisor of ${name} is killed: what it started gives way to its successor`, async ({ world }) => {
    await world.run('up-detach');
    const service = () => world.processes().find((one) => one.command === `s6-supervise ${name}`)?.pid;
    const child = () => world.processes().find((one) => one.parent === service())?.pid;
    const [before, old] = [service()!, child()!];
    kill(before);
    await until('its successor', () => service() !== before && child() !== undefined && child() !== old);
    await until('everything to answer', async () => (await world.server('/healthz').catch(() => '')) === 'ok\n' && (await world.nginx().catch(() => '')) !== '');
    await until('the orphan to be gone', () => world.processes().every((one) => one.pid !== old));
  });
}

test('everything is killed at once: up comes back with the sites it had', async ({ world }) => {
  const up = await world.up();
  await applySites(world.paths, settingsOf(world), [site('shop')]);
  // s6-supervise starts what dies: the top goes first, then all the rest in one go.
  kill(world.find('tini')!.pid, world.find('s6-svscan')!.pid, ...world.processes().filter((one) => one.name === 's6-supervise').map((one) => one.pid));
  kill(...world.processes().map((one) => one.pid));
  await until('everything to be gone', () => world.processes().length === 0);
  const first = await up.ended;
  assert.is(first.code, 7);
  assert.match(first.output, 'The supervisor (s6-svscan) ended by SIGKILL');

  const again = await world.run('up-detach');
  assert.is(again.code, 0, again.output);
  assert.not.match(again.output, 'ended');
  assert.is(await world.server('/healthz'), 'ok\n');
  assert.is(await world.nginx('shop.localhost'), 'shop has no live release.\n');
});

test('only the supervisor is killed: up ends what it left, and starts anew', async ({ world }) => {
  await world.link('shop', 'exec sleep 600');
  await world.run('up-detach');
  await until('the worker', () => world.processes().some((one) => one.command === 'sleep 600'));
  kill(world.find('tini')!.pid, world.find('s6-svscan')!.pid);
  await until('the supervisor to be gone', () => world.find('s6-svscan') === undefined);
  const left = world.processes().length;
  assert.ok(left > 6);
  const again = await world.run('up-detach');
  assert.is(again.code, 0, again.output);
  assert.match(again.output, new RegExp(`^hop3: ended ${left} processes that an earlier run had left\nhop3: ready`));
  assert.is(world.processes().filter((one) => one.command === 'sleep 600').length, 1);
});

test('down without a supervisor ends what is left', async ({ world }) => {
  await world.run('up-detach');
  kill(world.find('tini')!.pid, world.find('s6-svscan')!.pid);
  await until('the supervisor to be gone', () => world.find('s6-svscan') === undefined);
  const down = await world.run('down');
  assert.is(down.code, 0);
  assert.match(down.output, /^hop3: stopped nginx, server \(\d+ processes\); no process is left\n$/);
  assert.equal(world.processes(), []);
});

test('other settings at the next up reach nginx, with the sites it had', async ({ world }) => {
  await world.run('up-detach');
  await applySites(world.paths, settingsOf(world), [site('shop')]);
  assert.is(await reloadCount(world.paths), 1);
  await world.run('down');
  const other = await UpWorld.make();
  try {
    const up = await world.run('up-detach', 'good', { HOP3_HTTP_LISTEN: other.env['HOP3_HTTP_LISTEN']! });
    assert.is(up.code, 0, up.output);
    assert.is(await other.nginx('shop.localhost'), 'shop has no live release.\n');
    assert.is(await reloadCount(world.paths), 1);
  } finally {
    await other.stop();
  }
});

test.run();
