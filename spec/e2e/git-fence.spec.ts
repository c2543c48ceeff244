// limit: 200
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync, rmSync, renameSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AppName } from '../../src/names.ts';
import { FLUSH, packet } from '../../src/server/pkt-line.ts';
import { GitWorld, pause, until } from './git-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

const fence = suite('the fence around node-git-server');
const LIMIT = 4 * 1024 * 1024;
let world: GitWorld;
let live = '';

fence.before(async () => {
  world = await GitWorld.start({ HOP3_MAX_PUSH_BYTES: String(LIMIT) }, { idleMs: 1500 });
  await world.liveApp('shop');
  live = (await world.ref('shop'))!;
});
fence.after(() => world.stop());
fence.after.each(async () => {
  // Whatever was sent: the server still serves, nothing moved, no git is left.
  const answer = await world.server.inject({ url: '/shop.git/info/refs?service=git-upload-pack', headers: { authorization: world.basic() } });
  assert.is(answer.statusCode, 200);
  assert.is(await world.ref('shop'), live);
  await until('git processes to end', () => world.gitProcesses().length === 0, 5);
  assert.equal(world.defects.splice(0), []);
});

const PUSH = '/shop.git/git-receive-pack';
const FETCH = '/shop.git/git-upload-pack';
const other = 'b'.repeat(40);
const command = (caps = 'report-status side-band-64k', ref = 'refs/heads/main') => packet(`${live} ${other} ${ref}\0${caps}\n`);

fence('bodies that are no push are refused at once, with the reason', async () => {
  const bodies: [string, Buffer | string, string][] = [
    ['empty', '', 'has no body'],
    ['garbage', 'hello world, this is no git', 'no packet length'],
    ['64 KiB of hex', 'a'.repeat(65_536), 'HOP3_GIT_REQUEST'],
    ['64 KiB of hex and blanks', `${'f'.repeat(30_000)} `.repeat(2), 'HOP3_GIT_REQUEST'],
    ['a bad length', '0003', 'no packet length'],
    ['a cut length', '00', 'in the middle of a packet'],
    ['a cut packet', '00ffabc', 'in the middle of a packet'],
    ['a list without an end', command(), 'ended before its list'],
    ['something behind a lone flush', '0000PACK', 'something follows'],
    ['257 refs', Buffer.concat([...Array.from({ length: 257 }, (_none, at) => packet(`${live} ${other} refs/tags/v${at}\n`)), FLUSH]), 'more than 256 refs'],
    ['more than 256 KiB', Buffer.concat([...Array.from({ length: 250 }, (_none, at) => packet(`${live} ${other} refs/tags/v${at}\0${'x'.repeat(1500)}`)), FLUSH]), 'HOP3_'],
    ['a command that is no command', Buffer.concat([packet('delete everything\n'), FLUSH]), 'names no ref'],
    ['a ref out of the repository', Buffer.concat([command('report-status', 'refs/heads/../../x'), FLUSH]), 'HOP3_REF_KIND'],
    ['a signed push', Buffer.concat([packet('push-cert\0report-status\n'), packet('certificate version 0.1\n'), FLUSH]), 'names no ref'],
  ];
  for (const [name, body, words] of bodies) {
    const { status, text } = await world.post(PUSH, body);
    assert.ok(status >= 400 && status < 500, `${name}: ${text}`);
    assert.match(text, words, name);
    assert.match(text, /content-type: text\/plain/i, name);
  }
});

fence('bodies that are no fetch too', async () => {
  for (const body of ['', 'garbage', '0003', '0014command=ls-refs\n0000', packet('have x\n'), 'a'.repeat(65_536)]) {
    const { status, text } = await world.post(FETCH, body);
    assert.is(status, 400, text);
  }
  // Well formed, but of an object that is not there: git's own refusal, in git's own words.
  const { status, text } = await world.post(FETCH, Buffer.concat([packet(`want ${other}\n`), FLUSH, packet('done\n')]));
  assert.ok(status === 200 && text.includes('not our ref') || status === 500, text);
  world.defects.splice(0);
});

fence('git\'s probe, a lone flush, is answered 200', async () => {
  for (const path of [PUSH, FETCH]) {
    const { status, text } = await world.post(path, '0000');
    assert.is(status, 200, text);
  }
});

fence('gzip is unpacked, in any spelling; other encodings are refused; broken gzip is an answer, not a crash', async () => {
  const body = Buffer.concat([command('report-status', 'refs/heads/topic'), FLUSH]);
  for (const encoding of ['gzip', 'x-gzip', 'GZIP', 'identity']) {
    const { status, text } = await world.post(PUSH, encoding === 'identity' ? body : gzipSync(body), { 'Content-Encoding': encoding });
    assert.is(status, 200, text);
    assert.match(text, 'ng refs/heads/topic topic is not the deployed branch', encoding);
  }
  for (const [encoding, bytes] of [['deflate', deflateSync(body)], ['br', body], ['zstd', body], ['gzip, gzip', body]] as const) {
    const { status, text } = await world.post(PUSH, bytes, { 'Content-Encoding': encoding });
    assert.is(status, 415, text);
  }
  for (const bytes of [Buffer.from('not gzip at all'), gzipSync(body).subarray(0, 30), Buffer.alloc(0)]) {
    const { status, text } = await world.post(PUSH, bytes, { 'Content-Encoding': 'gzip' });
    assert.is(status, 400, text);
  }
  assert.is((await world.post(FETCH, 'not gzip', { 'Content-Encoding': 'gzip' })).status, 400);
});

