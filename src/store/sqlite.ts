import { createRequire } from 'node:module';
import type BetterSqlite from 'better-sqlite3';

const require = createRequire(import.meta.url);

/**
 * The SQLite library, loaded at its first use: the `hop3` command is one bundle that has to start, and fast, also where there is no
 * node_modules, and only some of its commands open a database.
 */
export function sqlite(): typeof BetterSqlite {
  return require('better-sqlite3') as typeof BetterSqlite;
}
