import { randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BackupWriter, readBackup, type Part } from '../../src/backup-format.ts';
import { keyCheck, openSecrets, sealSecrets } from '../../src/backup-key.ts';

interface Written {
  readonly bytes: Buffer;
}

async function written(fill: (backup: BackupWriter) => Promise<void>): Promise<Written> {
  const out = new PassThrough();
  const chunks: Buffer[] = [];
  out.on('data', (chunk: Buffer) => chunks.push(chunk));
  await fill(new BackupWriter(out));
  return { bytes: Buffer.concat(chunks) };
}

async function read(bytes: Buffer): Promise<[string, string][]> {
  const parts: [string, string][] = [];
  await readBackup(Readable.from([bytes]), async (part: Part, content) => {
    const chunks: Buffer[] = [];
    for await (const chunk of content as AsyncIterable<Buffer>) chunks.push(chunk);
    parts.push([`${part.kind} ${part.name}`.trim(), Buffer.concat(chunks).toString('latin1')]);
  });
  return parts;
}

const refused = async (bytes: Buffer): Promise<string> => read(bytes).then(() => 'whole', (error: { code?: string; what?: string }) => (error.code === 'HOP3_BACKUP' ? error.what! : 'refused with another error'));

const LARGE = randomBytes(1_000_000).toString('latin1');
const GOOD = await written(async (backup) => {
  await backup.text({ kind: 'manifest', name: '' }, '{}');
  await backup.part({ kind: 'app', name: 'shop' }, async (sink) => { sink.write(Buffer.from(LARGE, 'latin1')); });
  await backup.part({ kind: 'addon', name: 'shop-postgres' }, async () => {});
  await backup.end();
});

test('what was written is read, byte for byte', async () => {
  assert.equal(await read(GOOD.bytes), [['manifest', '{}'], ['app shop', LARGE], ['addon shop-postgres', '']]);
});

test('cut anywhere, it is not whole', async () => {
  const plain = gunzipSync(GOOD.bytes);
  for (const length of [0, 5, 14, 40, 60, 100_000, 900_000, plain.length - 200, plain.length - 70, plain.length - 10]) {
    assert.match(await refused(gzipSync(plain.subarray(0, length))), /^This is no whole backup of Hop3: /, `the first ${length} bytes`);
  }
  for (const share of [0.1, 0.5, 0.999]) assert.match(await refused(GOOD.bytes.subarray(0, Math.floor(GOOD.bytes.length * share))), 'This is no whole backup of Hop3');
});

test('one byte changed, also where gzip is right again, is found', async () => {
  const plain = gunzipSync(GOOD.bytes);
  for (const at of [3, 17, 500_000, plain.length - 90]) {
    const changed = Buffer.from(plain);
    changed[at]! ^= 1;
    assert.match(await refused(gzipSync(changed)), 'This is no whole backup of Hop3', `byte ${at}`);
  }
  assert.match(await refused(Buffer.from('some text')), 'This is no whole backup of Hop3');
});

test('a part that is left out is missed', async () => {
  const text = gunzipSync(GOOD.bytes).toString('latin1');
  const from = text.indexOf('{"kind":"addon"');
  const to = text.indexOf('{"kind":"end"');
  assert.match(await refused(gzipSync(Buffer.from(text.slice(0, from) + text.slice(to), 'latin1'))), 'it says 3 parts and has 2');
});

test('a name that would leave its directory, or a length that would fill the memory, is refused', async () => {
  for (const line of ['{"kind":"app","name":"../x"}', '{"kind":"app","name":"/etc"}', '{"kind":"exec","name":""}', '{"kind":"app","name":"shop"}\n#99999999', 'x'.repeat(5000)]) {
    assert.match(await refused(gzipSync(`HOP3-BACKUP 1\n${line}\n`)), 'This is no whole backup of Hop3', line.slice(0, 50));
  }
});

test('a server that breaks off says why, between parts and in the middle of one', async () => {
  const words = JSON.stringify({ what: 'pg_dump failed.', next: 'See its log.' });
  const between = await written(async (backup) => {
    await backup.text({ kind: 'manifest', name: '' }, '{}');
    await backup.abandon(words);
  });
  const within = await written(async (backup) => {
    await backup.part({ kind: 'addon', name: 'x' }, async (sink) => {
      sink.write('half');
      throw new Error('broken');
    }).catch(() => {});
    await backup.abandon(words);
  });
  for (const { bytes } of [between, within]) assert.is(await refused(bytes), 'The server could not finish the backup: pg_dump failed.');
});

test('when the reader goes, the writer ends too', async () => {
  const out = new PassThrough();
  const backup = new BackupWriter(out);
  const writing = backup.part({ kind: 'app', name: 'shop' }, async (sink) => {
    for (let i = 0; i < 100 && !sink.destroyed; i += 1) await new Promise((resolve) => { sink.write(randomBytes(100_000), resolve); });
  });
  setTimeout(() => out.destroy(), 20);
  await writing.then(() => assert.unreachable(), (error: { code?: string }) => assert.is(error.code, 'HOP3_CANCELLED'));
  await backup.abandon('{}');
});

test('the secrets are opened by their passphrase and by no other; the check tells the key', async () => {
  const key = `${randomBytes(32).toString('base64')}\n`;
  const sealed = await sealSecrets({ secretKey: key, adminToken: 'hop3_admin_x' }, 'correct horse battery');
  assert.not.match(sealed, key.trim());
  assert.equal(await openSecrets(sealed, 'correct horse battery'), { secretKey: key, adminToken: 'hop3_admin_x' });
  await openSecrets(sealed, 'correct horse batterx').then(() => assert.unreachable(), (error: { code?: string }) => assert.is(error.code, 'HOP3_BACKUP_KEY'));
  const greedy = JSON.stringify({ ...(JSON.parse(sealed) as object), scrypt: { N: 2 ** 30, r: 8, p: 1 } });
  await openSecrets(greedy, 'correct horse battery').then(() => assert.unreachable(), (error: { code?: string }) => assert.is(error.code, 'HOP3_BACKUP_KEY'));
  assert.is(keyCheck(key), keyCheck(key.trim()));
  assert.is.not(keyCheck(key), keyCheck(randomBytes(32).toString('base64')));
});

test.run();
