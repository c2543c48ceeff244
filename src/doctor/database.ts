import { existsSync } from 'node:fs';
import type BetterSqlite from 'better-sqlite3';
import type { AppName } from '../names.ts';
import type { Paths } from '../paths.ts';
import { envPlace } from '../store/env.ts';
import { migrations } from '../store/migrations.ts';
import { schemaVersion } from '../store/migrate.ts';
import { Seal } from '../store/seal.ts';
import { sqlite } from '../store/sqlite.ts';
import { fail, ok, warn, type Finding, type Look } from './model.ts';

/** Milliseconds that the clock may be behind what was last written down: time servers do correct clocks. */
const CLOCK_SLACK = 60_000;
const RESTORE = 'Restore a backup (docs/backup.md), or one of database-copies in HOP3_ROOT.';

export const lookAtDatabase: readonly Look[] = [
  { name: 'database', look: ({ paths }) => [reading(paths, (db) => integrity(db)) ?? ok('database', 'none yet; it is made at the first start')] },
  { name: 'secret key', look: ({ paths, settings }) => [reading(paths, (db) => keyFits(db, settings.secretKeyFile)) ?? ok('secret key', 'none yet; it is made at the first start')] },
  { name: 'clock', look: ({ paths }) => [clock(reading(paths, newest) ?? 0)] },
];

/** What types of addons there are on Hop3's own servers; none when the database cannot tell. */
export function currentAddonTypes(paths: Paths): string[] {
  try {
    return reading(paths, (db) => (db.prepare("SELECT DISTINCT type FROM addons WHERE server = 'own'").all() as { type: string }[]).map(({ type }) => type)) ?? [];
  } catch {
    return [];
  }
}

function reading<T>(paths: Paths, work: (db: BetterSqlite.Database) => T): T | null {
  if (!existsSync(paths.database)) return null;
  const db = new (sqlite())(paths.database, { readonly: true, timeout: 5000 });
  try {
    return work(db);
  } finally {
    db.close();
  }
}

function integrity(db: BetterSqlite.Database): Finding {
  const schema = schemaVersion(db);
  let check: unknown;
  try {
    check = db.pragma('quick_check(1)', { simple: true });
  } catch (error) {
    check = (error as Error).message;
  }
  if (check !== 'ok') return fail('database', `hop3.db is damaged: ${String(check).split('\n')[0]}`, RESTORE);
  if (schema > migrations.length) return fail('database', `hop3.db has schema ${schema}, and this Hop3 knows schemas up to ${migrations.length}`, 'Use the newer Hop3 that wrote it, or go back: docs/operations.md, "Going back".');
  if (schema < migrations.length) return warn('database', `whole, with schema ${schema} of ${migrations.length}`, 'hop3 up --detach brings it to the newest one, after a copy.');
  return ok('database', `whole, schema ${schema}`);
}

function keyFits(db: BetterSqlite.Database, file: string): Finding {
  const row = db.prepare('SELECT app, name, value FROM env LIMIT 1').get() as { app: AppName; name: string; value: string } | undefined;
  if (!existsSync(file) && row === undefined) return ok('secret key', 'none yet');
  const seal = Seal.open(file, false);
  if (row === undefined || !row.value.startsWith('sealed:')) return ok('secret key', `${file} can be read; no stored secret to try it on`);
  seal.open(row.value, envPlace(row.app, row.name));
  return ok('secret key', `${file} opens the stored secrets`);
}

function newest(db: BetterSqlite.Database): number {
  const row = db.prepare('SELECT max(at) AS at FROM (SELECT max(created_at) AS at FROM apps UNION ALL SELECT max(created_at) FROM releases UNION ALL SELECT max(started_at) FROM builds)').get() as { at: number | null };
  return row.at ?? 0;
}

function clock(last: number): Finding {
  const now = Date.now();
  const text = new Date(now).toISOString();
  if (last - now > CLOCK_SLACK) {
    return fail('clock', `it is ${text} here, and the database has something from ${new Date(last).toISOString()}`, 'Set the clock right: timedatectl set-ntp true. Until then tokens end late and releases are out of order.');
  }
  return ok('clock', text);
}
