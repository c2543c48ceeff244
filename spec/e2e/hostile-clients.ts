import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { PIECES, randomOf, type Random } from '../fuzz.ts';
import type { World } from './world.ts';

/** Milliseconds in which a connection must be answered or closed: the server's own limits are 20 s for a header and 60 s for silence. */
const PATIENCE = 90_000;

export interface Attacked {
  connections: number;
  /** By the status that was answered; `closed` without one. */
  readonly answers: Record<string, number>;
}

/**
 * Connections that speak something like git's protocol, damaged at every level: HTTP, encoding, packet lines, pack. Each must end, with words
 * that give no stack away, while `meanwhile` holds.
 */
export async function attackGit(world: World, seed: number, rounds: number, meanwhile: () => Promise<void>): Promise<Attacked> {
  const attacked: Attacked = { connections: 0, answers: {} };
  const tokens = [await world.token(), 'hop3_x_y', ''];
  const live = (await world.branch('shop'))!;
  const side = 8;
  for (let round = 0; round < rounds; round += side) {
    await Promise.all([meanwhile(), ...Array.from({ length: side }, async (_none, at) => {
      const random = randomOf(seed, round + at);
      const bytes = gitRequest(random, live, random.pick(tokens));
      const text = await send({ port: world.port }, bytes, random, `FUZZ_SEED=${seed}, round ${round + at}: ${JSON.stringify(bytes.subarray(0, 600).toString('latin1'))}`);
      const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 'closed';
      attacked.connections += 1;
      attacked.answers[status] = (attacked.answers[status] ?? 0) + 1;
    })]);
  }
  return attacked;
}

/** Noise on the hooks' socket, which nobody but Hop3's own user can reach; every connection must be closed without a word. */
export async function attackHooks(world: World, seed: number, rounds: number): Promise<number> {
  const path = join(world.root, 'run/hook.sock');
  const kinds = ['hook', 'hook 1', 'HOOK', 'hoo', '', 'x'.repeat(40), '__proto__'];
  for (let round = 0; round < rounds; round += 8) {
    await Promise.all(Array.from({ length: 8 }, async (_none, at) => {
      const random = randomOf(seed, round + at);
      const hello = `${random.pick(kinds)} ${random.pick(['1', '0', '-1', String(process.pid), '99999999999', '1e9', ''])}${random.pick(['\n', '\0', '', '\r\n'])}`;
      const text = await send({ path }, Buffer.concat([Buffer.from(hello), packets(random, 'a'.repeat(40))]), random, `hook socket, FUZZ_SEED=${seed}, round ${round + at}`);
      if (text !== '') throw new Error(`the hook socket answered a stranger: ${text}`);
    }));
  }
  return rounds;
}

