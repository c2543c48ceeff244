import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Hop3Error } from '../errors.ts';
import { syncDirectory } from '../write-whole.ts';

const KEY_BYTES = 32;

export const newKey = (): Buffer => randomBytes(KEY_BYTES);

/**
 * The keys of a key file, one a line: the first is the one in use; those after it are older ones, which are there only while values are sealed anew.
 * Makes the file (0600) where there is none and `mayMake` allows it.
 * @throws Hop3Error HOP3_SECRET_KEY when it is missing and may not be made, unreadable, or holds something else
 */
export function readKeys(file: string, mayMake: boolean): Buffer[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && mayMake) {
      const key = newKey();
      create(file, [key]);
      return [key];
    }
    throw new Hop3Error('HOP3_SECRET_KEY', {
      what: `The key file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}), and the database holds values that were encrypted with it.`,
      next: 'Put the key file back from your backup; without it these values are lost. Apps that run keep running.',
      cause: error,
    });
  }
  const keys = text.split('\n').map((line) => line.trim()).filter((line) => line !== '').map((line) => Buffer.from(line, 'base64'));
  if (keys.length === 0 || keys.some((key) => key.length !== KEY_BYTES)) {
    throw new Hop3Error('HOP3_SECRET_KEY', {
      what: `The key file ${file} does not hold a key: ${KEY_BYTES} bytes in base64 on one line.`,
      next: 'Put the key file back from your backup.',
    });
  }
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new Hop3Error('HOP3_SECRET_KEY', { what: `The key file ${file} can be read by other users.`, next: `chmod 600 ${file}` });
  }
  return keys;
}

/**
 * Replaces what the key file holds: all of it is on disk when this returns, or the file is as it was.
 * @throws Hop3Error HOP3_SECRET_KEY when it cannot be written
 */
export function replaceKeys(file: string, keys: readonly Buffer[]): void {
  try {
    // A link to another disk stays one.
    const place = realpathSync(file);
    const next = `${place}.new`;
    rmSync(next, { force: true });
    create(next, keys);
    renameSync(next, place);
    syncDirectory(dirname(place));
  } catch (error) {
    throw new Hop3Error('HOP3_SECRET_KEY', {
      what: `The key file ${file} cannot be replaced: ${(error as Error).message}`,
      next: 'Its directory must belong to the user Hop3 runs as. docs/operations.md ("A new key") says how to do it by hand where that is not wanted.',
      cause: error,
    });
  }
}

function create(file: string, keys: readonly Buffer[]): void {
  const handle = openSync(file, 'wx', 0o600);
  try {
    writeSync(handle, keys.map((key) => `${key.toString('base64')}\n`).join(''));
    // Before the first value that depends on it.
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
