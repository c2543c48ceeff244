import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import type { Readable, Writable } from 'node:stream';
import type { Redis } from 'ioredis';
import { Hop3Error } from '../errors.ts';

const FIRST_LINE = '{"hop3":"redis dump","version":1}';
/** Keys asked for or written in one round trip. */
const BATCH = 200;

/**
 * Every key as a line of JSON: its name, the moment it expires (milliseconds since 1970, 0 for never) and its value as DUMP gives
 * it, in base64. Text, so that it can be kept and compared like any other dump; the last line says how many.
 */
export async function dumpKeys(client: Redis, out: Writable): Promise<void> {
  await write(out, `${FIRST_LINE}\n`);
  let count = 0;
  let cursor = '0';
  do {
    const [next, keys] = await client.scanBuffer(cursor, 'COUNT', BATCH);
    cursor = next.toString();
    const answers = await client.pipeline(keys.flatMap((key) => [['pexpiretime', key], ['pttl', key], ['dumpBuffer', key]])).exec();
    for (const [index, key] of keys.entries()) {
      const [moment, left, dumped] = answers!.slice(3 * index, 3 * index + 3);
      const value = dumped![1] as Buffer | null;
      // PEXPIRETIME came with Redis 7; before that the moment is now and what is left.
      const expires = moment![0] === null ? Number(moment![1]) : Number(left![1]) < 0 ? 0 : Date.now() + Number(left![1]);
      if (value === null) continue; // expired meanwhile
      await write(out, `${JSON.stringify({ key: key.toString('base64'), expires: Math.max(0, expires), value: value.toString('base64') })}\n`);
      count += 1;
    }
  } while (cursor !== '0');
  await write(out, `{"keys":${count}}\n`);
}

/**
 * Replaces all keys with those of a dump. The dump is read to its end and checked before the first key is touched.
 * @param scratch a file that may be written; the caller removes it
 * @throws Hop3Error HOP3_ADDON_RESTORE
 */
export async function restoreKeys(client: Redis, input: Readable, scratch: string): Promise<void> {
  await pipeline(input, createWriteStream(scratch, { mode: 0o600 }));
  const count = await checkDump(scratch);
  await client.flushdb();
  let batch: (string | Buffer)[][] = [];
  let done = 0;
  const flush = async () => {
    const answers = await client.pipeline(batch).exec();
    const failed = answers!.find(([error]) => error !== null)?.[0];
    if (failed) {
      throw new Hop3Error('HOP3_ADDON_RESTORE', {
        what: `Redis refused a key of the dump: ${failed.message}`,
        next: `${done} of ${count} keys were restored. A dump of a newer Redis cannot be read by an older one.`,
      });
    }
    done += batch.length;
    batch = [];
  };
  for await (const line of lines(scratch)) {
    const entry = JSON.parse(line) as { key?: string; expires?: number; value?: string };
    if (entry.key === undefined) continue;
    batch.push(['restore', Buffer.from(entry.key, 'base64'), String(entry.expires), Buffer.from(entry.value!, 'base64'), 'REPLACE', 'ABSTTL']);
    if (batch.length >= BATCH) await flush();
  }
  if (batch.length > 0) await flush();
}

async function checkDump(file: string): Promise<number> {
  let number = 0;
  let keys = 0;
  let said: number | null = null;
  for await (const line of lines(file)) {
    number += 1;
    if (number === 1 && line !== FIRST_LINE) throw wrong('it does not begin like a dump that `hop3 addon redis dump` wrote');
    if (number === 1) continue;
    if (said !== null) throw wrong(`line ${number} comes after its end`);
    const entry = parse(line);
    if (typeof entry['keys'] === 'number') said = entry['keys'];
    else if (typeof entry['key'] === 'string' && typeof entry['value'] === 'string' && Number.isSafeInteger(entry['expires'])) keys += 1;
    else throw wrong(`line ${number} is no key`);
  }
  if (said !== keys) throw wrong(said === null ? 'its end is missing' : `it says ${said} keys and has ${keys}`);
  return keys;
}

function parse(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function wrong(why: string): Hop3Error {
  return new Hop3Error('HOP3_ADDON_RESTORE', { what: `This is no whole Redis dump: ${why}.`, next: 'Nothing was changed.' });
}

function lines(file: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(file), crlfDelay: Infinity });
}

async function write(out: Writable, text: string): Promise<void> {
  if (out.destroyed) throw new Hop3Error('HOP3_CANCELLED', { what: 'Nobody reads the dump any more.' });
  if (!out.write(text)) await Promise.race([once(out, 'drain'), once(out, 'close')]);
}
