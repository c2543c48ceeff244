import type { AppName, Oid, StorePath } from '../names.ts';
import type { SlotName } from '../paths.ts';
import type { StageTime } from '../took.ts';
import { storedTimes } from './builds.ts';
import type { Database, Row } from './database.ts';
import { envPlace } from './env.ts';
import type { Seal } from './seal.ts';

/** A release without what only the one who asks for it alone wants: its variables and the times of its deploy. */
export interface ReleaseHead {
  readonly app: AppName;
  readonly version: number;
  readonly build: number;
  readonly slot: SlotName;
  readonly commit: Oid;
  readonly tree: Oid;
  /** Null when the build was pruned: the release is history and cannot be rolled back to. */
  readonly storePath: StorePath | null;
  readonly reason: 'push' | 'rollback' | 'env';
  readonly description: string;
  readonly by: string;
  readonly createdAt: number;
  readonly live: boolean;
}

export interface ReleaseRow extends ReleaseHead {
  /** The operator's variables the release runs with. */
  readonly env: Readonly<Record<string, string>>;
  /** Those of `env` that Hop3 made (`{ generate = ... }`). */
  readonly generated: readonly string[];
  /** What the stages of its deploy took. */
  readonly times: readonly StageTime[];
}

/** Which release of an app is live, and where it runs. */
export interface LiveRow {
  readonly app: AppName;
  readonly version: number;
  readonly build: number;
  readonly slot: SlotName;
  readonly createdAt: number;
}

export interface NewRelease {
  readonly app: AppName;
  readonly version: number;
  readonly build: number;
  readonly slot: SlotName;
  readonly reason: ReleaseRow['reason'];
  readonly description: string;
  /** The branch that the release moves, for example "main"; null when it stays. */
  readonly branch: string | null;
  readonly by: string;
  readonly env: Readonly<Record<string, string>>;
  readonly generated: readonly string[];
}

const LIVE_HEADS = `
  SELECT r.app, r.version, r.build, r.slot, r.reason, r.description, r.by, r.created_at, b.commit_id, b.tree, b.store_path, 1 AS is_live
  FROM apps a JOIN releases r ON r.app = a.name AND r.version = a.live JOIN builds b ON b.app = r.app AND b.number = r.build`;

const SELECT = `
  SELECT r.*, b.commit_id, b.tree, b.store_path, b.times, (a.live IS r.version) AS is_live
  FROM releases r JOIN builds b ON b.app = r.app AND b.number = r.build JOIN apps a ON a.name = r.app`;

const PLACES = 'SELECT r.app, r.version, r.build, r.slot, r.created_at AS createdAt FROM apps a JOIN releases r ON r.app = a.name AND r.version = a.live';

export class Releases {
  readonly #db: Database;
  readonly #seal: Seal;
  constructor(db: Database, seal: Seal) {
    this.#db = db;
    this.#seal = seal;
  }

