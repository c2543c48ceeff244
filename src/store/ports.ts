import type { AppName } from '../names.ts';
import type { SlotName } from '../paths.ts';
import type { Database } from './database.ts';

export interface PortRow {
  readonly app: AppName;
  readonly slot: SlotName;
  readonly process: string;
  readonly instance: number;
  readonly port: number;
}

/** The host's register of worker ports: a port has one owner until its app is destroyed. */
export class Ports {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  ofApp(app: AppName): PortRow[] {
    return this.#db.all('SELECT * FROM ports WHERE app = $app ORDER BY slot, process, instance', { app }) as unknown as PortRow[];
  }

  all(): PortRow[] {
    return this.#db.all('SELECT * FROM ports ORDER BY app, slot, process, instance') as unknown as PortRow[];
  }

  taken(): Set<number> {
    return new Set(this.#db.all('SELECT port FROM ports').map((row) => row['port'] as number));
  }

  assign(row: PortRow): void {
    this.#db.run(
      'INSERT INTO ports (app, slot, process, instance, port) VALUES ($app, $slot, $process, $instance, $port)',
      { app: row.app, slot: row.slot, process: row.process, instance: row.instance, port: row.port },
    );
  }

  /** Takes back the ports of a type's processes beyond the first `keep`. */
  release(app: AppName, slot: SlotName, process: string, keep: number): void {
    this.#db.run('DELETE FROM ports WHERE app = $app AND slot = $slot AND process = $process AND instance > $keep', { app, slot, process, keep });
  }
}
