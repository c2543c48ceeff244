import { Apps } from './apps.ts';
import { Builds } from './builds.ts';
import { Database } from './database.ts';
import { OperatorEnv } from './env.ts';
import { Ports } from './ports.ts';
import { Releases } from './releases.ts';
import { Tokens } from './tokens.ts';

/** All state that is not files: one SQLite database, one object a table. */
export class Store {
  readonly apps: Apps;
  readonly builds: Builds;
  readonly env: OperatorEnv;
  readonly ports: Ports;
  readonly releases: Releases;
  readonly tokens: Tokens;
  readonly #db: Database;

  private constructor(db: Database) {
    this.#db = db;
    this.apps = new Apps(db);
    this.builds = new Builds(db);
    this.env = new OperatorEnv(db);
    this.ports = new Ports(db);
    this.releases = new Releases(db);
    this.tokens = new Tokens(db);
  }

  /** @throws Hop3Error HOP3_DATABASE */
  static open(file: string): Store {
    return new Store(Database.open(file));
  }

  /** Answers only when the database can be read. */
  ping(): void {
    this.#db.get('SELECT 1 AS one');
  }

  close(): void {
    this.#db.close();
  }
}
