import type { AppName } from '../names.ts';
import type { SlotName } from '../paths.ts';
import type { Database } from './database.ts';

interface Before {
  readonly domains: readonly { readonly host: string; readonly source: string; readonly position: number }[];
  readonly fixedPorts: readonly { readonly number: number; readonly protocol: string; readonly name: string | null }[];
  readonly scale: readonly { readonly process: string; readonly count: number }[];
}

/**
 * What a deploy changes before its switch although the live release goes on with it as it was: the app's names, fixed ports and scale.
 * A deploy that fails puts them back itself; one that the server's death cut off is put back from here.
 */
export class Unsettled {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** Keeps how all of it is now. `live` is the slot that serves now: a switch shows in its being another one. The first call of a deploy counts. */
  begin(app: AppName, live: SlotName | null): void {
    this.#db.transaction(() => {
      const before = {
        domains: this.#db.all('SELECT host, source, position FROM domains WHERE app = $app', { app }),
        fixedPorts: this.#db.all('SELECT number, protocol, name FROM fixed_ports WHERE app = $app', { app }),
        scale: this.#db.all('SELECT process, count FROM scale WHERE app = $app', { app }),
      };
      this.#db.run('INSERT INTO unsettled (app, slot, before) VALUES ($app, $slot, $before) ON CONFLICT (app) DO NOTHING', { app, slot: live, before: JSON.stringify(before) });
    });
  }

  /** The deploy has ended, well or not. */
  end(app: AppName): void {
    this.#db.run('DELETE FROM unsettled WHERE app = $app', { app });
  }

  /** Deploys that were under way when the server died. */
  list(): { app: AppName; live: SlotName | null }[] {
    return this.#db.all('SELECT app, slot FROM unsettled').map((row) => ({ app: row['app'] as AppName, live: row['slot'] as SlotName | null }));
  }

  /** Everything as it was at `begin`. One transaction. */
  takeBack(app: AppName): void {
    this.#db.transaction(() => {
      const row = this.#db.get('SELECT before FROM unsettled WHERE app = $app', { app });
      if (!row) return;
      const before = JSON.parse(row['before'] as string) as Before;
      for (const table of ['domains', 'fixed_ports', 'scale']) this.#db.run(`DELETE FROM ${table} WHERE app = $app`, { app });
      for (const each of before.domains) this.#db.run('INSERT INTO domains (host, app, source, position) VALUES ($host, $app, $source, $position)', { ...each, app });
      for (const each of before.fixedPorts) this.#db.run('INSERT INTO fixed_ports (number, protocol, app, name) VALUES ($number, $protocol, $app, $name)', { ...each, app });
      for (const each of before.scale) this.#db.run('INSERT INTO scale (app, process, count) VALUES ($app, $process, $count)', { ...each, app });
      this.end(app);
    });
  }
}
