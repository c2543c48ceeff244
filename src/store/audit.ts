import type { Database, Row } from './database.ts';

/** How an action ended. `refused`: the token did not allow it. */
export type AuditResult = 'done' | 'failed' | 'refused' | 'cancelled';

export interface NewAuditRow {
  /** `refusal` for what no token allowed: it is counted apart, since strangers can cause any number. */
  readonly kind: 'action' | 'refusal';
  /** `env.set`, `push`; for a route without a name of its own, its method and address. */
  readonly action: string;
  /** Not checked to exist: it may be the name of an app that was destroyed, or never was. */
  readonly app: string | null;
  /** The token's name. */
  readonly by: string | null;
  /** The token's id; null where none was shown that is known. */
  readonly token: string | null;
  readonly address: string;
  /** What it was about: names of variables, branches, domains. Never a value. */
  readonly names: readonly string[];
}

export interface AuditRow extends NewAuditRow {
  readonly id: number;
  readonly at: number;
  /** Null while it goes on, and for good when the server died meanwhile. */
  readonly result: AuditResult | null;
  /** The error's code, or the exit code of a command. */
  readonly note: string | null;
  readonly endedAt: number | null;
}

export interface AuditFilter {
  readonly app?: string | undefined;
  /** Entries with a smaller id only: the next page. */
  readonly before?: number | undefined;
  /** Milliseconds since 1970; entries from then on only. */
  readonly since?: number | undefined;
  readonly limit: number;
}

/** What is kept at most; beyond it the oldest go. */
export interface AuditLimits {
  readonly days: number;
  /** Of each app, and of what is about none: nobody can push another app's entries out. */
  readonly actionsOfApp: number;
  readonly refusals: number;
}

/** About 200 bytes an entry, so 4 MB an app and as much for refusals. */
export const AUDIT_COUNTS = { actionsOfApp: 20_000, refusals: 20_000 } as const;

/** Who did what: rows are added and read. The database's own triggers refuse everything else but `prune`. */
export class Audit {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** On disk when it returns. Gives the entry's id. */
  begin(row: NewAuditRow): number {
    const added = this.#db.get(
      'INSERT INTO audit (at, kind, action, app, by, token, address, names) VALUES ($at, $kind, $action, $app, $by, $token, $address, $names) RETURNING id',
      { at: Date.now(), kind: row.kind, action: row.action, app: row.app, by: row.by, token: row.token, address: row.address, names: JSON.stringify(row.names) },
    );
    return added!['id'] as number;
  }

  end(entry: number, result: AuditResult, note: string | null): void {
    this.#db.run('INSERT INTO audit_results (entry, at, result, note) VALUES ($entry, $at, $result, $note)', { entry, at: Date.now(), result, note });
  }

  /** Newest first. */
  list({ app, before, since, limit }: AuditFilter): AuditRow[] {
    return this.#db.all(
      `SELECT audit.*, audit_results.result, audit_results.note, audit_results.at AS ended_at
       FROM audit LEFT JOIN audit_results ON audit_results.entry = audit.id
       WHERE ($app IS NULL OR audit.app = $app) AND ($before IS NULL OR audit.id < $before) AND ($since IS NULL OR audit.at >= $since)
       ORDER BY audit.id DESC LIMIT $limit`,
      { app: app ?? null, before: before ?? null, since: since ?? null, limit },
    ).map(toAudit);
  }

  /**
   * Removes what is older than the limits allow: the only way an entry goes. Leaves an entry of its own that says how many went.
   * @returns how many went
   */
  prune(limits: AuditLimits): number {
    return this.#db.transaction(() => {
      this.#db.run('INSERT INTO audit_pruning (started_at) VALUES ($now)', { now: Date.now() });
      const old = `
        SELECT id FROM audit WHERE at < $oldest
        UNION SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY app ORDER BY id DESC) AS place FROM audit WHERE kind = 'action') WHERE place > $actionsOfApp
        UNION SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM audit WHERE kind = 'refusal') WHERE place > $refusals`;
      const params = { oldest: Date.now() - limits.days * 86_400_000, actionsOfApp: limits.actionsOfApp, refusals: limits.refusals };
      this.#db.run(`DELETE FROM audit_results WHERE entry IN (${old})`, params);
      const gone = this.#db.run(`DELETE FROM audit WHERE id IN (${old})`, params);
      this.#db.run('DELETE FROM audit_pruning');
      if (gone > 0) {
        const entry = this.begin({ kind: 'action', action: 'audit.prune', app: null, by: 'hop3', token: null, address: 'the server', names: [`${gone} entries`] });
        this.end(entry, 'done', null);
      }
      return gone;
    });
  }
}

function toAudit(row: Row): AuditRow {
  return {
    id: row['id'] as number,
    at: row['at'] as number,
    kind: row['kind'] as AuditRow['kind'],
    action: row['action'] as string,
    app: row['app'] as string | null,
    by: row['by'] as string | null,
    token: row['token'] as string | null,
    address: row['address'] as string,
    names: JSON.parse(row['names'] as string) as string[],
    result: row['result'] as AuditResult | null,
    note: row['note'] as string | null,
    endedAt: row['ended_at'] as number | null,
  };
}
