import type { Redis } from 'ioredis';
import type { ServerAccess } from './model.ts';

const CONNECT_MS = 10_000;
const COMMAND_MS = 60_000;

/** A connection that the caller ends with disconnect(). The library is loaded at the first use. */
export async function connectRedis(access: ServerAccess): Promise<Redis> {
  const { Redis } = await import('ioredis');
  const client = new Redis({
    host: access.host, port: access.port, username: access.user, password: access.password, lazyConnect: true,
    connectTimeout: CONNECT_MS, commandTimeout: COMMAND_MS, maxRetriesPerRequest: 0, retryStrategy: () => null, enableReadyCheck: true,
  });
  // Without a listener a server that goes away would end this process.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    client.disconnect();
    throw error;
  }
  return client;
}
