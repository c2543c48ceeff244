import { mkdirSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { NO_LIMITS, type Limits } from '../../src/limits.ts';
import type { StorePath } from '../../src/names.ts';
import type { WorkerSpec, WorkerStatus } from '../../src/runtime/model.ts';
import { confinement, prepareConfinement } from '../../src/runtime/confinement.ts';
import { readLogs } from '../../src/runtime/logs.ts';
import { runOneOff } from '../../src/runtime/one-off.ts';
import { sandboxProcesses } from '../../src/runtime/processes.ts';
import { waitUntilReady } from '../../src/runtime/ready.ts';
import { startSlot, stopSlot, workerStatus } from '../../src/runtime/services.ts';
import { slotLayout, workerLayout } from '../../src/runtime/slot-layout.ts';
import { fillSlot } from '../../src/runtime/slots.ts';
import { BASE_ENV, blog, freePort, makeWorld, release, shop, worker, type World } from './worker-world.ts';

/** No file of the store is needed: every program here is the distribution's. */
const STORE = '/nix/store/nqsrmgxgn5sisp5al4dwfaj9ij5nn67b-nothing' as StorePath;
const MB = 1024 ** 2;
/** Starts a child every 10 ms that starts two of its own, and so on; says so when it is refused. */
const FORK_BOMB = `/bin/bash -c 'echo begins; bomb() { bomb | bomb & sleep 1; }; while :; do bomb; sleep 0.01; done'`;
/** Takes 8 MB at a time and writes to all of it. */
const MEMORY_HOG = `/usr/bin/python3 -c 'import time
time.sleep(1.5)
kept = []
while True: kept.append(bytearray(8 << 20))'`;
const SERVER = '/usr/bin/python3 -m http.server --bind 127.0.0.1';

/**
 * What users see of limits, told for both ways in which they are kept. The worlds have a second app, blog, which must answer all the
 * while.
 */
export function limitStories(test: Test, by: 'cgroup' | 'rlimits'): void {
  let world: World;
  let port: number;

  test.before(async () => {
    world = await makeWorld();
    mkdirSync(world.paths.run, { mode: 0o700 });
    port = await freePort();
    prepareConfinement(world.paths);
    await start(blog, [worker('web', `${SERVER} ${port}`, { port })], NO_LIMITS);
  });
  test.after(() => world.end());
  test.after.each(() => stopSlot(world.paths, shop, 'a', 0));

  async function start(app: typeof shop, workers: readonly WorkerSpec[], limits: Limits, ready = true): Promise<void> {
    const spec = { ...release(STORE, workers), app, closure: [], limits };
    await fillSlot(world.paths, spec);
    await startSlot(world.paths, spec);
    if (!ready) return;
    await waitUntilReady({ paths: world.paths, spec, healthcheck: null, startTimeoutS: 60, onOutput: () => {}, signal: new AbortController().signal });
  }

  const only = (limits: Partial<Limits>): Limits => ({ ...NO_LIMITS, ...limits });
  const states = (): Promise<WorkerStatus[]> => workerStatus(world.paths, shop, 'a');
  const sandboxOf = (name: string) => sandboxProcesses(workerLayout(slotLayout(world.paths, shop, 'a'), name).env);
  const log = async (): Promise<string> => (await lines()).join('\n');
  const lines = async (): Promise<string[]> => [...(await readLogs(world.paths, shop, { lines: 10_000 })).entries].map((entry) => entry.line);

  /** Asks blog again and again until the condition holds; every request must be answered. */
  async function whileBlogAnswers(what: string, condition: () => Promise<boolean> | boolean, seconds = 60): Promise<void> {
    const end = Date.now() + seconds * 1000;
    let asked = 0;
    for (;;) {
      assert.is(await statusOf(port), 200, `blog after ${asked} requests`);
      asked += 1;
      if (asked > 20 && (await condition())) return;
      if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}; shop's log:\n${await log()}`);
      await delay(20);
    }
  }

  test(`limits are kept by ${by}, and it says so`, () => {
    const found = confinement(world.paths);
    assert.is(found.by, by, found.text);
    if (by === 'cgroup') assert.match(found.text, /^cgroup v2: memory(?:, cpu)? and processes/);
    else assert.match(found.text, /^rlimits: processes, and memory for each program by itself; cpu is not limited \(.+\)$/);
  });

  test('a fork bomb fills its own limit, the other app answers, and `hop3 ps` names the limit', async () => {
    await start(shop, [worker('web', FORK_BOMB)], only({ processes: 40 }), false);
    await whileBlogAnswers('the limit to be told', async () => /limit of 40 processes/.test((await states())[0]?.limit ?? ''));
    const [state] = await states();
    assert.is(state?.state.kind, 'up');
    assert.match(state?.limit ?? '', by === 'cgroup' ? /^reached its limit of 40 processes; \d+ more were refused$/ : 'at its limit of 40 processes');
    // Its own 40, and the few of the sandbox itself.
    assert.ok(sandboxOf('web.1').length <= 48, String(sandboxOf('web.1').length));
    assert.match(await log(), /fork/i);
    await stopSlot(world.paths, shop, 'a', 500);
    assert.equal(sandboxOf('web.1'), []);
  });

  test('a program that takes more memory than its limit ends; the log and `hop3 ps` name the limit, the other app answers', async () => {
    await start(shop, [worker('job', MEMORY_HOG)], only({ memory: 96 * MB }));
    await whileBlogAnswers('the end of the hog', async () => (await log()).includes('job.1 ended'));
    const cause = by === 'cgroup' ? 'it used more than its memory limit of 96 MB' : 'by its last words it needed more than its memory limit of 96 MB';
    assert.match(await log(), new RegExp(`^hop3: job\\.1 ended ${by === 'cgroup' ? 'by signal 9' : 'with exit code 1'}: ${cause}$`, 'm'));
    await whileBlogAnswers('the state to be told', async () => (await states()).some(({ state }) => state.kind === 'waiting' && (state.exit ?? '').endsWith(cause)));
  });

  test('a release that needs too much memory to start is refused with the cause', async () => {
    const hog = worker('web', `/usr/bin/python3 -c 'x = bytearray(200 << 20)'`, { port: await freePort() });
    const refused = await start(shop, [hog], only({ memory: 96 * MB })).then(() => 'started', (error: { what: string; why: string }) => `${error.what}\n${error.why}`);
    assert.match(refused, /^web\.1 ended while it was starting/);
    assert.match(refused, /^The cause: (?:it used|by its last words it needed) more than its memory limit of 96 MB\.$/m);
  });

  test('what an app writes to /tmp is memory and has the same limit', async () => {
    const { code, said } = await once('dd if=/dev/zero of=/tmp/x bs=1M count=200 2>&1; ls -l /tmp/x', only({ memory: 96 * MB }));
    if (by === 'cgroup') {
      assert.is.not(code, 0);
      assert.match(said, 'hop3: the command used more than its memory limit of 96 MB');
    } else assert.match(said, 'No space left on device');
  });

  test('an ordinary program does not notice: node answers within 192 MB and 40 processes', async () => {
    const { code, said } = await once(`node -e 'require("http").createServer((q, r) => r.end("hi")).listen(0, function () { fetch("http://127.0.0.1:" + this.address().port).then((a) => a.text()).then((t) => { console.log("said " + t); process.exit(); }); })'`, only({ memory: 192 * MB, processes: 40 }));
    assert.is(code, 0, said);
    assert.match(said, 'said hi');
  });

  test('a command that runs once has the limits too, and the next one begins anew', async () => {
    const bomb = `n=0; while [ $n -lt 60 ]; do sleep 2 & n=$((n+1)); done; wait; echo made all`;
    const { said } = await once(bomb, only({ processes: 30 }));
    assert.match(said, /fork/i);
    assert.not.match(said, 'made all');
    if (by === 'cgroup') assert.match(said, /hop3: the command reached its limit of 30 processes \(\d+ more were refused\)/);
    assert.match((await once(bomb, only({ processes: 100 }))).said, 'made all');
  });

  if (by === 'cgroup') {
    test('cpu: a busy loop gets its part of a core', async () => {
      const { said } = await once(`python3 -c 'import time
end = time.time() + 3
while time.time() < end: pass
print("cpu seconds", time.process_time())'`, only({ cpu: 0.25 }));
      const used = Number(/cpu seconds ([\d.]+)/.exec(said)?.[1]);
      // A quarter of three seconds; a limit that does nothing would give three.
      assert.ok(used > 0 && used < 1.5, said);
    });
  }

  async function once(command: string, limits: Limits): Promise<{ readonly code: number | null; readonly said: string }> {
    const said: string[] = [];
    const finished = await runOneOff({
      paths: world.paths, spec: { app: shop, closure: [], limits }, command, env: BASE_ENV, streams: { kind: 'lines', onLine: (line) => said.push(line) }, limit: 120,
    });
    return { code: finished.code, said: said.join('\n') };
  }
}

function statusOf(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, agent: false, timeout: 20_000 }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode!));
    });
    call.on('timeout', () => call.destroy(new Error('no answer within 20 s')));
    call.on('error', reject);
    call.end();
  });
}
