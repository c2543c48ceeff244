import type { AppName, Oid, StorePath } from '../names.ts';
import type { StageTime } from '../took.ts';
import type { Database, Row } from './database.ts';

export type BuildStatus = 'running' | 'built' | 'released' | 'failed' | 'cancelled';

/** One attempt to turn a commit into a release. */
export interface BuildRow {
  readonly app: AppName;
  readonly number: number;
  readonly commit: Oid;
  readonly tree: Oid | null;
  readonly status: BuildStatus;
  readonly by: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly storePath: StorePath | null;
  /** `[code] what happened`, for failed and cancelled ones. */
  readonly error: string | null;
  readonly release: number | null;
  /** What its stages took; empty while it runs, and for one of an older Hop3. */
  readonly times: readonly StageTime[];
}

/** What a build left behind that running it again needs; JSON texts, since only the pipeline knows their types. */
export interface BuildOutput {
  readonly tree: Oid;
  /** Plan and package set: together with the tree they say whether a build can be used again. */
  readonly buildKey: string;
  readonly storePath: StorePath;
  /** Number of the build whose GC root keeps the store path; several builds of one tree share it. */
  readonly root: number;
  readonly runtime: string;
  readonly config: string;
}

export interface StoredBuild extends BuildOutput {
  readonly number: number;
  readonly commit: Oid;
}

/** An output that is kept, and why. */
export interface KeptOutput {
  readonly number: number;
  readonly root: number;
  readonly storePath: StorePath;
  /** The JSON that only the pipeline can read. */
  readonly runtime: string;
  /** The newest release that runs it; null for a build that never went live. */
  readonly version: number | null;
  readonly live: boolean;
}

