import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeWhole } from '../write-whole.ts';
import type { DriverContext, ServerAccess } from './model.ts';
import { needProgram } from './programs.ts';
import { connectRedis } from './redis-client.ts';
import { waitForServer } from './wait.ts';

const ADMIN = 'hop3';
/** Milliseconds to write what is not on disk yet. */
const STOP_MS = 30_000;
/**
 * What an app may not do: everything that reads or writes the server's files, changes its configuration or looks at others'
 * connections. CONFIG SET dir alone would let it write files as Hop3's own user.
 */
const APP_COMMANDS = '+@all -@admin -@dangerous +info +keys +flushdb +flushall +sort +sort_ro +swapdb +role';

/** Service id of an addon's own redis. */
export function redisId(addon: string): string {
  return `redis-${addon}`;
}

/**
 * The addon's own redis, made and started when it is not there yet, as its administrator reaches it. These passwords, and no others, open it
 * for the app: the file has them for the next start, and the running server is told.
 */
export async function redisServer(addon: string, appPasswords: readonly string[], context: DriverContext): Promise<ServerAccess> {
  const { services } = context;
  const id = redisId(addon);
  const dir = services.dir(id);
  const access: ServerAccess = { host: '127.0.0.1', port: await services.port(id), user: ADMIN, password: context.serverSecret(id) };
  const program = needProgram('redis-server', 'Redis', 'redis-server');
  const config = join(dir, 'hop3.conf');
  writeWhole(config, [
    '# Written by Hop3 at each start.',
    'bind 127.0.0.1',
    `port ${access.port}`,
    `dir ${dir}`,
    'daemonize no',
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    // Passwords as their hashes: the file alone opens nothing.
    `user default on ${appPasswords.map(hash).join(' ')} ~* &* ${APP_COMMANDS}`,
    `user ${ADMIN} on ${hash(access.password)} ~* &* +@all`,
    '',
  ].join('\n'), 0o600);
  await services.ensure({ id, command: [program, config], dir, stopSignal: 'SIGTERM', stopMs: STOP_MS });
  await waitForServer('Redis', id, access.port, context, async () => {
    const client = await connectRedis(access);
    try {
      // One that runs already knows the password of its start: that of a creation or a change that was cut off.
      await client.call('ACL', 'SETUSER', 'default', 'resetpass', ...appPasswords.map(hash));
    } finally {
      client.disconnect();
    }
  });
  return access;
}

function hash(password: string): string {
  return `#${createHash('sha256').update(password).digest('hex')}`;
}
