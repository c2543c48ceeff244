import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type BetterSqlite from 'better-sqlite3';
import { Hop3Error } from '../errors.ts';

/** Copies that are kept; the oldest go. */
const KEPT = 5;
const NAME = /^hop3-schema\d+-\d{8}T\d{6}(?:\.\d+)?Z\.db$/;

/**
 * Writes a copy of an open database, such as hop3-schema8-20261127T022743.120Z.db, 0600, and lets go of the oldest. Consistent while others
 * write: `VACUUM INTO` reads one state of the database, write-ahead log included. A half-made copy never has the name of a whole one.
 * @param kind `rehearsal`: under a name of its own, for a copy that the caller removes
 * @returns the file
 * @throws Hop3Error HOP3_DATABASE when it cannot be made
 */
export function copyDatabase(db: BetterSqlite.Database, dir: string, version: number, kind: 'kept' | 'rehearsal' = 'kept'): string {
  const time = new Date().toISOString().replace(/[-:]/g, '');
  const file = join(dir, kind === 'kept' ? `hop3-schema${version}-${time}.db` : `rehearsal-${process.pid}.db`);
  const made = `${file}.new`;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    if (kind === 'kept') for (const left of readdirSync(dir).filter((name) => name.endsWith('.new'))) rmSync(join(dir, left));
    // SQLite writes into an empty file that is there, and leaves its mode alone.
    closeSync(openSync(made, 'wx', 0o600));
    db.prepare('VACUUM INTO ?').run(made);
    syncFile(made);
    renameSync(made, file);
    syncFile(dir);
    if (kind === 'kept') removeOldest(dir);
  } catch (error) {
    if (existsSync(made)) rmSync(made);
    throw new Hop3Error('HOP3_DATABASE', {
      what: `The database has to be copied to ${dir} before it is changed, and that failed: ${(error as Error).message}`,
      why: 'Nothing was changed. Apps that run keep running.',
      next: 'Make room on the disk of HOP3_ROOT, or see who owns that directory, and start again.',
      cause: error,
    });
  }
  return file;
}

function removeOldest(dir: string): void {
  const byTime = (name: string) => name.slice(name.lastIndexOf('-'));
  const copies = readdirSync(dir).filter((name) => NAME.test(name)).sort((a, b) => (byTime(a) < byTime(b) ? -1 : 1));
  for (const old of copies.slice(0, -KEPT)) rmSync(join(dir, old));
}

function syncFile(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