export class Builds {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** Begins an attempt, which may have to wait for its turn, and gives its number, the app's next. On disk with what it ends in. */
  begin(app: AppName, commit: Oid, by: string): number {
    return this.#db.unsyncedTransaction(() => {
      const last = this.#db.get('SELECT max(number) AS n FROM builds WHERE app = $app', { app })!['n'] as number | null;
      const number = (last ?? 0) + 1;
      this.#db.run(
        "INSERT INTO builds (app, number, commit_id, status, by, started_at) VALUES ($app, $number, $commit, 'running', $by, $now)",
        { app, number, commit, by, now: Date.now() },
      );
      return number;
    });
  }

  /** The attempt's turn has come, and with it what it is about. */
  begun(app: AppName, number: number, commit: Oid): void {
    this.#db.unsyncedTransaction(() => {
      this.#db.run('UPDATE builds SET commit_id = $commit, started_at = $now WHERE app = $app AND number = $number', { app, number, commit, now: Date.now() });
    });
  }

  /** The attempt's output. On disk with the release that needs it; without that row the tree would be built again. */
  built(app: AppName, number: number, output: BuildOutput): void {
    this.#db.unsyncedTransaction(() => {
      this.#db.run(
        `UPDATE builds SET status = 'built', tree = $tree, build_key = $buildKey, store_path = $storePath, root = $root, runtime = $runtime, config = $config
         WHERE app = $app AND number = $number`,
        { app, number, tree: output.tree, buildKey: output.buildKey, storePath: output.storePath, root: output.root, runtime: output.runtime, config: output.config },
      );
    });
  }

  end(app: AppName, number: number, status: 'released' | 'failed' | 'cancelled', detail: { error?: string; release?: number; times?: readonly StageTime[] }): void {
    const write = () => this.#db.run(
      'UPDATE builds SET status = $status, ended_at = $now, error = $error, release = $release, times = $times WHERE app = $app AND number = $number',
      { app, number, status, now: Date.now(), error: detail.error ?? null, release: detail.release ?? null, times: detail.times ? JSON.stringify(detail.times) : null },
    );
    // What went live is on disk since finishSwitch; here it only gets its time.
    if (status === 'released') this.#db.unsyncedTransaction(write);
    else write();
  }

  /** Attempts that were running when the server died. */
  abandonRunning(): number {
    return this.#db.run(
      "UPDATE builds SET status = 'cancelled', ended_at = $now, error = '[HOP3_CANCELLED] the server stopped' WHERE status IN ('running', 'built') AND ended_at IS NULL",
      { now: Date.now() },
    );
  }

  list(app: AppName, limit: number): BuildRow[] {
    return this.#db.all('SELECT * FROM builds WHERE app = $app ORDER BY number DESC LIMIT $limit', { app, limit }).map(toBuild);
  }

  get(app: AppName, number: number): BuildRow | null {
    const row = this.#db.get('SELECT * FROM builds WHERE app = $app AND number = $number', { app, number });
    return row && toBuild(row);
  }

  /** The tree of a commit that was built here before. */
  treeOf(app: AppName, commit: Oid): Oid | null {
    const row = this.#db.get('SELECT tree FROM builds WHERE app = $app AND commit_id = $commit AND tree IS NOT NULL LIMIT 1', { app, commit });
    return (row?.['tree'] ?? null) as Oid | null;
  }

  /** The newest build of this very tree, plan and package set. Whether its store path still exists is the caller's to check. */
  findOutput(app: AppName, tree: Oid, buildKey: string): StoredBuild | null {
    const row = this.#db.get(
      `SELECT * FROM builds WHERE app = $app AND tree = $tree AND build_key = $buildKey AND store_path IS NOT NULL
       ORDER BY number DESC LIMIT 1`,
      { app, tree, buildKey },
    );
    return row && toStored(row);
  }

  output(app: AppName, number: number): StoredBuild | null {
    const row = this.#db.get('SELECT * FROM builds WHERE app = $app AND number = $number AND store_path IS NOT NULL', { app, number });
    return row && toStored(row);
  }

  /** Every output that an ended attempt left, and the newest release that runs it. */
  outputs(app: AppName): KeptOutput[] {
    return this.#db.all(
      `SELECT b.number, b.root, b.store_path, b.runtime, max(r.version) AS version, coalesce(max(r.version IS a.live), 0) AS is_live
       FROM builds b JOIN apps a ON a.name = b.app LEFT JOIN releases r ON r.app = b.app AND r.build = b.number
       WHERE b.app = $app AND b.store_path IS NOT NULL AND b.ended_at IS NOT NULL
       GROUP BY b.number ORDER BY b.number`,
      { app },
    ).map((row) => ({
      number: row['number'] as number, root: row['root'] as number, storePath: row['store_path'] as StorePath,
      runtime: row['runtime'] as string, version: row['version'] as number | null, live: row['version'] !== null && row['is_live'] === 1,
    }));
  }

  /** Forgets outputs, and gives the numbers of the GC roots that nothing needs any more. One transaction. */
  forget(app: AppName, numbers: readonly number[]): number[] {
    return this.#db.transaction(() => {
      const before = this.#roots(app);
      for (const number of numbers) {
        this.#db.run('UPDATE builds SET store_path = NULL, root = NULL, runtime = NULL, config = NULL WHERE app = $app AND number = $number', { app, number });
      }
      const after = new Set(this.#roots(app));
      return before.filter((root) => !after.has(root));
    });
  }

  /** The GC roots that rows of the app name. */
  roots(app: AppName): number[] {
    return this.#roots(app);
  }

  #roots(app: AppName): number[] {
    return this.#db
      .all('SELECT DISTINCT root FROM builds WHERE app = $app AND root IS NOT NULL', { app })
      .map((row) => row['root'] as number);
  }
}

/** The column `times` of a build's row. */
export function storedTimes(row: Row): readonly StageTime[] {
  return row['times'] === null ? [] : (JSON.parse(row['times'] as string) as StageTime[]);
}

function toBuild(row: Row): BuildRow {
  return {
    app: row['app'] as AppName,
    number: row['number'] as number,
    commit: row['commit_id'] as Oid,
    tree: row['tree'] as Oid | null,
    status: row['status'] as BuildStatus,
    by: row['by'] as string,
    startedAt: row['started_at'] as number,
    endedAt: row['ended_at'] as number | null,
    storePath: row['store_path'] as StorePath | null,
    error: row['error'] as string | null,
    release: row['release'] as number | null,
    times: storedTimes(row),
  };
}

function toStored(row: Row): StoredBuild {
  return {
    number: row['number'] as number,
    commit: row['commit_id'] as Oid,
    tree: row['tree'] as Oid,
    buildKey: row['build_key'] as string,
    storePath: row['store_path'] as StorePath,
    root: row['root'] as number,
    runtime: row['runtime'] as string,
    config: row['config'] as string,
  };
}
