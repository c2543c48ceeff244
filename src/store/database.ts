import { chmodSync } from 'node:fs';
import type BetterSqlite from 'better-sqlite3';
import { Hop3Error } from '../errors.ts';
import { copyDatabase } from './database-copy.ts';
import { migrate, refuseNewer, schemaVersion } from './migrate.ts';
import { migrations } from './migrations.ts';
import { sqlite } from './sqlite.ts';

export type Value = string | number | bigint | null | Buffer;
export type Row = Record<string, Value>;

/**
 * A thin layer over the SQLite library, so that it can be exchanged: prepared statements by text, strict parameters,
 * immediate transactions. All calls are synchronous; one takes microseconds, a commit one sync to disk.
 */
export class Database {
  readonly #db: BetterSqlite.Database;
  readonly #statements = new Map<string, BetterSqlite.Statement>();

  private constructor(db: BetterSqlite.Database) {
    this.#db = db;
  }

  /**
   * Opens (or makes) the database file, 0600, and brings it to the newest schema.
   * @param copies where a copy goes before a schema is changed; null for a database that nobody would go back to
   * @throws Hop3Error HOP3_DATABASE when the file is newer than this Hop3, unreadable or damaged, when it could not be copied, or
   * when it could not be brought to the newest schema: it is as it was then
   */
  static open(file: string, copies: string | null = null): Database {
    let db: BetterSqlite.Database;
    try {
      db = new (sqlite())(file);
      if (file !== ':memory:') chmodSync(file, 0o600);
      // FULL: a release that was told to the client must survive a power cut.
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      db.pragma('busy_timeout = 5000');
      db.pragma('foreign_keys = ON');
      // A value that was unset must not stay readable in the file's free pages.
      db.pragma('secure_delete = ON');
    } catch (error) {
      throw new Hop3Error('HOP3_DATABASE', {
        what: `The database ${file} cannot be opened: ${(error as Error).message}`,
        next: 'Check that the file belongs to the user Hop3 runs as, and that the disk is neither full nor read-only. Apps that run keep running.',
        cause: error,
      });
    }
    try {
      bringUpToDate(db, file, copies);
    } catch (error) {
      db.close();
      throw error;
    }
    return new Database(db);
  }

  run(sql: string, params: Readonly<Record<string, Value>> = {}): number {
    return this.#statement(sql).run(params).changes;
  }

  get(sql: string, params: Readonly<Record<string, Value>> = {}): Row | null {
    return (this.#statement(sql).get(params) as Row | undefined) ?? null;
  }

  all(sql: string, params: Readonly<Record<string, Value>> = {}): Row[] {
    return this.#statement(sql).all(params) as Row[];
  }

  /** Runs `work` in one immediate transaction: all of it is on disk, or none. */
  transaction<T>(work: () => T): T {
    return this.#db.transaction(work).immediate();
  }

  /**
   * The same for rows that nobody is told of yet and that can be made again: no sync of its own, they are on disk with the next
   * transaction that has one. A crash of the server takes nothing away; a power cut may, and then the newest first.
   */
  unsyncedTransaction<T>(work: () => T): T {
    this.#db.pragma('synchronous = NORMAL');
    try {
      return this.transaction(work);
    } finally {
      this.#db.pragma('synchronous = FULL');
    }
  }

  /** Overwrites what deleted and replaced rows have left in the file and its log. Takes as long as copying the database. */
  wipeFreed(): void {
    this.#db.exec('VACUUM');
    this.#db.pragma('wal_checkpoint(TRUNCATE)');
  }

  /** Writes a copy, one state of the database, into a directory and gives its file. @throws Hop3Error HOP3_DATABASE */
  copyTo(dir: string): string {
    return copyDatabase(this.#db, dir, migrations.length);
  }

  close(): void {
    this.#db.close();
  }

  #statement(sql: string): BetterSqlite.Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function bringUpToDate(db: BetterSqlite.Database, file: string, copies: string | null): void {
  const version = schemaVersion(db);
  refuseNewer(file, version);
  if (version === migrations.length) return;
  // A new one holds nothing that could be lost.
  const copy = version > 0 && copies !== null ? copyDatabase(db, copies, version) : null;
  migrate(db, file, copy);
}
