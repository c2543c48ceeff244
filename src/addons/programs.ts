import { accessSync, constants, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Hop3Error } from '../errors.ts';
import { TOOL_PATH } from '../run.ts';

/** Absolute path of an installed program, or null. `dirs` are looked through before the usual places. */
export function findProgram(name: string, dirs: readonly string[] = []): string | null {
  for (const dir of [...dirs, ...(process.env['HOP3_TOOL_PATH'] ?? TOOL_PATH).split(':')]) {
    const file = join(dir, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // the next place
    }
  }
  return null;
}

/** @throws Hop3Error HOP3_ADDON_PROGRAM that names the package */
export function needProgram(name: string, title: string, aptPackage: string, dirs: readonly string[] = []): string {
  const found = findProgram(name, dirs);
  if (found !== null) return found;
  throw new Hop3Error('HOP3_ADDON_PROGRAM', {
    what: `${title} is not installed on this server: there is no program ${name}.`,
    next: `On the server: apt-get install ${aptPackage}`,
  });
}

/** Debian keeps each major version of PostgreSQL in a directory of its own; the newest first. */
export function postgresBinDirs(): string[] {
  const root = '/usr/lib/postgresql';
  try {
    return readdirSync(root).filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a)).map((version) => join(root, version, 'bin'));
  } catch {
    return [];
  }
}