  /** Newest first; only what went live. */
  list(app: AppName, limit: number): ReleaseRow[] {
    return this.#db
      .all(`${SELECT} WHERE r.app = $app AND r.state = 'done' ORDER BY r.version DESC LIMIT $limit`, { app, limit })
      .map((row) => this.#release(row));
  }

  get(app: AppName, version: number): ReleaseRow | null {
    const row = this.#db.get(`${SELECT} WHERE r.app = $app AND r.version = $version AND r.state = 'done'`, { app, version });
    return row && this.#release(row);
  }

  live(app: AppName): ReleaseRow | null {
    const row = this.#db.get(`${SELECT} WHERE r.app = $app AND r.version = a.live`, { app });
    return row && this.#release(row);
  }

  /** The live releases of all apps, by one look: for lists of them. */
  liveHeads(): Map<AppName, ReleaseHead> {
    return new Map(this.#db.all(LIVE_HEADS).map((row) => [row['app'] as AppName, releaseHead(row)]));
  }

  /** Every app's live release, without its variables: cheap enough to ask each second. */
  places(): LiveRow[] {
    return this.#db.all(PLACES) as unknown as LiveRow[];
  }

  place(app: AppName): LiveRow | null {
    return this.#db.get(`${PLACES} WHERE a.name = $app`, { app }) as unknown as LiveRow | null;
  }

  /** The newest release of a commit, for a push that goes back to it. */
  ofCommit(app: AppName, commit: Oid): ReleaseRow | null {
    const row = this.#db.get(
      `${SELECT} WHERE r.app = $app AND b.commit_id = $commit AND r.state = 'done' ORDER BY r.version DESC LIMIT 1`,
      { app, commit },
    );
    return row && this.#release(row);
  }

  nextVersion(app: AppName): number {
    const row = this.#db.get("SELECT max(version) AS n FROM releases WHERE app = $app AND state = 'done'", { app })!;
    return ((row['n'] as number | null) ?? 0) + 1;
  }

  /** Written just before the switch, so that a crash right after it can be told from one right before. */
  beginSwitch(release: NewRelease): void {
    this.#db.transaction(() => {
      this.#db.run("DELETE FROM releases WHERE app = $app AND state = 'switching'", { app: release.app });
      this.#db.run(
        `INSERT INTO releases (app, version, build, state, slot, reason, description, branch, by, created_at, env, generated)
         VALUES ($app, $version, $build, 'switching', $slot, $reason, $description, $branch, $by, $now, $env, $generated)`,
        {
          app: release.app, version: release.version, build: release.build, slot: release.slot, reason: release.reason,
          description: release.description, branch: release.branch, by: release.by, env: this.#seal.seal(JSON.stringify(release.env), releasePlace(release.app, release.version)), generated: JSON.stringify(release.generated), now: Date.now(),
        },
      );
    });
  }

  /** The release is live; the app's variables become the ones it runs with. One transaction. */
  finishSwitch(app: AppName, version: number): void {
    this.#db.transaction(() => {
      const row = this.#db.get("SELECT build, branch, env FROM releases WHERE app = $app AND version = $version AND state = 'switching'", { app, version });
      if (!row) return;
      this.#db.run("UPDATE releases SET state = 'done' WHERE app = $app AND version = $version", { app, version });
      this.#db.run('UPDATE apps SET live = $version, branch = coalesce($branch, branch) WHERE name = $app', { app, version, branch: row['branch']! });
      this.#db.run(
        "UPDATE builds SET status = 'released', ended_at = coalesce(ended_at, $now), release = coalesce(release, $version) WHERE app = $app AND number = $build",
        { app, version, build: row['build']!, now: Date.now() },
      );
      this.#db.run('DELETE FROM env WHERE app = $app', { app });
      for (const [name, value] of Object.entries(this.#env(app, version, row))) {
        this.#db.run('INSERT INTO env (app, name, value) VALUES ($app, $name, $value)', { app, name, value: this.#seal.seal(value, envPlace(app, name)) });
      }
    });
  }

  /** The switch did not happen. */
  abandonSwitch(app: AppName): void {
    this.#db.run("DELETE FROM releases WHERE app = $app AND state = 'switching'", { app });
  }

  /** Switches that were under way when the server died. */
  switching(): { app: AppName; version: number; slot: SlotName; branch: string | null; commit: Oid }[] {
    return this.#db
      .all("SELECT r.app, r.version, r.slot, r.branch, b.commit_id FROM releases r JOIN builds b ON b.app = r.app AND b.number = r.build WHERE r.state = 'switching'")
      .map((row) => ({
        app: row['app'] as AppName, version: row['version'] as number, slot: row['slot'] as SlotName,
        branch: row['branch'] as string | null, commit: row['commit_id'] as Oid,
      }));
  }

  /** A restart moved the live release to the other slot. */
  setSlot(app: AppName, version: number, slot: SlotName): void {
    this.#db.run('UPDATE releases SET slot = $slot WHERE app = $app AND version = $version', { app, version, slot });
  }

  #env(app: AppName, version: number, row: Row): Record<string, string> {
    return JSON.parse(this.#seal.open(row['env'] as string, releasePlace(app, version))) as Record<string, string>;
  }

  #release(row: Row): ReleaseRow {
    const head = releaseHead(row);
    return {
      ...head,
      env: this.#env(head.app, head.version, row),
      generated: JSON.parse(row['generated'] as string) as string[],
      times: storedTimes(row),
    };
  }
}

function releaseHead(row: Row): ReleaseHead {
  return {
    app: row['app'] as AppName,
    version: row['version'] as number,
    build: row['build'] as number,
    slot: row['slot'] as SlotName,
    commit: row['commit_id'] as Oid,
    tree: row['tree'] as Oid,
    storePath: row['store_path'] as StorePath | null,
    reason: row['reason'] as ReleaseHead['reason'],
    description: row['description'] as string,
    by: row['by'] as string,
    createdAt: row['created_at'] as number,
    live: row['is_live'] === 1,
  };
}

/** What a release's variables are sealed for. */
export function releasePlace(app: AppName, version: number): string {
  return `release/${app}/v${version}`;
}
