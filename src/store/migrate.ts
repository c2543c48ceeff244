import { existsSync, rmSync } from 'node:fs';
import type BetterSqlite from 'better-sqlite3';
import { Hop3Error } from '../errors.ts';
import { copyDatabase } from './database-copy.ts';
import { migrations } from './migrations.ts';
import { sqlite } from './sqlite.ts';

/** How many of the migrations a database has been through. */
export function schemaVersion(db: BetterSqlite.Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}

/** @throws Hop3Error HOP3_DATABASE for a database that only a newer Hop3 understands */
export function refuseNewer(file: string, version: number, known = migrations.length): void {
  if (version <= known) return;
  throw new Hop3Error('HOP3_DATABASE', {
    what: `The database ${file} has schema ${version}, and this Hop3 knows schemas up to ${known}.`,
    next: 'It was written by a newer Hop3, and nothing in it was changed. Start that one again; or, to go back for good, restore the copy that it made before its upgrade (docs/operations.md, "Going back").',
  });
}

/**
 * Brings an open database to the newest schema, all steps in one transaction: it has the newest schema afterwards, or is as it was.
 * @param copy the file to go back to, for the message
 * @throws Hop3Error HOP3_DATABASE
 */
export function migrate(db: BetterSqlite.Database, file: string, copy: string | null, steps: readonly string[] = migrations): void {
  const version = schemaVersion(db);
  try {
    db.transaction(() => {
      for (const step of steps.slice(version)) db.exec(step);
      db.pragma(`user_version = ${steps.length}`);
    }).immediate();
  } catch (error) {
    throw new Hop3Error('HOP3_DATABASE', {
      what: `The database ${file} could not be brought from schema ${version} to ${steps.length}: ${(error as Error).message}`,
      why: 'It is as it was: the whole change is one transaction, which was taken back. Apps that run keep running.',
      next: `Start the Hop3 from before the upgrade again (docs/operations.md, "Going back"), and report this.${copy === null ? '' : `\nA copy of the database from before the attempt: ${copy}`}`,
      cause: error,
    });
  }
}

/** The schema of a database that others may have open; null where there is none. */
export function currentSchema(file: string): number | null {
  const db = openReadOnly(file);
  if (db === null) return null;
  try {
    return schemaVersion(db);
  } finally {
    db.close();
  }
}

/**
 * Tries the migrations on a copy, beside a server that goes on using the database.
 * @returns the schema that the database has, and whether it would be changed; null when there is no database yet
 * @throws Hop3Error HOP3_DATABASE when it is newer, unreadable, cannot be copied, or cannot be brought to the newest schema
 */
export function rehearseMigration(file: string, dir: string, steps: readonly string[] = migrations): { readonly version: number; readonly changes: boolean } | null {
  const db = openReadOnly(file);
  if (db === null) return null;
  try {
    const version = schemaVersion(db);
    refuseNewer(file, version, steps.length);
    if (version === steps.length) return { version, changes: false };
    const copy = copyDatabase(db, dir, version, 'rehearsal');
    try {
      const tried = new (sqlite())(copy);
      try {
        migrate(tried, file, null, steps);
      } finally {
        tried.close();
      }
    } finally {
      rmSync(copy, { force: true });
      rmSync(`${copy}-journal`, { force: true });
    }
    return { version, changes: true };
  } finally {
    db.close();
  }
}

function openReadOnly(file: string): BetterSqlite.Database | null {
  if (!existsSync(file)) return null;
  try {
    return new (sqlite())(file, { readonly: true, fileMustExist: true, timeout: 5000 });
  } catch (error) {
    throw new Hop3Error('HOP3_DATABASE', { what: `The database ${file} cannot be read: ${(error as Error).message}`, next: 'Check that the file belongs to the user Hop3 runs as. Apps that run keep running.', cause: error });
  }
}
