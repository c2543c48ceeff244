import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe, setTimeout as delay } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StorePath } from '../../src/names.ts';
import { LogTail } from '../../src/runtime/log-tail.ts';
import { followLogs, readLogs, type LogEntry } from '../../src/runtime/logs.ts';
import { startSlot, stopSlot } from '../../src/runtime/services.ts';
import { fillSlot } from '../../src/runtime/slots.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { logged, makeWorld, output, release, shop, until, worker, type World } from './worker-world.ts';

await asOrdinaryUser(import.meta.url);

const logs = suite('worker logs');
let world: World;
let store: StorePath;
logs.before.each(async () => {
  world = await makeWorld();
  store = world.store({ x: 'x' });
});
logs.after.each(() => world.end());

async function start(slot: 'a' | 'b', version: string, command: string): Promise<void> {
  const spec = release(store, [worker('web', command, { port: 1, env: { HOP3_RELEASE: version } }), worker('queue', `/bin/sh -c 'echo queue of ${version}; sleep 600'`, { env: { HOP3_RELEASE: version } })], { slot });
  await fillSlot(world.paths, spec);
  await startSlot(world.paths, spec);
}

logs('show time, worker and release of each line, both streams, and how a worker ended', async () => {
  const began = Date.now();
  await start('a', 'v1', `/bin/sh -c 'echo out; echo err >&2; sleep 0.2; echo last; exit 4'`);
  await until(() => logged(world, shop, 'web').some((entry) => entry.line.includes('ended')), 'the worker ended');
  await stopSlot(world.paths, shop, 'a', 0);
  const entries = logged(world, shop, 'web').slice(0, 5);
  assert.equal(entries.map(({ line }) => line), ['hop3: web.1 of v1 starts', 'out', 'err', 'last', 'hop3: web.1 ended with exit code 4']);
  assert.ok(entries.every(({ worker: name, release: version, time }) => name === 'web.1' && version === 'v1' && time >= began - 1 && time <= Date.now()));
});

logs('keep two releases apart while both run', async () => {
  await start('a', 'v1', `/bin/sh -c 'echo one; sleep 600'`);
  await start('b', 'v2', `/bin/sh -c 'echo two; sleep 600'`);
  await until(() => output(world, shop).length === 4, 'all workers printed');
  const { entries } = await readLogs(world.paths, shop, { lines: 100 });
  assert.equal(entries.filter((entry) => entry.release === 'v2').map(({ worker: name, line }) => `${name} ${line}`).sort(), ['queue.1 hop3: queue.1 of v2 starts', 'queue.1 queue of v2', 'web.1 hop3: web.1 of v2 starts', 'web.1 two']);
  assert.equal((await readLogs(world.paths, shop, { release: 'v1', worker: 'web.1', lines: 1 })).entries.map(({ line }) => line), ['one']);
});

logs('follow gives every line once, in order, across rotation and a new release', async () => {
  const stop = new AbortController();
  const seen: LogEntry[] = [];
  await start('a', 'v1', `/usr/bin/python3 -c "
import time
pad = 'x' * 400
for number in range(9000):
    print('line', number, pad)
    if number % 100 == 0: time.sleep(0.02)
print('all written', flush=True)
time.sleep(600)
"`);
  const following = followLogs(world.paths, shop, { worker: 'web' , lines: 100_000 }, { onLine: (entry) => seen.push(entry) }, stop.signal);
  await until(() => seen.some(({ line }) => line === 'all written'), 'the first release wrote its lines');
  assert.ok(readdirSync(join(world.paths.workerLogs(shop), 'web.1', 'v1.a')).filter((name) => name.startsWith('@')).length >= 2, 'the log was rotated meanwhile');
  await start('b', 'v2', `/bin/sh -c 'echo from the new release; sleep 600'`);
  await until(() => seen.some(({ line, release: version }) => line === 'from the new release' && version === 'v2'), 'the new release is followed too');
  stop.abort();
  await following;
  const numbers = seen.flatMap(({ line }) => (line.startsWith('line ') ? [Number(line.split(' ')[1])] : []));
  assert.is(numbers.length, 9000);
  assert.ok(numbers.every((number, index) => number === index));
});

