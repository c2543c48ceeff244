import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { slotLayout, workerLayout } from '../../src/runtime/slot-layout.ts';
import { chainProcesses, sandboxProcesses } from '../../src/runtime/processes.ts';
import { readLogs } from '../../src/runtime/logs.ts';
import { waitUntilReady } from '../../src/runtime/ready.ts';
import { startSlot, stopSlot } from '../../src/runtime/services.ts';
import { fillSlot } from '../../src/runtime/slots.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { freePort, makeWorld, output, release, shop, until, worker, type World } from './worker-world.ts';

await asOrdinaryUser(import.meta.url);

// A server that needs two seconds for /slow, and ends with the request in flight after SIGTERM.
const DRAINING_SERVER = `
import os, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == '/slow':
            print('slow begins', flush=True)
            time.sleep(2)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'whole answer')
    def log_message(self, *args): pass
class Server(ThreadingHTTPServer):
    daemon_threads = False
server = Server(('127.0.0.1', int(os.environ['PORT'])), Handler)
def on_term(number, frame):
    print('server got SIGTERM', flush=True)
    threading.Thread(target=server.shutdown).start()
if 'handler' in sys.argv: signal.signal(signal.SIGTERM, on_term)
if 'deaf' in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
server.serve_forever()
server.server_close()
print('server ends', flush=True)
`;

const stopping = suite('stopping a worker');
let world: World;
stopping.before.each(async () => { world = await makeWorld(); });
stopping.after.each(() => world.end());

async function started(command: (store: string) => string, stopGraceMs = 8000) {
  const port = await freePort();
  const store = world.store({
    'server.py': DRAINING_SERVER,
    'start.sh': `#!/bin/sh\necho preparing\n/usr/bin/python3 "$(dirname "$0")/server.py" handler\necho script goes on\n`,
  });
  const spec = release(store, [worker('web', command(store), { port })], { stopGraceMs });
  await fillSlot(world.paths, spec);
  await startSlot(world.paths, spec);
  await waitUntilReady({ paths: world.paths, spec, healthcheck: null, startTimeoutS: 20, onOutput: () => {}, signal: new AbortController().signal });
  const files = workerLayout(slotLayout(world.paths, shop, 'a'), 'web.1');
  return { port, processes: () => [...chainProcesses(files.dir), ...sandboxProcesses(files.env)] };
}

/** A request that is being answered when SIGTERM comes. */
async function slowRequest(port: number): Promise<{ readonly answer: Promise<string> }> {
  const seen = output(world).filter((line) => line === 'slow begins').length;
  const answer = fetch(`http://127.0.0.1:${port}/slow`).then(async (response) => `${response.status} ${await response.text()}`, (error: Error) => `broken: ${error.message}`);
  await until(() => output(world).filter((line) => line === 'slow begins').length > seen, 'the slow request is being answered');
  return { answer };
}

stopping('lets a server with a SIGTERM handler finish its request', async () => {
  const { port, processes } = await started((store) => `/usr/bin/python3 ${store}/server.py handler`);
  const { answer } = await slowRequest(port);
  await stopSlot(world.paths, shop, 'a', 8000);
  assert.is(await answer, '200 whole answer');
  assert.equal(processes(), []);
  // It ended by itself after SIGTERM; a kill after the grace time would leave the request whole too.
  assert.equal(output(world).slice(-2), ['server got SIGTERM', 'server ends']);
  assert.is((await readLogs(world.paths, shop, { lines: 1 })).entries[0]?.line, 'hop3: web.1 ended with exit code 0');
});

stopping('sends SIGTERM once: a second one would end a server that took the first for its last', async () => {
  const count = `
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print('waits', flush=True)
signal.sigwaitinfo([signal.SIGTERM])
print('twice' if signal.sigtimedwait([signal.SIGTERM], 0.5) else 'once', flush=True)
`;
  const store = world.store({ 'count.py': count });
  const spec = release(store, [worker('queue', `/usr/bin/python3 ${store}/count.py`)]);
  await fillSlot(world.paths, spec);
  await startSlot(world.paths, spec);
  await until(() => output(world).includes('waits'), 'the worker waits');
  await stopSlot(world.paths, shop, 'a', 8000);
  assert.equal(output(world), ['waits', 'once']);
});

stopping('lets the server of a script without exec finish its request', async () => {
  const { port, processes } = await started((store) => `${store}/start.sh`);
  const { answer } = await slowRequest(port);
  await stopSlot(world.paths, shop, 'a', 8000);
  assert.is(await answer, '200 whole answer');
  assert.equal(processes(), []);
  // It ended by itself after SIGTERM; a kill after the grace time would leave the request whole too.
  assert.equal(output(world).slice(-2), ['server got SIGTERM', 'server ends']);
});

stopping('ends a server without a handler at once, however long the grace time', async () => {
  const { port, processes } = await started((store) => `/usr/bin/python3 ${store}/server.py`, 60_000);
  const { answer } = await slowRequest(port);
  // The grace time is a minute: had it been waited for, the spec would be cut off.
  await stopSlot(world.paths, shop, 'a', 60_000);
  assert.match(await answer, /^broken/);
  assert.equal(processes(), []);
});

stopping('kills a server that ignores SIGTERM after the grace time', async () => {
  const { processes } = await started((store) => `/usr/bin/python3 ${store}/server.py deaf`);
  assert.ok(processes().length >= 3);
  const began = Date.now();
  await stopSlot(world.paths, shop, 'a', 700);
  assert.ok(Date.now() - began >= 690, 'the grace time was given');
  assert.equal(processes(), []);
});

stopping('kills the child that ignores SIGTERM when the main process has gone', async () => {
  const { processes } = await started((store) => `/bin/sh -c '/usr/bin/python3 ${store}/server.py deaf; true'`);
  await stopSlot(world.paths, shop, 'a', 700);
  assert.equal(processes(), []);
});

stopping('tells a process that left the group and the session', async () => {
  const { port, processes } = await started((store) => `/bin/sh -c 'setsid /usr/bin/python3 ${store}/server.py handler & wait'`);
  const { answer } = await slowRequest(port);
  await stopSlot(world.paths, shop, 'a', 8000);
  assert.is(await answer, '200 whole answer');
  assert.equal(processes(), []);
  // It ended by itself after SIGTERM; a kill after the grace time would leave the request whole too.
  assert.equal(output(world).slice(-2), ['server got SIGTERM', 'server ends']);
});

stopping.run();
