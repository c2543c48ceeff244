import type { AppName } from '../names.ts';
import type { Database } from './database.ts';

export type PortProtocol = 'tcp' | 'udp';

export interface FixedPortRow {
  readonly number: number;
  readonly protocol: PortProtocol;
  readonly app: AppName;
  readonly name: string | null;
}

/** The host's register of fixed ports (`[[ports]]`): one owner each, until its app is destroyed or asks no longer. */
export class FixedPorts {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  get(number: number, protocol: PortProtocol): FixedPortRow | null {
    return (this.#db.all('SELECT * FROM fixed_ports WHERE number = $number AND protocol = $protocol', { number, protocol })[0] ?? null) as unknown as FixedPortRow | null;
  }

  ofApp(app: AppName): FixedPortRow[] {
    return this.#db.all('SELECT * FROM fixed_ports WHERE app = $app ORDER BY number, protocol', { app }) as unknown as FixedPortRow[];
  }

  /** Those that no worker may be given for itself. */
  tcp(): Set<number> {
    return new Set(this.#db.all(`SELECT number FROM fixed_ports WHERE protocol = 'tcp'`).map((row) => row['number'] as number));
  }

  all(): FixedPortRow[] {
    return this.#db.all('SELECT * FROM fixed_ports ORDER BY number, protocol') as unknown as FixedPortRow[];
  }

  /** Gives the port to the app, or the name anew where the app has it. The caller has seen that nobody else does. */
  claim(row: FixedPortRow): void {
    this.#db.run(
      'INSERT INTO fixed_ports (number, protocol, app, name) VALUES ($number, $protocol, $app, $name) ON CONFLICT (number, protocol) DO UPDATE SET name = excluded.name WHERE app = excluded.app',
      { number: row.number, protocol: row.protocol, app: row.app, name: row.name },
    );
  }

  release(app: AppName, number: number, protocol: PortProtocol): void {
    this.#db.run('DELETE FROM fixed_ports WHERE app = $app AND number = $number AND protocol = $protocol', { app, number, protocol });
  }
}
