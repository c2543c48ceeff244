import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StorePath } from '../../src/names.ts';
import { runOneOff } from '../../src/runtime/one-off.ts';
import { startSlot, stopSlot } from '../../src/runtime/services.ts';
import { fillSlot } from '../../src/runtime/slots.ts';
import { slotLayout, workerLayout } from '../../src/runtime/slot-layout.ts';
import type { Finished } from '../../src/run.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { BASE_ENV, blog, makeWorld, output, release, shop, until, worker, type World } from './worker-world.ts';

await asOrdinaryUser(import.meta.url);

const view = suite('what an app sees');
let world: World;
let own: string;
let foreign: string;
view.before(async () => {
  world = await makeWorld();
  const store = world.store({ 'hello.txt': 'hello from the release\n' });
  const other = world.store({ 'secret.txt': 'the source of blog\n' });
  own = store;
  foreign = other;
  await fillSlot(world.paths, release(store, [worker('web', 'true', { port: 1 })]));
  await fillSlot(world.paths, release(other, [worker('web', 'true', { port: 1, env: { PASSWORD: 'of blog' } })], { app: blog }));
  writeFileSync(join(world.paths.data(blog), 'private.txt'), 'data of blog\n');
  writeFileSync(world.paths.database, 'the database\n');
  writeFileSync(join(world.paths.root, 'admin.token'), 'hop3_x_y\n');
  mkdirSync(join(world.paths.root, 'logs'));
});
view.after(() => world.end());

/** Runs a command as the app `shop`. */
async function asShop(command: string): Promise<{ readonly finished: Finished; readonly lines: string[] }> {
  const lines: string[] = [];
  const spec = { app: shop, slot: 'a', closure: [own] } as const;
  const finished = await runOneOff({ paths: world.paths, spec, command, env: BASE_ENV, streams: { kind: 'lines', onLine: (line) => lines.push(line) }, limit: 20 });
  return { finished, lines };
}

view('its own release is there, read-only', async () => {
  const { finished, lines } = await asShop(`/bin/sh -c 'cat ${own}/hello.txt; echo x > ${own}/hello.txt'`);
  assert.is(lines[0], 'hello from the release');
  assert.match(lines[1]!, /Read-only file system/);
  assert.is(finished.code, 2);
});

view('its data directory is HOME and working directory, and is kept', async () => {
  await asShop(`/bin/sh -c 'echo kept > ~/note.txt'`);
  const { lines } = await asShop(`/bin/sh -c 'pwd; echo "$HOME"; cat note.txt'`);
  assert.equal(lines, ['/app/data', '/app/data', 'kept']);
});

view('nothing of Hop3 and of other apps can be read', async () => {
  const { envOf, paths } = { envOf: workerLayout(slotLayout(world.paths, blog, 'a'), 'web.1').env, paths: world.paths };
  const targets = [paths.database, join(paths.root, 'admin.token'), join(paths.data(blog), 'private.txt'), join(envOf, 'PASSWORD'), join(foreign, 'secret.txt'), paths.slot(blog, 'a'), paths.services, paths.workerLogs(blog)];
  for (const target of targets) {
    const { finished, lines } = await asShop(`cat ${target}`);
    assert.is(finished.code, 1, target);
    assert.match(lines[0]!, /No such file or directory/, target);
  }
});

view('the store holds its closure and nothing else', async () => {
  const { lines } = await asShop('ls /nix/store');
  assert.equal(lines, [own.replace('/nix/store/', '')]);
  assert.equal((await asShop('ls /nix')).lines, ['store']);
});

view('no other directory of the host is there', async () => {
  const { lines } = await asShop('ls -A /');
  assert.equal(lines, ['app', 'bin', 'dev', 'etc', 'lib', 'lib64', 'nix', 'proc', 'run', 'sbin', 'tmp', 'usr', 'var']);
  assert.equal((await asShop('ls -A /run /var /app')).lines.filter((line) => line !== ''), ['/app:', 'data', '/run:', 'hop3', '/var:', 'run', 'tmp']);
  assert.equal((await asShop('ls -A /tmp')).lines, []);
  // Its own kind of passwd: the app's user, nobody else of the host.
  assert.equal((await asShop('cut -d: -f1 /etc/passwd')).lines, ['root', 'app', 'nobody']);
});

view('no process of the host is there, and no way to signal one', async () => {
  const { lines } = await asShop(`/bin/sh -c 'for p in /proc/[0-9]*; do tr "\\0" " " <$p/cmdline; echo; done'`);
  assert.ok(lines.length <= 5, lines.join('\n'));
  assert.is(lines.filter((line) => /s6-|tini|node/.test(line)).length, 0, lines.join('\n'));
  const { finished } = await asShop(`kill -0 ${world.scanPid}`);
  assert.is.not(finished.code, 0);
});

view('it has no capability and cannot get one', async () => {
  const { lines } = await asShop(`grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status`);
  assert.equal(lines, ['CapEff:\t0000000000000000', 'CapBnd:\t0000000000000000', 'NoNewPrivs:\t1']);
  const { finished } = await asShop('unshare --user --map-root-user true');
  assert.is.not(finished.code, 0);
});

view('no file that the supervisor has open comes in', async () => {
  const spec = release(own as StorePath, [worker('web', `/bin/sh -c 'ls -l /proc/$$/fd; echo listed; sleep 600'`, { port: 1 })], { slot: 'b' });
  await fillSlot(world.paths, spec);
  await startSlot(world.paths, spec);
  await until(() => output(world).includes('listed'), 'the worker printed');
  const open = output(world).flatMap((line) => / (\d+) -> /.exec(line)?.[1] ?? []);
  assert.equal(open, ['0', '1', '2'], output(world).join('\n'));
  assert.ok(readdirSync(`/proc/${world.scanPid}/fd`).includes('12'), 'the supervisor does have such a file');
  await stopSlot(world.paths, shop, 'b', 0);
});

view('its host name is its own, the name server is the host\'s', async () => {
  assert.equal((await asShop('uname -n')).lines, ['shop']);
  assert.equal((await asShop('getent hosts localhost')).lines.length, 1);
  assert.equal((await asShop('cat /etc/nsswitch.conf')).finished.code, 0);
});

view('what it can write to is its data, /tmp and /dev/shm', async () => {
  const { lines } = await asShop(`/bin/sh -c 'for d in / /app /etc /run /run/hop3/env /dev /usr /nix/store /var; do touch $d/x 2>/dev/null && echo $d; done; for d in /app/data /tmp /var/tmp /dev/shm; do touch $d/x || echo no $d; done; umask; ulimit -c'`);
  assert.equal(lines, ['0077', '0']);
});

view('a command that hangs is ended after its limit, and nothing of it stays', async () => {
  const lines: string[] = [];
  const finished = await runOneOff({ paths: world.paths, spec: { app: shop, closure: [own] }, command: `/bin/sh -c 'trap "" TERM; echo hangs; sleep 600; sleep 600'`, env: BASE_ENV, streams: { kind: 'lines', onLine: (line) => lines.push(line) }, limit: 1 });
  assert.ok(finished.timedOut);
  assert.equal(lines, ['hangs']);
});

view.run();
