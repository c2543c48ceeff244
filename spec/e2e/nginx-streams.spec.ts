// limit: 300
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseAppName } from '../../src/names.ts';
import { configFile } from '../../src/runtime/nginx-process.ts';
import { freePort, NginxWorld, site, until } from './nginx-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

/** Set: a response really pauses for longer than any of nginx's own limits (60 and 75 s). */
const TORTURE = process.env['HOP3_TORTURE'] === '1';
const MB = 1024 * 1024;

/** A real program of its own, in plain node: an echo over websockets, events, a sum of what is uploaded, answers that pause. */
const PROGRAM = `
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
const send = (socket, text) => { const data = Buffer.from(text); socket.write(Buffer.concat([Buffer.from([0x81, data.length]), data])); };
const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://x');
  if (url.pathname === '/events') {
    // As php -S and Python's http.server answer: no chunks, the connection's end is the answer's.
    if (url.searchParams.get('id') === 'plain') { response.useChunkedEncodingByDefault = false; response.setHeader('connection', 'close'); }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    let n = 0;
    // The next one goes out only when the one before was seen by the client.
    const next = () => response.write('data: event ' + (n += 1) + '\\n\\n');
    next();
    waiting.set(url.searchParams.get('id'), { next, end: () => response.end() });
    return;
  }
  if (url.pathname === '/next') { waiting.get(url.searchParams.get('id'))[url.searchParams.get('end') ? 'end' : 'next'](); return response.end(); }
  if (url.pathname === '/pause') {
    response.write('begins\\n');
    return setTimeout(() => response.end('ends\\n'), Number(url.searchParams.get('ms')));
  }
  if (url.pathname === '/large') { response.writeHead(200, { 'x-large': 'v'.repeat(12000) }); return response.end(); }
  const hash = createHash('sha256');
  let bytes = 0;
  request.on('data', (chunk) => { hash.update(chunk); bytes += chunk.length; });
  request.on('end', () => {
    const body = JSON.stringify({ method: request.method, bytes, sha256: hash.digest('hex'), chunked: request.headers['transfer-encoding'] === 'chunked', expect: request.headers.expect ?? null, cookie: (request.headers.cookie ?? '').length });
    response.writeHead(200, { 'content-length': Buffer.byteLength(body) });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
});
const waiting = new Map();
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n');
  send(socket, 'hello');
  socket.on('data', (frame) => {
    if ((frame[0] & 15) === 8) return socket.end(frame.subarray(0, 0));
    const length = frame[1] & 127, mask = frame.subarray(2, 6), data = Buffer.from(frame.subarray(6, 6 + length));
    for (let at = 0; at < length; at += 1) data[at] ^= mask[at % 4];
    send(socket, 'echo ' + data.toString());
  });
  socket.on('error', () => {});
});
server.requestTimeout = 0;
server.listen(process.argv[2], '127.0.0.1', () => console.log('up'));
`;

const test = suite<{ world: NginxWorld; program: ChildProcess; port: number }>('what passes through nginx');
const shop = parseAppName('shop');

