import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Hop3Error } from './errors.ts';

/** Bytes of the newest log file that are looked at: enough for 10,000 lines of ordinary length. */
const TAIL_BYTES = 2 * 1024 * 1024;

/**
 * The last lines that the server wrote, oldest first, from the files its log service keeps: `<dir>/server/current` and
 * before that the newest one that was rotated away.
 * @throws Hop3Error HOP3_NO_LOG for a server that was started by hand and so has no log file
 */
export async function readServerLog(logsDir: string, lines: number): Promise<string[]> {
  const dir = join(logsDir, 'server');
  const rotated = (await readdir(dir).catch(() => [])).filter((name) => name.startsWith('@')).sort();
  const files = [...rotated.slice(-1), 'current'].map((name) => join(dir, name));
  const texts = await Promise.all(files.map(tailOf));
  if (texts.every((text) => text === null)) {
    throw new Hop3Error('HOP3_NO_LOG', {
      what: `The server keeps no log in ${dir}.`,
      next: 'Started by hand, it writes to its own terminal; started with `hop3 up`, into that directory.',
    });
  }
  const all = texts.filter((text) => text !== null).join('').split('\n');
  if (all.at(-1) === '') all.pop();
  return all.slice(-lines);
}

async function tailOf(file: string): Promise<string | null> {
  const found = await stat(file).catch(() => null);
  if (!found?.isFile()) return null;
  const handle = await open(file, 'r');
  try {
    const from = Math.max(0, found.size - TAIL_BYTES);
    const buffer = Buffer.alloc(found.size - from);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
    const text = buffer.toString('utf8', 0, bytesRead);
    return from === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    await handle.close();
  }
}
