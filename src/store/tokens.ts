import type { AppName } from '../names.ts';
import type { Database, Row } from './database.ts';

export interface TokenRow {
  readonly id: string;
  readonly name: string;
  /** The one app the token may touch; null for an administrator's. */
  readonly app: AppName | null;
  /** SHA-256 of the whole token text, hex; the text itself is kept nowhere. */
  readonly hash: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
}

export type NewToken = Pick<TokenRow, 'id' | 'name' | 'app' | 'hash' | 'expiresAt'>;

/** How stale `lastUsedAt` may be, in ms: one write a minute instead of one a request. */
const TOUCH_EVERY = 60_000;

export class Tokens {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  create(token: NewToken): void {
    this.#db.run(
      'INSERT INTO tokens (id, name, app, hash, created_at, expires_at) VALUES ($id, $name, $app, $hash, $now, $expiresAt)',
      { id: token.id, name: token.name, app: token.app, hash: token.hash, expiresAt: token.expiresAt, now: Date.now() },
    );
  }

  find(id: string): TokenRow | null {
    const row = this.#db.get('SELECT * FROM tokens WHERE id = $id', { id });
    return row && toToken(row);
  }

  list(): TokenRow[] {
    return this.#db.all('SELECT * FROM tokens ORDER BY created_at, id').map(toToken);
  }

  /** False when there is no such token or it was revoked before. */
  revoke(id: string): boolean {
    return this.#db.run('UPDATE tokens SET revoked_at = $now WHERE id = $id AND revoked_at IS NULL', { id, now: Date.now() }) === 1;
  }

  touch(id: string): void {
    const now = Date.now();
    this.#db.run(
      'UPDATE tokens SET last_used_at = $now WHERE id = $id AND (last_used_at IS NULL OR last_used_at < $stale)',
      { id, now, stale: now - TOUCH_EVERY },
    );
  }
}

function toToken(row: Row): TokenRow {
  return {
    id: row['id'] as string,
    name: row['name'] as string,
    app: row['app'] as AppName | null,
    hash: row['hash'] as string,
    createdAt: row['created_at'] as number,
    expiresAt: row['expires_at'] as number | null,
    lastUsedAt: row['last_used_at'] as number | null,
    revokedAt: row['revoked_at'] as number | null,
  };
}