fence('a gzip bomb is cut at the size limit, in a push and in a fetch', async () => {
  // A well-formed pack of one file of 64 MiB of zeros, which gzip makes 60 KB of.
  const size = 64 * 1024 * 1024;
  const header = [0x30 | 0x80 | (size & 15), ...[4, 11, 18].map((shift) => 0x80 | ((size >>> shift) & 127)), size >>> 25];
  const pack = Buffer.concat([Buffer.from('PACK\0\0\0\x02\0\0\0\x01'), Buffer.from(header), deflateSync(Buffer.alloc(size), { level: 0 })]);
  const { status, text } = await world.post(PUSH, gzipSync(Buffer.concat([command(), FLUSH, pack])), { 'Content-Encoding': 'gzip' }, 10_000);
  assert.is(status, 200);
  assert.match(text, 'The push is larger than the 4 MiB that this server takes [HOP3_PUSH_TOO_LARGE]');
  const haves = Buffer.concat(Array.from({ length: 500_000 }, () => packet(`have ${other}\n`)));
  const fetched = await world.post(FETCH, gzipSync(Buffer.concat([packet(`want ${live}\n`), FLUSH, haves])), { 'Content-Encoding': 'gzip' }, 10_000);
  assert.is(fetched.status, 413, fetched.text.slice(0, 300));
});

fence('a command list that comes byte by byte is read whole', async () => {
  const body = Buffer.concat([command('report-status', 'refs/heads/topic'), FLUSH]);
  const raw = await world.raw();
  raw.socket.setNoDelay(true);
  raw.send(`POST ${PUSH} HTTP/1.1\r\nHost: x\r\nAuthorization: ${world.basic()}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`);
  for (const byte of body) {
    raw.send(`1\r\n${String.fromCharCode(byte)}\r\n`);
    if (Math.random() < 0.2) await pause(1);
  }
  raw.send('0\r\n\r\n');
  assert.match(await raw.all(4000), 'ng refs/heads/topic topic is not the deployed branch');
});

fence('a push in two pieces whose first ends within a command reaches git', async () => {
  const tree = await world.clone('pieces');
  await tree.push('hop3', 'main');
  const old = await tree.git('rev-parse', 'HEAD');
  const next = await tree.commit('two');
  const pack = execFileSync('git', ['pack-objects', '--stdout', '--revs', '-q'], { cwd: tree.dir, input: `${next}\n^${old}\n`, env: world.env });
  const body = Buffer.concat([packet(`${old} ${next} refs/heads/main\0report-status\n`), FLUSH, pack]);
  const raw = await world.raw();
  raw.send(`POST /pieces.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: ${world.basic()}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`);
  for (const [from, to] of [[0, 50], [50, 110], [110, body.length]] as const) {
    raw.send(body.subarray(from, to));
    await pause(60);
  }
  const text = await raw.all(5000);
  assert.match(text, 'ok refs/heads/main');
  assert.is(await world.ref('pieces'), next);
  assert.match(text, /cache-control: no-cache/i);
  assert.match(text, /content-type: application\/x-git-receive-pack-result/i);
});

fence('a client that stops sending is told and cut: in the list, and in the pack', async () => {
  const start = async (sent: Buffer) => {
    const raw = await world.raw();
    raw.send(`POST ${PUSH} HTTP/1.1\r\nHost: x\r\nAuthorization: ${world.basic()}\r\nContent-Length: 100000\r\n\r\n`);
    raw.send(sent);
    return raw;
  };
  const inList = await start(command().subarray(0, 60));
  const inPack = await start(Buffer.concat([command(), FLUSH, Buffer.from('PACK\0\0\0\x02\0\0\0\x01')]));
  const [list, pack] = await Promise.all([inList.all(8000), inPack.all(8000)]);
  assert.match(list, 'HTTP/1.1 408');
  assert.match(list, 'Nothing came from the client for 2 s');
  assert.match(pack, 'HTTP/1.1 200');
  assert.match(pack, 'ng refs/heads/main Nothing came from the client for 2 s [HOP3_PUSH_STALLED]');
});

