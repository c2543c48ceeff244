import type { AppName } from '../names.ts';
import type { Database } from './database.ts';
import type { Seal } from './seal.ts';

/** The variables an app's operator set; what the next release will run with. */
export class OperatorEnv {
  readonly #db: Database;
  readonly #seal: Seal;
  constructor(db: Database, seal: Seal) {
    this.#db = db;
    this.#seal = seal;
  }

  get(app: AppName): Record<string, string> {
    const rows = this.#db.all('SELECT name, value FROM env WHERE app = $app ORDER BY name', { app });
    return Object.fromEntries(rows.map((row) => {
      const name = row['name'] as string;
      return [name, this.#seal.open(row['value'] as string, envPlace(app, name))];
    }));
  }

  /** Text sets, null unsets. For an app with nothing live; with a live release the release's switch writes them. */
  change(app: AppName, changes: Readonly<Record<string, string | null>>): void {
    this.#db.transaction(() => {
      for (const [name, value] of Object.entries(changes)) {
        if (value === null) this.#db.run('DELETE FROM env WHERE app = $app AND name = $name', { app, name });
        else {
          this.#db.run(
            'INSERT INTO env (app, name, value) VALUES ($app, $name, $value) ON CONFLICT (app, name) DO UPDATE SET value = excluded.value',
            { app, name, value: this.#seal.seal(value, envPlace(app, name)) },
          );
        }
      }
    });
  }
}

/** What an operator's variable is sealed for. */
export function envPlace(app: AppName, name: string): string {
  return `env/${app}/${name}`;
}
