import type { Client } from 'pg';
import { Hop3Error } from '../errors.ts';
import type { ServerAccess } from './model.ts';

/** Milliseconds until a connection must stand, and one statement be done. */
const CONNECT_MS = 10_000;
const STATEMENT_MS = 60_000;

/** A connection that the caller ends. The library is loaded at the first use: a server without addons never needs it. */
export async function connect(access: ServerAccess, database: string): Promise<Client> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    host: access.host, port: access.port, user: access.user, password: access.password, database,
    connectionTimeoutMillis: CONNECT_MS, statement_timeout: STATEMENT_MS, application_name: 'hop3',
  });
  // A server that goes away tells so outside of any query; without a listener that would end this process.
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Connects, works, and hangs up whatever happened. */
export async function withClient<T>(access: ServerAccess, database: string, work: (client: Client) => Promise<T>): Promise<T> {
  let client: Client;
  try {
    client = await connect(access, database);
  } catch (error) {
    throw new Hop3Error('HOP3_ADDON_SERVER', {
      what: `PostgreSQL at ${access.host}:${access.port} does not let Hop3 in: ${(error as Error).message}`,
      next: 'Is it running? `hop3 addon list` shows the servers; for one of your own check HOP3_POSTGRES_URL.',
      cause: error,
    });
  }
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
