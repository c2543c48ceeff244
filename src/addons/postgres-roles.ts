import type { Client } from 'pg';
import type { AddonAccess } from './model.ts';
import { scramVerifier } from './scram.ts';

/** Connections one app may hold at a time, of the server's 200. */
const CONNECTIONS = 40;

/** What the roles of apps are. */
export const LOGIN = `LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT ${CONNECTIONS}`;

/**
 * A role of PostgreSQL has one password, so a database has two roles that take turns: the one that owns everything, of the database's own
 * name, and one that becomes it as it connects.
 */
export function otherRole({ user, database }: AddonAccess): string {
  return user === database ? secondRole(database) : database;
}

export function secondRole(database: string): string {
  return `${database}_2`;
}

/** Lets the access's role in with its password; the other one is not touched. Names are letters, digits and _, and the verifier has no quote. */
export async function addLogin(client: Client, { user, database, password }: AddonAccess): Promise<void> {
  const verifier = scramVerifier(password);
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [user]);
  if (rowCount === 0) await client.query(`CREATE ROLE ${user} ${LOGIN} PASSWORD '${verifier}' IN ROLE ${database}`);
  else await client.query(`ALTER ROLE ${user} PASSWORD '${verifier}'`);
  // Whatever it makes belongs to the database's own role, so that either may change and drop it.
  if (user !== database) await client.query(`ALTER ROLE ${user} SET role = '${database}'`);
}

/** Sets the access's password, and lets the other role in no more; its connections end. */
export async function endLogin(client: Client, access: AddonAccess, other: string): Promise<void> {
  await addLogin(client, access);
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [other]);
  if (rowCount === 0) return;
  await client.query(`ALTER ROLE ${other} PASSWORD NULL`);
  // An operator's server may not allow it; without a password nobody comes in anew.
  await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [other]).catch(() => {});
  if (other !== access.database) await client.query(`DROP ROLE ${other}`);
}
