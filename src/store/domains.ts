import type { AppName } from '../names.ts';
import type { Database } from './database.ts';

export interface DomainRow {
  readonly host: string;
  readonly app: AppName;
  /** Who asked for it: hop3.toml, or the operator by command. */
  readonly source: 'hop3.toml' | 'operator';
}

/** The names that apps answer to besides their own; a name has one owner. `_` is every name that nobody has. */
export class Domains {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** In the order they were given. */
  ofApp(app: AppName): DomainRow[] {
    return this.#db.all('SELECT host, app, source FROM domains WHERE app = $app ORDER BY position', { app }) as unknown as DomainRow[];
  }

  all(): DomainRow[] {
    return this.#db.all('SELECT host, app, source FROM domains ORDER BY app, position') as unknown as DomainRow[];
  }

  owner(host: string): AppName | null {
    return (this.#db.get('SELECT app FROM domains WHERE host = $host', { host })?.['app'] as AppName | undefined) ?? null;
  }

  /** All names of an app anew, in this order. */
  set(app: AppName, rows: readonly Pick<DomainRow, 'host' | 'source'>[]): void {
    this.#db.transaction(() => {
      this.#db.run('DELETE FROM domains WHERE app = $app', { app });
      for (const [position, { host, source }] of rows.entries()) {
        this.#db.run('INSERT INTO domains (host, app, source, position) VALUES ($host, $app, $source, $position)', { host, app, source, position });
      }
    });
  }
}