test.before(async (context) => {
  context.world = await NginxWorld.start();
  context.port = await freePort();
  const file = join(context.world.paths.root, 'program.mjs');
  await writeFile(file, PROGRAM);
  context.program = spawn(process.execPath, [file, String(context.port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => context.program.stdout!.once('data', resolve));
  await context.world.apply(site('shop', context.port, context.port));
  await context.world.deploy(shop, 'a', 'web');
});
test.after(async ({ world, program }) => {
  program.kill('SIGKILL');
  await world.stop();
});

/** One frame from a client: masked, as the protocol wants it. */
function frame(text: string): Buffer {
  const data = Buffer.from(text);
  const mask = Buffer.from([1, 2, 3, 4]);
  return Buffer.concat([Buffer.from([0x81, 0x80 | data.length]), mask, data.map((byte, at) => byte ^ mask[at % 4]!)]);
}

/** What has come so far, and a way to wait for more. */
function reader(socket: Socket): (text: string) => Promise<string> {
  let seen = '';
  socket.setEncoding('latin1').on('data', (part: string) => { seen += part; });
  return async (text) => {
    await until(`"${text}"`, () => seen.includes(text));
    return seen;
  };
}

test('a websocket: both ways, one message at a time, in both modes of serving', async ({ world }) => {
  for (const mode of ['web', 'both'] as const) {
    await world.deploy(shop, 'a', mode, mode === 'both' ? await world.store({ 'index.html': 'file' }) : undefined);
    const socket = connect(world.port, '127.0.0.1');
    const until = reader(socket);
    socket.write('GET /chat HTTP/1.1\r\nHost: shop.localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
    const head = await until('hello');
    assert.match(head, /^HTTP\/1\.1 101 /);
    assert.match(head, 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    for (const word of ['one', 'two', 'three']) {
      socket.write(frame(word));
      await until(`echo ${word}`);
    }
    socket.destroy();
  }
  await world.deploy(shop, 'a', 'web');
});

for (const id of ['chunks', 'plain']) test(`events arrive one by one: the second is sent only after the first was seen (${id})`, async ({ world }) => {
  const text = await new Promise<string>((resolve, reject) => {
    let seen = '';
    const call = request({ host: '127.0.0.1', port: world.port, path: `/events?id=${id}`, agent: false, timeout: 15_000, headers: { host: 'shop.localhost', accept: 'text/event-stream' } }, (response) => {
      assert.is(response.headers['content-type'], 'text/event-stream');
      response.setEncoding('utf8').on('data', (part: string) => {
        seen += part;
        const count = seen.split('\n\n').length - 1;
        world.get('shop.localhost', count < 5 ? `/next?id=${id}` : `/next?id=${id}&end=1`).catch(reject);
      });
      response.on('end', () => resolve(seen));
    });
    call.on('timeout', () => call.destroy(new Error('an event was held back for 15 s')));
    call.on('error', reject);
    call.end();
  });
  assert.is(text, [1, 2, 3, 4, 5].map((n) => `data: event ${n}\n\n`).join(''));
});

/** The most memory that nginx's workers ever had, in MB. */
function nginxPeak(world: NginxWorld): number {
  const master = Number(readFileSync(join(world.paths.nginx, 'nginx.pid'), 'utf8'));
  const peaks = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]) === master ? [Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024] : [];
    } catch {
      return [];
    }
  });
  return Math.max(...peaks);
}

interface Summary { readonly method: string; readonly bytes: number; readonly sha256: string; readonly chunked: boolean; readonly expect: string | null; readonly cookie: number }

/** Sends 100 MB as fast as they are taken. */
function upload(world: NginxWorld, headers: Record<string, string>): Promise<{ summary: Summary; sha256: string; continued: boolean }> {
  return new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    let continued = false;
    const call = request({ host: '127.0.0.1', port: world.port, path: '/upload', method: 'POST', agent: false, timeout: 60_000, headers: { host: 'shop.localhost', ...headers } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => { body += text; });
      response.on('end', () => resolve({ summary: JSON.parse(body) as Summary, sha256: hash.digest('hex'), continued }));
    });
    const send = async () => {
      for (let n = 0; n < 100; n += 1) {
        const block = Buffer.alloc(MB, `block ${n} `);
        hash.update(block);
        if (!call.write(block)) await new Promise((drained) => call.once('drain', drained));
      }
      call.end();
    };
    call.on('continue', () => { continued = true; });
    call.on('timeout', () => call.destroy(new Error('no answer within 60 s')));
    call.on('error', reject);
    send().catch(reject);
  });
}

test('100 MB go up unchanged, with a length and in chunks; nginx keeps none of it', async ({ world }) => {
  const before = nginxPeak(world);
  for (const headers of [{ 'content-length': String(100 * MB) }, { 'transfer-encoding': 'chunked' }] as Record<string, string>[]) {
    const { summary, sha256 } = await upload(world, headers);
    assert.is(summary.bytes, 100 * MB);
    assert.is(summary.sha256, sha256);
    assert.is(summary.chunked, 'transfer-encoding' in headers);
  }
  assert.ok(nginxPeak(world) - before < 16, `nginx grew from ${before} to ${nginxPeak(world)} MB`);
  assert.equal(readdirSync(join(world.paths.nginx, 'tmp', 'body')), []);
});

test('a client that asks before it sends is told to go on', async ({ world }) => {
  const { summary, continued, sha256 } = await upload(world, { 'content-length': String(100 * MB), expect: '100-continue' });
  assert.ok(continued);
  assert.is(summary.sha256, sha256);
});

