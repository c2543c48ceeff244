import type { AppName } from '../names.ts';
import type { Database } from './database.ts';

/** How many processes of each type an app is to have; what stands nowhere here has one. */
export class Scale {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  get(app: AppName): Record<string, number> {
    const rows = this.#db.all('SELECT process, count FROM scale WHERE app = $app ORDER BY process', { app });
    return Object.fromEntries(rows.map((row) => [row['process'] as string, row['count'] as number]));
  }

  /** All of them anew. */
  set(app: AppName, counts: Readonly<Record<string, number>>): void {
    this.#db.transaction(() => {
      this.#db.run('DELETE FROM scale WHERE app = $app', { app });
      for (const [process, count] of Object.entries(counts)) this.#db.run('INSERT INTO scale (app, process, count) VALUES ($app, $process, $count)', { app, process, count });
    });
  }
}
