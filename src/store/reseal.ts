import type { AppName } from '../names.ts';
import { addonPlace, addonServerPlace } from './addons.ts';
import type { Database, Row } from './database.ts';
import { envPlace } from './env.ts';
import { releasePlace } from './releases.ts';
import type { Seal } from './seal.ts';

/** A column with sealed values: the key of its rows, and what each value is sealed for. */
interface SealedColumn {
  readonly table: string;
  readonly column: string;
  readonly key: readonly string[];
  readonly place: (row: Row) => string;
}

const SEALED: readonly SealedColumn[] = [
  { table: 'env', column: 'value', key: ['app', 'name'], place: (row) => envPlace(row['app'] as AppName, row['name'] as string) },
  { table: 'releases', column: 'env', key: ['app', 'version'], place: (row) => releasePlace(row['app'] as AppName, row['version'] as number) },
  { table: 'addons', column: 'access', key: ['name'], place: (row) => addonPlace(row['name'] as string) },
  { table: 'addon_servers', column: 'secret', key: ['id'], place: (row) => addonServerPlace(row['id'] as string) },
];

/**
 * Seals every value anew with the key in use, whichever key it was sealed with: all in one transaction. What they were is then wiped from the
 * file, too, so that an older key opens nothing in it. Safe to repeat after a crash anywhere in it.
 * @returns how many values there are
 * @throws Hop3Error HOP3_SECRET_KEY for a value that none of the keys opens; nothing is changed then
 */
export function sealAnew(db: Database, seal: Seal): number {
  const count = db.transaction(() => SEALED.reduce((sum, column) => sum + sealColumn(db, seal, column), 0));
  db.wipeFreed();
  return count;
}

/** Whether anything in the database needs a key that exists already. */
export function hasSealedValues(db: Database): boolean {
  return SEALED.some(({ table, column }) => db.get(`SELECT 1 FROM ${table} WHERE ${column} IS NOT NULL LIMIT 1`) !== null);
}

function sealColumn(db: Database, seal: Seal, { table, column, key, place }: SealedColumn): number {
  const rows = db.all(`SELECT ${[...key, column].join(', ')} FROM ${table} WHERE ${column} IS NOT NULL`);
  const update = `UPDATE ${table} SET ${column} = $sealed WHERE ${key.map((name) => `${name} = $${name}`).join(' AND ')}`;
  for (const row of rows) {
    const values = Object.fromEntries(key.map((name) => [name, row[name]!]));
    db.run(update, { ...values, sealed: seal.seal(seal.open(row[column] as string, place(row)), place(row)) });
  }
  return rows.length;
}
