import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Transform, Writable, type Readable } from 'node:stream';
import { createGunzip, createGzip, constants as zlib } from 'node:zlib';
import { Hop3Error } from './errors.ts';

/** What a part of a backup holds. `repo` and `app` are tar archives, `addon` is what the addon's own dump writes, the rest is JSON or a file. */
export type PartKind = 'manifest' | 'key' | 'database' | 'repo' | 'app' | 'addon' | 'notes' | 'error' | 'end';

export interface Part {
  readonly kind: PartKind;
  /** The app's or addon's name; empty for the others. */
  readonly name: string;
}

export interface Manifest {
  readonly hop3: string;
  readonly schema: number;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly domain: string;
  readonly apps: readonly { readonly name: string; readonly live: number | null }[];
  readonly addons: readonly { readonly name: string; readonly type: string; readonly server: 'own' | 'operator' }[];
  /** Whether the key of the stored secrets is a part, encrypted with a passphrase. */
  readonly key: 'encrypted' | 'left out';
  /** Tells the right key from a wrong one, and nothing else of it (src/backup-key.ts). */
  readonly keyCheck: string;
}

const FIRST_LINE = 'HOP3-BACKUP 1\n';
/** Bytes of one chunk at most; a reader refuses more, so that a damaged length costs no memory. */
const CHUNK = 256 * 1024;
const LONGEST_LINE = 1024;
/** Milliseconds between signs of life while a part is silent, so that no proxy or client gives up. */
const ALIVE_MS = 20_000;

/**
 * Writes a backup: gzip of lines and chunks. A part is `{"kind":...}`, its chunks `#<bytes>` and the bytes, and `=<sha256>`; `~` is a sign of life.
 * The last part, `end`, says how many there were: what is cut is never taken for whole. It is written as it comes, never held.
 */
export class BackupWriter {
  readonly #gzip = createGzip({ level: 4 });
  readonly #alive: NodeJS.Timeout;
  #parts = 0;
  #inPart = false;

  constructor(out: Writable) {
    this.#gzip.pipe(out);
    // Nobody reads any more: whoever writes finds out at the next chunk.
    out.once('close', () => this.#gzip.destroy());
    this.#gzip.on('error', () => {});
    this.#gzip.write(FIRST_LINE);
    this.#alive = setInterval(() => {
      if (this.#gzip.destroyed || this.#gzip.writableNeedDrain) return;
      this.#gzip.write('~\n');
      this.#gzip.flush(zlib.Z_SYNC_FLUSH);
    }, ALIVE_MS);
    this.#alive.unref();
  }

