import { chmodSync } from 'node:fs';
import BetterSqlite from 'better-sqlite3';
import { migrations } from './migrations.ts';
import { Hop3Error } from '../errors.ts';

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
   * @throws Hop3Error HOP3_DATABASE when the file is newer than this Hop3, unreadable or damaged
   */
  static open(file: string): Database {
    let db: BetterSqlite.Database;
    try {
      db = new BetterSqlite(file);
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
    const database = new Database(db);
    database.#migrate(file);
    return database;
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

  /** Overwrites what deleted and replaced rows have left in the file and its log. Takes as long as copying the database. */
  wipeFreed(): void {
    this.#db.exec('VACUUM');
    this.#db.pragma('wal_checkpoint(TRUNCATE)');
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

  #migrate(file: string): void {
    const version = this.#db.pragma('user_version', { simple: true }) as number;
    if (version > migrations.length) {
      throw new Hop3Error('HOP3_DATABASE', {
        what: `The database ${file} has schema ${version}, and this Hop3 knows schemas up to ${migrations.length}.`,
        next: 'It was written by a newer Hop3: start that one, or restore the copy it made before its upgrade.',
      });
    }
    for (let next = version; next < migrations.length; next += 1) {
      this.#db.transaction(() => {
        this.#db.exec(migrations[next]!);
        this.#db.pragma(`user_version = ${next + 1}`);
      })();
    }
  }
}
