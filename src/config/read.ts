import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Hop3Error } from '../errors.ts';
import { CONFIG_PLACES } from '../source-files.ts';
import type { AppConfig } from './model.ts';
import { parseConfig } from './parse.ts';
import { decodeText, MAX_CONFIG_BYTES } from './text.ts';

export { type ConfigInput, parseConfig } from './parse.ts';

/**
 * Reads the configuration of a checked-out tree. No file at all is a configuration too: the empty one.
 * @throws Hop3Error HOP3_CONFIG with every problem found, each with file, line and column
 */
export async function readConfig(sourceDir: string): Promise<AppConfig> {
  const found: { path: string; text: string }[] = [];
  for (const path of CONFIG_PLACES) {
    const text = await readText(sourceDir, path);
    if (text !== null) found.push({ path, text });
  }
  if (found.length > 1) {
    throw new Hop3Error('HOP3_CONFIG', {
      what: `The tree has more than one configuration: ${found.map(({ path }) => path).join(' and ')}.`,
      why: 'Hop3 reads one file and does not choose between two.',
      next: 'Nothing was built. Keep one of them, commit, and push again.',
    });
  }
  return parseConfig({ hop3Toml: found[0] ?? null, procfile: await readText(sourceDir, 'Procfile') });
}

/** The text of a file of the tree, or null where there is none. Links are not followed: they may lead out of the tree. */
async function readText(sourceDir: string, path: string): Promise<string | null> {
  let handle: FileHandle;
  try {
    // NONBLOCK: opening a named pipe would wait for somebody to write to it.
    handle = await open(join(sourceDir, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw unreadable(path, code === 'ELOOP' ? 'is a symbolic link' : `cannot be read (${code})`);
  }
  try {
    const directory = dirname(join(await realpath(sourceDir), path));
    if (await realpath(dirname(join(sourceDir, path))) !== directory) throw unreadable(path, 'is reached through a symbolic link');
    const stat = await handle.stat();
    if (stat.isDirectory()) throw unreadable(path, 'is a directory');
    if (!stat.isFile()) throw unreadable(path, 'is not an ordinary file');
    const bytes = Buffer.alloc(Math.min(stat.size, MAX_CONFIG_BYTES) + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      ({ bytesRead: read } = await handle.read(bytes, length, bytes.length - length, length));
    }
    return decodeText(path, bytes.subarray(0, length));
  } finally {
    await handle.close();
  }
}

function unreadable(path: string, how: string): Hop3Error {
  return new Hop3Error('HOP3_CONFIG', {
    what: `${path} ${how}.`,
    next: `Nothing was built. Hop3 reads ${path} as an ordinary file of the tree; correct it, commit, and push again.`,
  });
}