fence('a client that vanishes, wherever it stands, takes nothing with it', async () => {
  const begun = Buffer.concat([command(), FLUSH, Buffer.from('PACK\0\0\0\x02\0\0\0\x01'), Buffer.alloc(2000)]);
  for (const sent of [Buffer.alloc(0), Buffer.from('00'), command().subarray(0, 40), Buffer.concat([command(), FLUSH]), begun, gzipSync(begun).subarray(0, 40)]) {
    for (const encoding of ['', 'Content-Encoding: gzip\r\n']) {
      for (const reset of [false, true]) {
        const socket = connect(world.port, '127.0.0.1');
        socket.on('error', () => {});
        socket.write(`POST ${PUSH} HTTP/1.1\r\nHost: x\r\nAuthorization: ${world.basic()}\r\n${encoding}Content-Length: 100000\r\n\r\n`);
        socket.write(sent);
        await pause(30);
        if (reset) socket.resetAndDestroy();
        else socket.destroy();
      }
    }
  }
  await until('git processes to end', () => world.gitProcesses().length === 0, 5);
  const left = execFileSync('find', [join(world.paths.repo('shop' as AppName), 'objects'), '-name', '*incoming*'], { encoding: 'utf8' });
  assert.is(left, '');
});

fence('garbage for a pack: git\'s own reason, exit 1 for the client', async () => {
  const { status, text } = await world.post(PUSH, Buffer.concat([command('report-status'), FLUSH, Buffer.from('this is no pack at all')]));
  assert.is(status, 200);
  assert.match(text, 'unpack ');
  assert.match(text, 'ng refs/heads/main unpacker error');
});

fence('a broken or missing repository is a 500 with words, and the server\'s log has git\'s', async () => {
  await world.liveApp('broken');
  const head = join(world.paths.repo('broken' as AppName), 'HEAD');
  const was = readFileSync(head);
  rmSync(head);
  for (const service of ['git-upload-pack', 'git-receive-pack']) {
    const answer = await world.server.inject({ url: `/broken.git/info/refs?service=${service}`, headers: { authorization: world.basic() } });
    assert.is(answer.statusCode, 500);
    assert.match(answer.body, 'git could not work with the repository');
  }
  const posted = await world.post('/broken.git/git-receive-pack', Buffer.concat([packet(`${live} ${other} refs/heads/main\0report-status\n`), FLUSH, Buffer.from('PACK')]));
  assert.is(posted.status, 500, posted.text);
  assert.match(posted.text, 'git on the server failed');
  assert.match(world.defects.splice(0).join('\n'), 'does not appear to be a git repository');
  writeFileSync(head, was);
  const repo = world.paths.repo('broken' as AppName);
  renameSync(repo, `${repo}.away`);
  const gone = await world.server.inject({ url: '/broken.git/info/refs?service=git-upload-pack', headers: { authorization: world.basic() } });
  assert.is(gone.statusCode, 500);
  renameSync(`${repo}.away`, repo);
  world.defects.splice(0);
});

fence('the size limit: the client of a push that is too large sees why, and the same push of less passes', async () => {
  const tree = await world.liveApp('large');
  const before = await world.ref('large');
  execFileSync('sh', ['-c', 'head -c 20000000 /dev/urandom > big'], { cwd: tree.dir });
  await tree.commit('big');
  const { code, output } = await tree.push('hop3', 'main');
  assert.is(code, 1);
  assert.match(output, 'remote:  !     Push rejected: The push is larger than the 4 MiB that this server takes.');
  assert.match(output, '! [remote rejected] main -> main (The push is larger than the 4 MiB that this server takes [HOP3_PUSH_TOO_LARGE])');
  assert.is(await world.ref('large'), before);
  await tree.git('reset', '-q', '--hard', 'HEAD~1');
  await tree.commit('small');
  assert.is((await tree.push('hop3', 'main')).code, 0);
});

fence('a connection serves one request after another: the library does not close it', async () => {
  const raw = await world.raw();
  const ask = `GET /shop.git/info/refs?service=git-upload-pack HTTP/1.1\r\nHost: x\r\nAuthorization: ${world.basic()}\r\n\r\n`;
  raw.send(ask);
  await until('the first answer', () => (raw.text.match(/HTTP\/1\.1 200/g) ?? []).length === 1);
  const body = Buffer.concat([command('report-status', 'refs/heads/topic'), FLUSH]);
  raw.send(`POST ${PUSH} HTTP/1.1\r\nHost: x\r\nAuthorization: ${world.basic()}\r\nContent-Length: ${body.length}\r\n\r\n`);
  raw.send(body);
  await until('the second answer', () => raw.text.includes('ng refs/heads/topic'));
  raw.send(ask);
  await until('the third answer', () => (raw.text.match(/HTTP\/1\.1 200/g) ?? []).length === 3);
  assert.not.match(raw.text, /connection: close/i);
  raw.socket.destroy();
});

fence('a refused push that asked for no report is told by an HTTP status', async () => {
  const { status, text } = await world.post(PUSH, Buffer.concat([command('', 'refs/heads/topic'), FLUSH]));
  assert.is(status, 422);
  assert.match(text, 'git push hop3 topic:main');
});

fence('a content type that is none is the client\'s mistake, not the server\'s', async () => {
  const { status, text } = await world.post('/shop.git/info/refs', '0000', { 'Content-Type': 'application/x-info/refs?service=a-request' });
  assert.is(status, 415, text);
  assert.not.match(text, 'HOP3_INTERNAL');
});

fence.run();