  /** One part, filled by `fill`. */
  async part(part: Part, fill: (sink: Writable) => Promise<void>): Promise<void> {
    if (this.#inPart) throw new TypeError('a part within a part');
    this.#inPart = true;
    await this.#write(`${JSON.stringify(part)}\n`);
    const hash = createHash('sha256');
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => void this.#chunks(chunk, hash, done),
    });
    sink.on('error', () => {});
    await fill(sink);
    await new Promise<void>((resolve, reject) => {
      sink.once('error', reject);
      if (sink.errored) reject(sink.errored);
      sink.end(resolve);
    });
    await this.#write(`=${hash.digest('hex')}\n`);
    this.#parts += 1;
    this.#inPart = false;
  }

  /** A part of one text. */
  text(part: Part, text: string): Promise<void> {
    return this.part(part, async (sink) => { sink.write(text); });
  }

  /** The last part, and everything on its way. */
  async end(): Promise<void> {
    await this.text({ kind: 'end', name: '' }, JSON.stringify({ parts: this.#parts }));
    await this.close();
  }

  /** Without an end: what was written is not a whole backup. An error goes with it where one can still be written. */
  async abandon(words: string): Promise<void> {
    this.#inPart = false;
    try {
      await this.text({ kind: 'error', name: '' }, words);
      await this.close();
    } catch {
      // Nobody reads any more, or the part in the middle took the rest with it: cut is cut.
    }
  }

  private async close(): Promise<void> {
    clearInterval(this.#alive);
    if (this.#gzip.destroyed) throw gone();
    this.#gzip.end();
    await Promise.race([once(this.#gzip, 'end'), once(this.#gzip, 'close')]);
  }

  async #chunks(data: Buffer, hash: Hash, done: (error?: Error) => void): Promise<void> {
    try {
      for (let at = 0; at < data.length; at += CHUNK) {
        const chunk = data.subarray(at, at + CHUNK);
        hash.update(chunk);
        // One write: a sign of life must not come between the two.
        await this.#write(Buffer.concat([Buffer.from(`#${chunk.length}\n`), chunk]));
      }
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  }

  async #write(data: string | Buffer): Promise<void> {
    if (this.#gzip.destroyed) throw gone();
    if (!this.#gzip.write(data)) await roomAgain(this.#gzip);
    if (this.#gzip.destroyed) throw gone();
  }
}

function gone(): Hop3Error {
  return new Hop3Error('HOP3_CANCELLED', { what: 'Nobody reads the backup any more.' });
}

/**
 * Reads a backup part by part, each with its content as a stream; `take` has to read it to its end. When this returns every checksum was right
 * and the end was there.
 * @throws Hop3Error HOP3_BACKUP when it is no backup, damaged or cut; and what `take` throws
 */
export async function readBackup(source: Readable, take: (part: Part, content: Readable) => Promise<void>): Promise<void> {
  const gunzip = createGunzip();
  source.once('error', (error) => gunzip.destroy(error));
  const reader = new ByteReader(source.pipe(gunzip));
  try {
    if ((await reader.line()) !== FIRST_LINE.trim()) throw damaged('it does not begin like one');
    let parts = 0;
    for (;;) {
      const line = await reader.line();
      if (line === '~') continue;
      const part = parsePart(line);
      if (part.kind === 'error') throw await notFinished(reader);
      if (part.kind === 'end') {
        const last = JSON.parse(await wholeText(reader)) as { parts?: number };
        if (last.parts !== parts) throw damaged(`it says ${last.parts} parts and has ${parts}`);
        return;
      }
      await onePart(reader, part, take);
      parts += 1;
    }
  } catch (error) {
    if (error instanceof Hop3Error || (error as { info?: unknown }).info !== undefined) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw /^Z_|ERR_STREAM_PREMATURE/.test(code) || error instanceof SyntaxError ? damaged((error as Error).message) : error;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

async function onePart(reader: ByteReader, part: Part, take: (part: Part, content: Readable) => Promise<void>): Promise<void> {
  const content = new PassThrough();
  let failed: unknown;
  const taken = take(part, content).catch((error: unknown) => {
    failed = error;
    content.destroy();
  });
  try {
    await chunksOf(reader, part, async (chunk) => {
      if (content.destroyed) throw failed ?? new Error('the part was not read to its end');
      if (!content.write(chunk)) await Promise.race([roomAgain(content), taken]);
    });
    content.end();
  } catch (error) {
    // Whoever takes fails as well now, with less to say.
    const first = failed ?? error;
    content.on('error', () => {});
    content.destroy(error as Error);
    await taken;
    throw first;
  }
  await taken;
  if (failed !== undefined) throw failed;
}

async function chunksOf(reader: ByteReader, part: Part, each: (chunk: Buffer) => Promise<void>): Promise<void> {
  const hash = createHash('sha256');
  for (;;) {
    const line = await reader.line();
    if (line === '~') continue;
    if (line.startsWith('=')) {
      if (line.slice(1) !== hash.digest('hex')) throw damaged(`the checksum of ${partName(part)} is wrong`);
      return;
    }
    // The server broke off, and says why.
    if (line.startsWith('{') && parsePart(line).kind === 'error') throw await notFinished(reader);
    const size = /^#(\d{1,6})$/.exec(line);
    if (!size || Number(size[1]) > CHUNK) throw damaged(`${partName(part)} is broken in the middle`);
    const chunk = await reader.bytes(Number(size[1]));
    hash.update(chunk);
    await each(chunk);
  }
}

/** Resolves when a stream takes more, or nothing any more. */
export function roomAgain(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
    if (stream.destroyed || !stream.writableNeedDrain) done();
  });
}

async function notFinished(reader: ByteReader): Promise<Hop3Error> {
  const { what, next } = JSON.parse(await wholeText(reader)) as { what?: string; next?: string };
  return new Hop3Error('HOP3_BACKUP', { what: `The server could not finish the backup: ${what ?? 'it does not say why'}`, ...(next === undefined ? {} : { next }) });
}

async function wholeText(reader: ByteReader): Promise<string> {
  const chunks: Buffer[] = [];
  await chunksOf(reader, { kind: 'end', name: '' }, async (chunk) => {
    if (chunks.length > 16) throw damaged('its end is too long');
    chunks.push(chunk);
  });
  return Buffer.concat(chunks).toString('utf8');
}

/** "the data of shop", for people. */
export function partName({ kind, name }: Part): string {
  switch (kind) {
    case 'repo': return `the repository of ${name}`;
    case 'app': return `the data of ${name}`;
    case 'addon': return `the dump of ${name}`;
    case 'manifest': case 'key': case 'database': case 'notes': case 'error': case 'end': return `the ${kind}`;
  }
}

const KINDS = new Set<string>(['manifest', 'key', 'database', 'repo', 'app', 'addon', 'notes', 'error', 'end']);

function parsePart(line: string): Part {
  const { kind, name } = JSON.parse(line) as { kind?: unknown; name?: unknown };
  // A name becomes part of a path: exactly what an app or addon may be called.
  if (typeof kind !== 'string' || !KINDS.has(kind) || typeof name !== 'string' || !/^(?:[a-z][a-z0-9-]{0,80})?$/.test(name)) throw damaged('it has a part of no known kind');
  return { kind: kind as PartKind, name };
}

export function damaged(why: string): Hop3Error {
  return new Hop3Error('HOP3_BACKUP', { what: `This is no whole backup of Hop3: ${why}.`, next: 'Take another copy of it; `hop3 backup verify` tells a whole one.' });
}

/** Lines and counted bytes out of a stream. */
class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    for (;;) {
      const end = this.#buffer.indexOf(10);
      if (end >= 0) {
        const line = this.#buffer.subarray(0, end).toString('utf8');
        this.#buffer = this.#buffer.subarray(end + 1);
        return line;
      }
      if (this.#buffer.length > LONGEST_LINE) throw damaged('a line of it is too long');
      await this.#more();
    }
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#buffer.length < count) await this.#more();
    const bytes = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return bytes;
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#chunks.next();
    if (done) throw damaged('its end is missing');
    this.#buffer = this.#buffer.length === 0 ? value : Buffer.concat([this.#buffer, value]);
  }
}

/** Counts the bytes that pass. */
export class ByteCount extends Transform {
  bytes = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error: Error | null, chunk: Buffer) => void): void {
    this.bytes += chunk.length;
    done(null, chunk);
  }
}