test('HEAD has the headers of the answer and no body; an HTTP/1.0 client gets a whole answer and a closed connection', async ({ world }) => {
  const head = await world.get('shop.localhost', '/x', { method: 'HEAD' });
  assert.equal([head.status, head.body], [200, '']);
  assert.ok(Number(head.headers['content-length']) > 50);
  const old = await world.raw('GET /x HTTP/1.0\r\nHost: shop.localhost\r\n\r\n');
  assert.match(old, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(old, '"method":"GET"');
  // An answer of unknown length: no chunks for somebody who does not know them.
  const paused = await world.raw('GET /pause?ms=50 HTTP/1.0\r\nHost: shop.localhost\r\n\r\n');
  assert.not.match(paused, /transfer-encoding/i);
  assert.match(paused, /\r\n\r\nbegins\nends\n$/);
});

test('large headers pass both ways; what is too large is refused with a reason', async ({ world }) => {
  assert.is((JSON.parse((await world.get('shop.localhost', '/x', { headers: { cookie: 'c'.repeat(12_000) } })).body) as Summary).cookie, 12_000);
  assert.is((await world.get('shop.localhost', '/large')).headers['x-large'], 'v'.repeat(12_000));
  assert.is((await world.get('shop.localhost', '/x', { headers: { cookie: 'c'.repeat(40_000) } })).status, 400);
});

/** nginx's time for one answer, in seconds: every directive that could cut a slow one. */
async function slowest(world: NginxWorld): Promise<Record<string, number>> {
  const text = await readFile(configFile(world.paths), 'utf8');
  const found: Record<string, number> = {};
  for (const [, name, number, unit] of text.matchAll(/^\s*(proxy_read_timeout|proxy_send_timeout|send_timeout) (\d+)([sm]);/gm)) found[name!] = Number(number) * (unit === 'm' ? 60 : 1);
  return found;
}

test('an answer may pause for 20 minutes: the settings allow it, and it is they that decide', async ({ world }) => {
  const times = await slowest(world);
  assert.ok(times['proxy_read_timeout']! > 20 * 60 && times['proxy_send_timeout']! > 20 * 60, JSON.stringify(times));
  const config = configFile(world.paths);
  const text = await readFile(config, 'utf8');
  try {
    await writeFile(config, text.replace(/proxy_read_timeout \d+m;/, 'proxy_read_timeout 1s;'));
    process.kill(Number(await readFile(join(world.paths.nginx, 'nginx.pid'), 'utf8')), 'SIGHUP');
    await until('the short time to hold', async () => (await world.raw('GET /pause?ms=2500 HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n')).includes('ends') === false);
  } finally {
    await writeFile(config, text);
    process.kill(Number(await readFile(join(world.paths.nginx, 'nginx.pid'), 'utf8')), 'SIGHUP');
  }
  await until('the long time to hold', async () => (await world.raw('GET /pause?ms=2500 HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n')).includes('ends'));
});

if (TORTURE) {
  test('an answer that pauses for 80 s ends whole', async ({ world }) => {
    const parts: string[] = [];
    await new Promise<void>((resolve, reject) => {
      request({ host: '127.0.0.1', port: world.port, path: '/pause?ms=80000', agent: false, headers: { host: 'shop.localhost' } }, (response) => {
        response.setEncoding('utf8').on('data', (part: string) => parts.push(part));
        response.on('end', resolve);
        response.on('error', reject);
      }).on('error', reject).end();
    });
    assert.is(parts.join(''), 'begins\nends\n');
  });
} else {
  process.stdout.write('not tried: an answer that really pauses for 80 s; HOP3_TORTURE=1 tries it\n');
}

test('a websocket that is quiet is not cut while others come and go', async ({ world, port }) => {
  const socket = connect(world.port, '127.0.0.1');
  const until = reader(socket);
  socket.write('GET /chat HTTP/1.1\r\nHost: shop.localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
  await until('hello');
  // An app is made: nginx is told, and the old worker process keeps the connection.
  await world.apply(site('shop', port, port), site('blog'));
  await delay(500);
  socket.write(frame('still here'));
  await until('echo still here');
  socket.destroy();
});

test.run();
