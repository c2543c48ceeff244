import type { AppName } from '../names.ts';
import type { Database, Row } from './database.ts';

/** How a cron line ran last. */
export interface CronRunRow {
  readonly name: string;
  readonly release: number;
  /** Milliseconds since 1970, both. */
  readonly startedAt: number;
  /** Null while it runs. */
  readonly endedAt: number | null;
  readonly ok: boolean;
  /** "exit code 3"; null while it runs. */
  readonly outcome: string | null;
}

/** The last run of each cron line of each app, by the line's name. */
export class CronRuns {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  ofApp(app: AppName): CronRunRow[] {
    return this.#db.all('SELECT * FROM cron_runs WHERE app = $app ORDER BY name', { app }).map(toRow);
  }

  begin(app: AppName, name: string, release: number): void {
    this.#db.run(
      `INSERT INTO cron_runs (app, name, release, started_at) VALUES ($app, $name, $release, $now)
       ON CONFLICT (app, name) DO UPDATE SET release = $release, started_at = $now, ended_at = NULL, ok = 0, outcome = NULL`,
      { app, name, release, now: Date.now() },
    );
  }

  end(app: AppName, name: string, ok: boolean, outcome: string): void {
    this.#db.run('UPDATE cron_runs SET ended_at = $now, ok = $ok, outcome = $outcome WHERE app = $app AND name = $name', { app, name, ok: ok ? 1 : 0, outcome, now: Date.now() });
  }

  /** For a server that starts: what the one before it had begun did not end in good order. */
  abandonRunning(): void {
    this.#db.run("UPDATE cron_runs SET ended_at = $now, ok = 0, outcome = 'ended with the server' WHERE ended_at IS NULL", { now: Date.now() });
  }
}

function toRow(row: Row): CronRunRow {
  return {
    name: row['name'] as string, release: row['release'] as number, startedAt: row['started_at'] as number, endedAt: row['ended_at'] as number | null,
    ok: row['ok'] === 1, outcome: row['outcome'] as string | null,
  };
}
