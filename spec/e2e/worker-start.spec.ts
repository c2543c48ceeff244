import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Healthcheck } from '../../src/config/model.ts';
import { Hop3Error } from '../../src/errors.ts';
import type { StorePath } from '../../src/names.ts';
import type { WorkerSpec } from '../../src/runtime/model.ts';
import { waitUntilReady } from '../../src/runtime/ready.ts';
import { startSlot, stopSlot, workerStatus, workerStatuses } from '../../src/runtime/services.ts';
import { fillSlot } from '../../src/runtime/slots.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { freePort, makeWorld, release, shop, worker, type World } from './worker-world.ts';

await asOrdinaryUser(import.meta.url);

// Answers GET /ok with 200 "all is well", /sorry with 503, /host with the Host header; /slow never, /odd with what is not HTTP; everything else is 404.
const SERVER = `
import os, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
address, port = sys.argv[1], int(sys.argv[2])
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == '/slow': time.sleep(60)
        if self.path == '/odd': self.wfile.write(b'SSH-2.0-not-http\\r\\n'); return
        status, text = {'/ok': (200, 'all is well'), '/sorry': (503, 'no'), '/host': (200, self.headers['Host'])}.get(self.path, (404, 'none'))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())
    def log_message(self, *args): pass
print('up on', port, flush=True)
HTTPServer((address, port), Handler).serve_forever()
`;

const starting = suite('starting a release');
let world: World;
let store: StorePath;
starting.before(async () => {
  world = await makeWorld();
  store = world.store({ 'server.py': SERVER });
});
starting.after(() => world.end());
starting.after.each(() => stopSlot(world.paths, shop, 'a', 0));

const check = (path: string, more: Partial<Healthcheck> = {}): Healthcheck => ({ path, timeout: 2, interval: 10, contains: null, ...more });

interface Options {
  readonly healthcheck?: Healthcheck;
  readonly startTimeoutS?: number;
  readonly signal?: AbortSignal;
}

/** Starts workers and waits: "ready", or the error's text as the person who pushed will read it. */
async function start(workers: readonly WorkerSpec[], options: Options = {}): Promise<{ readonly said: string; readonly lines: readonly string[]; readonly took: number }> {
  const spec = release(store, workers);
  const lines: string[] = [];
  const began = Date.now();
  let said = 'ready';
  try {
    await fillSlot(world.paths, spec);
    await startSlot(world.paths, spec);
    await waitUntilReady({
      paths: world.paths, spec, healthcheck: options.healthcheck ?? null, startTimeoutS: options.startTimeoutS ?? 20, host: 'shop.example.org',
      onOutput: (line) => lines.push(line), signal: options.signal ?? new AbortController().signal,
    });
  } catch (error) {
    if (!(error instanceof Hop3Error)) throw error;
    said = [`[${error.code}] ${error.what}`, error.why, error.next].filter(Boolean).join('\n');
  }
  return { said, lines, took: Date.now() - began };
}

const serve = (port: number, address = '127.0.0.1', listenOn = port) => worker('web', `/usr/bin/python3 ${store}/server.py ${address} ${listenOn}`, { port });

starting('a web worker is ready with its first answer, whatever it is', async () => {
  const port = await freePort();
  const { said, lines } = await start([serve(port)]);
  assert.is(said, 'ready');
  assert.equal(lines, [`up on ${port}`]);
  const [status] = await workerStatus(world.paths, shop, 'a');
  assert.is(status?.worker, 'web.1');
  assert.is(status?.state.kind, 'up');
  assert.equal((await workerStatuses(world.paths)).map((one) => `${one.app}.${one.slot}.${one.worker}`), ['shop.a.web.1']);
});

starting('a health check passes with its path and text', async () => {
  assert.is((await start([serve(await freePort())], { healthcheck: check('/ok', { contains: 'is well' }) })).said, 'ready');
});

starting('a health check sees the app under its own host name', async () => {
  assert.is((await start([serve(await freePort())], { healthcheck: check('/host', { contains: 'shop.example.org' }) })).said, 'ready');
});

starting('a health check that fails says what was asked and answered', async () => {
  const port = await freePort();
  const { said } = await start([serve(port)], { healthcheck: check('/sorry'), startTimeoutS: 4 });
  assert.match(said, /^\[HOP3_UNHEALTHY\] web\.1 was not ready after \d+(\.\d)? s \(\d+ tries\)\.$/m, said);
  assert.match(said, `Asked: GET /sorry on 127.0.0.1:${port} with Host: shop.example.org\nLast answer: status 503\nweb.1 said:\n  up on ${port}\n`);
  assert.match(said, 'raise start-timeout in [run] (now 4 s)');
});

starting('a health check that misses its text says so', async () => {
  const { said } = await start([serve(await freePort())], { healthcheck: check('/ok', { contains: 'perfect' }), startTimeoutS: 4 });
  assert.match(said, 'Last answer: status 200, but the answer does not contain "perfect"');
});

