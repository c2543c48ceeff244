import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { Hop3Error } from '../errors.ts';
import { newPassword } from './names.ts';
import type { Addon, AddonDriver, DriverContext } from './model.ts';
import { connectRedis } from './redis-client.ts';
import { dumpKeys, restoreKeys } from './redis-dump.ts';
import { redisId, redisServer } from './redis-server.ts';
import { splitWords } from './words.ts';

/** Redis: a server process for each addon, since one server has no users that see only their own database. */
export const redis: AddonDriver = {
  type: 'redis',
  title: 'Redis',

  variables(access) {
    return {
      REDIS_URL: `redis://${access.user}:${access.password}@${access.host}:${access.port}/${access.database}`,
      REDIS_HOST: access.host, REDIS_PORT: String(access.port), REDIS_DB: access.database, REDIS_PASSWORD: access.password,
    };
  },

  async create(name, _options, context) {
    const password = newPassword();
    const server = await redisServer(name, [password], context);
    return { server: 'own', access: { host: server.host, port: server.port, user: 'default', password, database: '0' } };
  },

  async ensure(addon, _options, context) {
    await redisServer(addon.name, passwordsOf(addon), context);
  },

  async destroy(addon, context) {
    const id = redisId(addon.name);
    const dir = context.services.dir(id);
    await context.services.remove(id);
    rmSync(dir, { recursive: true, force: true });
  },

  async rotate(addon, context) {
    const access = { ...addon.access, password: newPassword() };
    await redisServer(addon.name, [addon.access.password, access.password], context);
    return access;
  },

  async settle(addon, context) {
    await redisServer(addon.name, [addon.access.password], context);
  },

  async dump(addon, out, context) {
    await asAdmin(addon, context, (client) => dumpKeys(client, out));
  },

  async restore(addon, input, context) {
    const scratch = join(context.services.dir(redisId(addon.name)), `restore-${newPassword().slice(0, 8)}`);
    try {
      await asAdmin(addon, context, (client) => restoreKeys(client, input, scratch));
    } finally {
      rmSync(scratch, { force: true });
    }
  },

  async query(addon, text, context) {
    await redisServer(addon.name, passwordsOf(addon), context);
    const [command, ...args] = splitWords(text);
    if (command === undefined) throw new Hop3Error('HOP3_ADDON_QUERY', { what: 'There is no command.', next: 'For example: GET greeting' });
    const client = await connectRedis(addon.access);
    try {
      return showAnswer(await client.call(command, ...args));
    } catch (error) {
      throw new Hop3Error('HOP3_ADDON_QUERY', { what: `Redis refused the command: ${(error as Error).message}` });
    } finally {
      client.disconnect();
    }
  },

  async describe(addon, context) {
    return asAdmin(addon, context, async (client) => {
      const info = await client.info();
      const of = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '?';
      return `Redis ${of('redis_version')}, ${await client.dbsize()} keys, ${of('used_memory_human')}`;
    });
  },
};

/** Those that open the addon: two while a new one comes in. */
function passwordsOf({ access }: Addon): string[] {
  return access.before ? [access.before.password, access.password] : [access.password];
}

async function asAdmin<T>(addon: Addon, context: DriverContext, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = await connectRedis(await redisServer(addon.name, passwordsOf(addon), context));
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

function showAnswer(value: unknown, indent = ''): string {
  if (value === null) return '(nil)';
  if (!Array.isArray(value)) return (typeof value === 'string' ? value : JSON.stringify(value)).replace(/[\0-\x08\x0b-\x1f\x7f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
  if (value.length === 0) return '(empty)';
  return value.map((item, index) => `${indent}${index + 1}) ${showAnswer(item, `${indent}   `)}`).join('\n');
}