function gitRequest(random: Random, live: string, token: string): Buffer {
  const service = random.pick(['git-receive-pack', 'git-upload-pack', 'git-receive-pack', 'git-upload-archive', '', '../hop3.db', '%2e%2e/config', 'objects/info/packs', 'HEAD', 'info/refs?service=git-receive-pack', `info/refs?service=${encodeURIComponent(random.pick(PIECES).replace(/\p{Surrogate}/gu, ''))}`]);
  const app = random.pick(['shop', 'shop', 'shop', 'nothing', '..', '%00', 'shop%2f..', 'x'.repeat(300), '__proto__']);
  let body = packets(random, live);
  let encoding = '';
  switch (random.below(6)) {
    case 0: body = gzipSync(body); encoding = 'gzip'; break;
    case 1: body = gzipSync(body).subarray(0, random.below(body.length + 1)); encoding = 'gzip'; break;
    case 2: body = deflateSync(body); encoding = random.pick(['deflate', 'gzip', 'br']); break;
    case 3: encoding = random.pick(['identity', 'x-gzip', 'gzip, gzip', '\u00ff']); break;
    default:
  }
  const length = random.pick([String(body.length), String(body.length), String(body.length), '0', '-1', '99999999999999999999', String(body.length + 10), String(Math.max(0, body.length - 3)), 'x']);
  const method = random.pick(['POST', 'POST', 'POST', 'GET', 'PUT', 'OPTIONS', 'TRACE', 'BREW', 'CONNECT']);
  const headers = [
    'Host: x', `Authorization: ${random.pick(['Basic', 'Bearer', 'Negotiate'])} ${random.below(2) === 0 ? token : Buffer.from(`x:${token}`).toString('base64')}`,
    random.below(5) === 0 ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`,
    ...(encoding === '' ? [] : [`Content-Encoding: ${encoding}`]), ...(random.below(8) === 0 ? ['Expect: 100-continue'] : []), ...(random.below(8) === 0 ? ['Connection: Upgrade', `Upgrade: ${random.pick(['h2c', 'hop3-run-1', 'websocket'])}`] : []),
    `Content-Type: application/x-${service}-request`, ...(random.below(10) === 0 ? [`X: ${'y'.repeat(random.below(40_000))}`] : []),
  ];
  const chunked = headers.some((line) => line.startsWith('Transfer'));
  const sent = chunked ? Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from(random.pick(['\r\n0\r\n\r\n', '\r\n', '', 'zz\r\n']))]) : body;
  return Buffer.concat([Buffer.from(`${method} /${app}.git/${service} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`, 'latin1'), sent]);
}

/** Packet lines with wrong lengths, missing flushes, strange refs, and something like a pack behind them. */
function packets(random: Random, live: string): Buffer {
  const parts: Buffer[] = [];
  for (let count = random.below(6); count > 0; count -= 1) {
    const oid = (): string => random.pick([live, '0'.repeat(40), 'b'.repeat(40), 'g'.repeat(40), '', 'F'.repeat(64)]);
    const ref = random.pick(['refs/heads/main', 'refs/heads/topic', 'refs/tags/v1', 'HEAD', 'refs/heads/../../x', 'refs/heads/\0', '', `refs/${'x/'.repeat(500)}`, random.pick(PIECES)]);
    const line = Buffer.from(random.pick([`${oid()} ${oid()} ${ref}\0 report-status side-band-64k push-options\n`, `want ${oid()} multi_ack\n`, `have ${oid()}\n`, 'done\n', 'push-cert\0\n', `shallow ${oid()}\n`, random.pick(PIECES)]));
    const length = random.below(4) === 0 ? random.pick(['0000', '0001', '0002', '0003', '0004', 'ffff', 'FFFF', 'zzzz', '-001', '0x10']) : (line.length + 4).toString(16).padStart(4, '0');
    parts.push(Buffer.from(length), line);
  }
  if (random.below(3) > 0) parts.push(Buffer.from('0000'));
  if (random.below(2) === 0) {
    const header = Buffer.from('PACK\0\0\0\x02\0\0\0\x01');
    header[random.below(header.length)] = random.below(256);
    parts.push(header, Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256))));
  }
  return Buffer.concat(parts);
}

/** Sends the bytes, at once, in pieces or not to their end, and gives all that came until the other side closed. */
async function send(to: { port: number } | { path: string }, bytes: Buffer, random: Random, where: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', ...to });
  let text = '';
  const closed = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => { socket.destroy(); reject(new Error(`neither answered nor closed within ${PATIENCE / 1000} s: ${where}`)); }, PATIENCE);
    socket.on('data', (chunk: Buffer) => { text += chunk.toString('latin1'); }).on('error', () => {});
    socket.on('close', () => { clearTimeout(timer); resolve(text); });
  });
  const cut = random.below(3) === 0 ? random.below(bytes.length + 1) : bytes.length;
  const at = random.below(cut + 1);
  socket.write(bytes.subarray(0, at));
  if (random.below(3) === 0) await new Promise((resolve) => setTimeout(resolve, random.below(50)));
  socket.write(bytes.subarray(at, cut));
  // A client that waits for more than it was promised would be closed by the server's limits; here it goes by itself.
  if (random.below(4) === 0 && 'port' in to) socket.resetAndDestroy();
  else socket.end();
  const said = await closed;
  if (/\bat .*\(?.*\.[jt]s:\d+:\d+\)?|node:internal/.test(said)) throw new Error(`a stack trace: ${said}\n${where}`);
  if (said.includes('HOP3_INTERNAL')) throw new Error(`an error of its own: ${said}\n${where}`);
  return said;
}

/** Opens so many connections that say nothing, or the beginning of a request; they stay open until `close`. */
export async function openIdle(port: number, count: number): Promise<{ readonly open: () => number; readonly close: () => void }> {
  const sockets = new Set<Socket>();
  for (let at = 0; at < count; at += 200) {
    await Promise.all(Array.from({ length: Math.min(200, count - at) }, (_none, index) => new Promise<void>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, localAddress: `127.0.${1 + ((at + index) % 40)}.1` });
      sockets.add(socket);
      // Read, or the other side's end would not be seen.
      socket.on('error', () => {}).resume().once('close', () => { sockets.delete(socket); resolve(); });
      socket.once('connect', () => {
        if (index % 3 === 0) socket.write('GET / HTTP/1.1\r\nHost: slo');
        if (index % 3 === 1) socket.write('POST /shop.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n0');
        resolve();
      });
    })));
  }
  return { open: () => sockets.size, close: () => { for (const socket of sockets) socket.destroy(); } };
}