starting('a request has a limit of its own, and what is not HTTP is told', async () => {
  const slow = await start([serve(await freePort())], { healthcheck: check('/slow', { timeout: 1 }), startTimeoutS: 4 });
  assert.match(slow.said, 'Last answer: no answer within 1 s');
  await stopSlot(world.paths, shop, 'a', 0);
  const odd = await start([serve(await freePort())], { healthcheck: check('/odd'), startTimeoutS: 4 });
  assert.match(odd.said, 'Last answer: what it answered is not HTTP');
});

starting('last words without a line end are told, and not mixed with what Hop3 writes', async () => {
  const { said, lines } = await start([worker('web', `/bin/sh -c 'printf "no license"; exit 3'`, { port: await freePort() })]);
  assert.match(said, 'web.1 said:\n  no license\nIts command');
  assert.equal(lines, ['no license']);
});

starting('a server on another port is told which', async () => {
  const [port, other] = [await freePort(), await freePort()];
  const { said } = await start([serve(port, '127.0.0.1', other)], { startTimeoutS: 4 });
  assert.match(said, 'Last answer: connection refused: nothing listens there');
  assert.match(said, `web.1 listens on ${other}; PORT is ${port}.`);
});

starting('a server on another address is told which', async () => {
  const port = await freePort();
  const { said } = await start([serve(port, '127.0.0.2')], { startTimeoutS: 4 });
  assert.match(said, `web.1 listens on 127.0.0.2:${port}; PORT is ${port}.`);
});

starting('a worker that listens nowhere is told so', async () => {
  const port = await freePort();
  const { said } = await start([worker('web', 'sleep 600', { port })], { startTimeoutS: 1 });
  assert.match(said, `web.1 listens on no TCP port; PORT is ${port}.\nweb.1 printed nothing.`);
});

starting('another process on the port is not taken for the app', async () => {
  const other = createServer((_request, response) => response.end('not the app'));
  const port = await freePort();
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  try {
    const { said } = await start([worker('web', 'sleep 600', { port })], { startTimeoutS: 1 });
    assert.match(said, 'Last answer: another process on this machine answered');
  } finally {
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
  }
});

starting('a worker that dies is reported at once, with its exit and last words', async () => {
  const { said, lines, took } = await start([worker('web', `/bin/sh -c 'echo reading settings; sleep 0.3; echo no such table: users >&2; exit 3'`, { port: await freePort() })], { startTimeoutS: 60 });
  assert.match(said, /^\[HOP3_WORKER_DIED\] web\.1 ended while it was starting: exit code 3 after \d+\.\d s\.$/m);
  assert.match(said, `web.1 said:\n  reading settings\n  no such table: users\nIts command: /bin/sh -c 'echo reading`);
  assert.equal(lines, ['reading settings', 'no such table: users']);
  assert.ok(took < 55_000, 'long before the minute that the start may take');
});

starting('a worker that a signal ended is reported with the signal', async () => {
  const { said } = await start([worker('web', `/bin/sh -c 'kill -KILL $$'`, { port: await freePort() })]);
  assert.match(said, 'exit code 137 (SIGKILL) after');
});

starting('a program that is not there is reported with a hint', async () => {
  const { said } = await start([worker('web', 'gunicron app:app', { port: await freePort() })]);
  assert.match(said, 'exit code 127 after');
  assert.match(said, /gunicron: not found/);
  assert.match(said, 'PATH holds the `path` of runtime.json');
});

starting('a background worker is ready when it stays up', async () => {
  const { said, lines } = await start([worker('queue', `/bin/sh -c 'echo waits for jobs; sleep 600'`)]);
  assert.is(said, 'ready');
  assert.equal(lines, ['waits for jobs']);
});

starting('a background worker that dies fails the release, though the web worker is well', async () => {
  const { said, lines } = await start([serve(await freePort()), worker('queue', `/bin/sh -c 'echo no broker; sleep 0.5; exit 1'`)]);
  assert.match(said, '[HOP3_WORKER_DIED] queue.1 ended while it was starting: exit code 1');
  // With several workers each line says whose it is.
  assert.ok(lines.includes('queue.1: no broker'), lines.join('\n'));
});

starting('a cancelled deploy stops waiting', async () => {
  const abort = new AbortController();
  const wait = start([worker('web', 'sleep 600', { port: await freePort() })], { startTimeoutS: 60, signal: abort.signal });
  await delay(300);
  abort.abort();
  const { said, took } = await wait;
  assert.match(said, 'HOP3_CANCELLED');
  assert.ok(took < 55_000, 'it does not wait for the minute that the start may take');
});

starting('without a supervisor nothing is started', async () => {
  const lonely = await makeWorld();
  await lonely.end();
  const spec = release(store, [worker('web', 'true', { port: 1 })]);
  await fillSlot(lonely.paths, spec);
  try {
    await startSlot(lonely.paths, spec);
    assert.unreachable();
  } catch (error) {
    assert.is((error as Hop3Error).code, 'HOP3_NO_SUPERVISOR');
  } finally {
    await lonely.end();
  }
});

starting.run();
