import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StorePath } from '../../src/names.ts';
import { chainProcesses, sandboxProcesses } from '../../src/runtime/processes.ts';
import { waitUntilReady } from '../../src/runtime/ready.ts';
import { signalScan, startSlot, stopSlot, workerStatuses } from '../../src/runtime/services.ts';
import { slotLayout, workerLayout } from '../../src/runtime/slot-layout.ts';
import { clearSlot, fillSlot, switchTo } from '../../src/runtime/slots.ts';
import { slotTarget } from '../../src/runtime/slot-target.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { freePort, isRunning, makeWorld, output, release, shop, until, worker, type World } from './worker-world.ts';

await asOrdinaryUser(import.meta.url);

const SERVER = `
import os, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == '/slow':
            print('slow begins', flush=True)
            time.sleep(2)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(os.environ['GENERATION']).encode())
    def log_message(self, *args): pass
class Server(ThreadingHTTPServer):
    daemon_threads = False
server = Server(('127.0.0.1', int(os.environ['PORT'])), Handler)
signal.signal(signal.SIGTERM, lambda *args: threading.Thread(target=server.shutdown).start())
server.serve_forever()
server.server_close()
`;

// Its own number of seconds tells this spec's process from those of specs that run beside it.
const QUEUE = `sleep 6${process.pid}`;

const supervision = suite('supervision');
let world: World;
let store: StorePath;
supervision.before.each(async () => {
  world = await makeWorld();
  store = world.store({ 'server.py': SERVER });
});
supervision.after.each(() => world.end());

async function started(slot: 'a' | 'b' = 'a') {
  const port = await freePort();
  const spec = release(store, [worker('web', `/usr/bin/python3 ${store}/server.py`, { port, env: { GENERATION: slot } }), worker('queue', QUEUE)], { slot });
  await fillSlot(world.paths, spec);
  await startSlot(world.paths, spec);
  await ready(spec);
  const files = workerLayout(slotLayout(world.paths, shop, slot), 'web.1');
  return { port, spec, files };
}

const ready = (spec: Parameters<typeof waitUntilReady>[0]['spec']) =>
  waitUntilReady({ paths: world.paths, spec, healthcheck: null, startTimeoutS: 20, onOutput: () => {}, signal: new AbortController().signal });
const ask = (port: number, path = '/') => fetch(`http://127.0.0.1:${port}${path}`).then((response) => response.text(), (error: Error) => `broken: ${error.message}`);
const named = (dir: string, name: string) => chainProcesses(dir).filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name);

/** SIGKILL, which may end some of them before their turn comes. */
function kill(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Everything of the spec's world that still runs, by what stands in its command line or working directory. */
function left(): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid && Number(pid) !== world.scanPid).flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return command.includes(store) || command.includes(world.paths.root) || command.trim() === QUEUE ? [`${pid} ${command}`] : [];
    } catch {
      return [];
    }
  });
}

supervision('a worker that is killed is started again', async () => {
  const { port, files } = await started();
  const before = sandboxProcesses(files.env);
  kill(before);
  await until(() => sandboxProcesses(files.env).length >= 3 && !sandboxProcesses(files.env).some((pid) => before.includes(pid)), 'a new worker runs');
  for (let tries = 0; (await ask(port)) !== 'a' && tries < 100; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.is(await ask(port), 'a');
});

supervision('when s6-supervise is killed the worker finishes its request and a new one takes over', async () => {
  const { port, files } = await started();
  const old = sandboxProcesses(files.env);
  const answer = ask(port, '/slow');
  await until(() => output(world).includes('slow begins'), 'the request is being answered');
  kill(named(files.dir, 's6-supervise'));
  assert.is(await answer, 'a');
  await until(() => old.every((pid) => !isRunning(pid)), 'the old worker is gone');
  for (let tries = 0; (await ask(port)) !== 'a' && tries < 100; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.is(await ask(port), 'a');
});

supervision('stopping leaves no process, and the other slot runs on', async () => {
  const a = await started('a');
  const b = await started('b');
  switchTo(world.paths, shop, slotTarget('b', 'web'));
  await stopSlot(world.paths, shop, 'a', 3000);
  assert.equal(chainProcesses(a.files.dir), []);
  assert.equal(sandboxProcesses(a.files.env), []);
  assert.is(await ask(b.port), 'b');
  assert.equal((await workerStatuses(world.paths)).map((one) => `${one.slot}.${one.worker}`).sort(), ['b.queue.1', 'b.web.1']);
  clearSlot(world.paths, shop, 'a');
  assert.not.ok(existsSync(a.files.dir));
  assert.throws(() => clearSlot(world.paths, shop, 'b'), /is live/);
  await stopSlot(world.paths, shop, 'b', 3000);
  assert.equal(left(), []);
});

supervision('stopping works twice, for a slot that never ran, and for one without files', async () => {
  await started('a');
  await stopSlot(world.paths, shop, 'a', 1000);
  await stopSlot(world.paths, shop, 'a', 1000);
  await stopSlot(world.paths, shop, 'b', 1000);
  clearSlot(world.paths, shop, 'a');
  await stopSlot(world.paths, shop, 'a', 1000);
  assert.equal(left(), []);
});

supervision('stopping right after s6-supervise was killed leaves nothing', async () => {
  const { files } = await started();
  kill(named(files.dir, 's6-supervise'));
  await stopSlot(world.paths, shop, 'a', 3000);
  assert.equal(left(), []);
});

supervision('stopping when the whole supervision tree was killed leaves nothing', async () => {
  const { files } = await started();
  process.kill(world.scanPid, 'SIGKILL');
  await until(() => !isRunning(world.scanPid), 's6-svscan is gone');
  kill([...named(files.dir, 's6-supervise'), ...named(files.dir, 'tini')]);
  await stopSlot(world.paths, shop, 'a', 3000);
  assert.equal(left(), []);
  assert.equal(readdirSync(world.paths.services).filter((name) => name.startsWith('shop')), []);
});

supervision('filling a slot that a crash left running stops that first', async () => {
  const { files } = await started();
  const old = sandboxProcesses(files.env);
  assert.ok(old.length >= 3);
  const again = await started();
  assert.equal(old.filter(isRunning), []);
  assert.is(await ask(again.port), 'a');
});

supervision('the end of s6-svscan lets every worker finish', async () => {
  const { port } = await started();
  const answer = ask(port, '/slow');
  await until(() => output(world).includes('slow begins'), 'the request is being answered');
  await signalScan(world.paths);
  execFileSync('s6-svscanctl', ['-t', world.paths.services]);
  assert.is(await answer, 'a');
  await until(() => left().length === 0, 'all processes are gone');
});

supervision.run();