logs('follow begins with the last lines, and loses none in between', async () => {
  await start('a', 'v1', `/bin/sh -c 'i=0; while [ $i -lt 200 ]; do echo n$i; i=$((i+1)); sleep 0.01; done; sleep 600'`);
  await until(() => output(world, shop, 'web').length > 20, 'some lines are there');
  const stop = new AbortController();
  const seen: string[] = [];
  const following = followLogs(world.paths, shop, { worker: 'web', lines: 5 }, { onLine: (entry) => seen.push(entry.line) }, stop.signal);
  await until(() => seen.includes('n199'), 'the last line is there');
  await delay(250);
  stop.abort();
  await following;
  const first = Number(seen[0]!.slice(1));
  assert.equal(seen, Array.from({ length: 200 - first }, (_, index) => `n${first + index}`));
});

logs('each line is read once while s6-log rotates its files many times a second, from whatever moment on', async () => {
  const dir = join(world.paths.root, 'fast');
  mkdirSync(dir);
  const COUNT = 20_000;
  // Bursts of about a file each; -1 says that all is written.
  const writer = spawn('sh', ['-c', `python3 -uc "
import time
for number in range(${COUNT}):
    print(number)
    if number % 100 == 0: time.sleep(0.004)
print(-1, flush=True)
time.sleep(600)
" | exec s6-log -b n1000 s4096 T ${dir}`], { detached: true, stdio: 'ignore' });
  try {
    const readers = [{ seen: [] as number[], tail: new LogTail(dir, 'start'), before: 0 }];
    const [first] = readers;
    for (const end = Date.now() + 60_000; first!.seen.at(-1) !== -1 && Date.now() < end; await breathe()) {
      for (const { seen, tail } of readers) for (const { line } of tail.read(32 * 1024)) seen.push(Number(line));
      if (readers.length < 40 && first!.seen.length > readers.length * 200) {
        const tail = new LogTail(dir, 'end');
        const known = [...tail.before()].filter((line) => line !== null).map(({ line }) => Number(line)).reverse();
        readers.push({ seen: known, tail, before: known.length });
      }
    }
    for (const { seen, tail } of readers) for (let more = true; more; more = tail.behind) for (const { line } of tail.read()) seen.push(Number(line));
    const want = [...Array.from({ length: COUNT }, (_, number) => number), -1];
    assert.ok(readdirSync(dir).length > 100, `it was rotated: ${readdirSync(dir).length}, ${first!.seen.length}`);
    assert.ok(readers.length > 5, `${readers.length} readers`);
    for (const { seen, before } of readers) {
      const wrong = want.findIndex((number, at) => number !== seen[at]);
      assert.is(wrong, -1, `who came after ${before} lines got ${seen.slice(wrong - 2, wrong + 3).join(' ')} at ${wrong}`);
      assert.is(seen.length, want.length);
    }
    for (const { tail } of readers) tail.close();
  } finally {
    process.kill(-writer.pid!, 'SIGKILL');
  }
});

logs('of old releases are removed, those in use never', async () => {
  await start('a', 'v1', `/bin/sh -c 'echo live; sleep 600'`);
  for (let version = 2; version <= 9; version += 1) {
    await start('b', `v${version}`, `/bin/sh -c 'echo v${version}; sleep 600'`);
    await until(() => output(world, shop, 'web').includes(`v${version}`), 'it printed');
  }
  assert.equal(readdirSync(join(world.paths.workerLogs(shop), 'web.1')).sort(), ['v1.a', 'v5.b', 'v6.b', 'v7.b', 'v8.b', 'v9.b']);
});

logs.run();
