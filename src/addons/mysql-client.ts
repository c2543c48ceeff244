import type { Connection } from 'mysql2/promise';
import { Hop3Error } from '../errors.ts';
import type { ServerAccess } from './model.ts';

const CONNECT_MS = 10_000;

/** A connection that the caller ends. The library is loaded at the first use. */
export async function connectMysql(access: ServerAccess, database?: string): Promise<Connection> {
  const { createConnection } = await import('mysql2/promise');
  const connection = await createConnection({
    host: access.host, port: access.port, user: access.user, password: access.password,
    ...(database === undefined ? {} : { database }),
    connectTimeout: CONNECT_MS, multipleStatements: false, dateStrings: true, supportBigNumbers: true, bigNumberStrings: true,
  });
  // A server that goes away tells so outside of any query; without a listener that would end this process.
  connection.on('error', () => {});
  return connection;
}

/** Connects, works, and hangs up whatever happened. */
export async function withMysql<T>(access: ServerAccess, database: string | undefined, work: (connection: Connection) => Promise<T>): Promise<T> {
  let connection: Connection;
  try {
    connection = await connectMysql(access, database);
  } catch (error) {
    throw new Hop3Error('HOP3_ADDON_SERVER', {
      what: `MariaDB at ${access.host}:${access.port} does not let Hop3 in: ${(error as Error).message}`,
      next: 'Is it running? `hop3 addon list` shows the servers; for one of your own check HOP3_MYSQL_URL.',
      cause: error,
    });
  }
  try {
    return await work(connection);
  } finally {
    await connection.end().catch(() => connection.destroy());
  }
}
