import type { AppName } from '../names.ts';
import type { Database, Row } from './database.ts';

export interface AppRow {
  readonly name: AppName;
  /** The deployed branch, for example "main"; null until the first push. */
  readonly branch: string | null;
  /** Number of the release that is live; null while there is none. */
  readonly live: number | null;
  readonly createdAt: number;
  readonly createdBy: string;
  /** When `[admin] create` was run with success, in milliseconds since 1970. */
  readonly adminMadeAt: number | null;
  /** When its destruction began, in milliseconds since 1970: it is finished, whatever comes in between. */
  readonly destroyingAt: number | null;
}

export class Apps {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  list(): AppRow[] {
    return this.#db.all('SELECT * FROM apps ORDER BY name').map(toApp);
  }

  get(name: AppName): AppRow | null {
    const row = this.#db.get('SELECT * FROM apps WHERE name = $name', { name });
    return row && toApp(row);
  }

  create(name: AppName, by: string): void {
    this.#db.run('INSERT INTO apps (name, created_at, created_by) VALUES ($name, $now, $by)', { name, now: Date.now(), by });
  }

  /** From here on the app is to go: a server that dies now finishes it at its next start. */
  beginDestruction(name: AppName): void {
    this.#db.run('UPDATE apps SET destroying_at = coalesce(destroying_at, $now) WHERE name = $name', { name, now: Date.now() });
  }

  remove(name: AppName): void {
    this.#db.transaction(() => {
      this.#db.run('DELETE FROM releases WHERE app = $name', { name });
      this.#db.run('DELETE FROM builds WHERE app = $name', { name });
      this.#db.run('DELETE FROM apps WHERE name = $name', { name });
    });
  }

  adminMade(name: AppName): void {
    this.#db.run('UPDATE apps SET admin_made_at = $now WHERE name = $name', { name, now: Date.now() });
  }

  setBranch(name: AppName, branch: string): void {
    this.#db.run('UPDATE apps SET branch = $branch WHERE name = $name', { name, branch });
  }
}

function toApp(row: Row): AppRow {
  return {
    name: row['name'] as AppName,
    branch: row['branch'] as string | null,
    live: row['live'] as number | null,
    createdAt: row['created_at'] as number,
    createdBy: row['created_by'] as string,
    adminMadeAt: row['admin_made_at'] as number | null,
    destroyingAt: row['destroying_at'] as number | null,
  };
}
