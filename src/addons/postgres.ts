import { Hop3Error } from '../errors.ts';
import type { Client } from 'pg';
import { printable } from '../names.ts';
import { nearest } from '../nearest.ts';
import { run } from '../run.ts';
import { databaseName, newPassword } from './names.ts';
import type { Addon, AddonAccess, AddonDriver, ServerAccess } from './model.ts';
import { withClient } from './postgres-client.ts';
import { postgresServer } from './postgres-server.ts';
import { formatRows } from './query-table.ts';
import { needProgram, postgresBinDirs } from './programs.ts';
import { addLogin, endLogin, otherRole, secondRole, LOGIN } from './postgres-roles.ts';
import { scramVerifier } from './scram.ts';
import { refuseFailed, TRANSFER_LIMIT } from './transfer.ts';

/**
 * Extensions that an app may ask for: those of PostgreSQL's own contrib that are marked as trusted or only compute, and a few
 * that applications ask for often. None reads the server's files or opens connections.
 */
export const ALLOWED_EXTENSIONS: readonly string[] = [
  'bloom', 'btree_gin', 'btree_gist', 'citext', 'cube', 'dict_int', 'dict_xsyn', 'earthdistance', 'fuzzystrmatch', 'hstore', 'intarray', 'isn', 'lo', 'ltree',
  'pg_stat_statements', 'pg_trgm', 'pgcrypto', 'plpgsql', 'postgis', 'postgis_topology', 'seg', 'tablefunc', 'tcn', 'tsm_system_rows', 'tsm_system_time', 'unaccent', 'uuid-ossp',
  'vector',
];

/** SQLSTATE insufficient_privilege. */
const NOT_ALLOWED = '42501';

/** PostgreSQL: a role and a database for each addon; nobody but its role and the administrator may connect to it. */
export const postgres: AddonDriver = {
  type: 'postgres',
  title: 'PostgreSQL',

  variables(access) {
    return {
      DATABASE_URL: databaseUrl(access), PGHOST: access.host, PGPORT: String(access.port), PGUSER: access.user, PGPASSWORD: access.password, PGDATABASE: access.database,
    };
  },

  async create(name, { extensions }, context) {
    checkExtensions(extensions);
    const server = await postgresServer(context);
    const user = databaseName(name);
    const access: AddonAccess = { host: server.host, port: server.port, user, password: newPassword(), database: user };
    await withClient(server, 'postgres', async (client) => {
      const rights = await rightsOf(client, server);
      try {
        // Parameters are not allowed here; the names are letters, digits and _, and the verifier has no quote.
        await client.query(`CREATE ROLE ${user} ${LOGIN} PASSWORD '${scramVerifier(access.password)}'`);
        // Who is no superuser may give a database only to a role it belongs to; PostgreSQL 16 makes it no member by itself.
        if (rights === 'some') await client.query(`GRANT ${user} TO CURRENT_USER`);
        await client.query(`CREATE DATABASE ${user} OWNER ${user} ENCODING 'UTF8' TEMPLATE template0`);
        await closeToOthers(client, user);
        if (!context.operator) await client.query('REVOKE CONNECT ON DATABASE postgres FROM PUBLIC; REVOKE CONNECT ON DATABASE template1 FROM PUBLIC');
        await makeExtensions(server, access, extensions);
      } catch (error) {
        // The next push makes another pair, of another name.
        await client.query(`DROP DATABASE IF EXISTS ${user} WITH (FORCE)`).catch(() => {});
        await client.query(`DROP ROLE IF EXISTS ${user}`).catch(() => {});
        if (error instanceof Hop3Error) throw error;
        throw new Hop3Error('HOP3_ADDON_SERVER', { what: `PostgreSQL at ${server.host}:${server.port} did not make the user and database of ${name}: ${(error as Error).message}`, cause: error });
      }
    });
    return { server: context.operator ? 'operator' : 'own', access };
  },

  async ensure(addon, { extensions }, context) {
    checkExtensions(extensions);
    const server = await postgresServer(context);
    // Hop3's own server has just answered; an operator's has not been asked yet.
    if (extensions.length > 0 || context.operator) await makeExtensions(server, addon.access, extensions);
  },

  async destroy(addon, context) {
    const server = await postgresServer(context);
    const { database } = addon.access;
    await withClient(server, 'postgres', async (client) => {
      await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      await client.query(`DROP ROLE IF EXISTS ${secondRole(database)}`);
      await client.query(`DROP ROLE IF EXISTS ${database}`);
    });
  },

  async rotate(addon, context) {
    const server = await postgresServer(context);
    const access = { ...addon.access, user: otherRole(addon.access), password: newPassword() };
    await withClient(server, 'postgres', (client) => addLogin(client, access));
    return access;
  },

  async settle(addon, context) {
    const server = await postgresServer(context);
    await withClient(server, 'postgres', (client) => endLogin(client, addon.access, otherRole(addon.access)));
  },

  async dump(addon, out, context) {
    await postgresServer(context);
    const file = needProgram('pg_dump', 'PostgreSQL', 'postgresql-client', postgresBinDirs());
    const finished = await run(
      { file, args: ['--no-owner', '--no-privileges', '--clean', '--if-exists', ...target(addon)], limit: TRANSFER_LIMIT, env: { PGPASSWORD: addon.access.password } },
      { stdout: out, signal: context.signal },
    );
    refuseFailed(finished, 'HOP3_COMMAND_FAILED', 'pg_dump');
  },

  async restore(addon, input, context) {
    await postgresServer(context);
    const file = needProgram('psql', 'PostgreSQL', 'postgresql-client', postgresBinDirs());
    // One transaction as the app's own role: a dump that is cut, wrong or somebody else's changes nothing.
    const finished = await run(
      { file, args: ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '--single-transaction', '-o', '/dev/null', ...target(addon)], limit: TRANSFER_LIMIT, env: { PGPASSWORD: addon.access.password } },
      { stdin: input, signal: context.signal },
    );
    refuseFailed(finished, 'HOP3_ADDON_RESTORE', 'psql', 'Nothing was changed: the whole dump is one transaction.');
  },

  async query(addon, text, context) {
    await postgresServer(context);
    return withClient(addon.access, addon.access.database, async (client) => {
      const answer = await client.query({ text, rowMode: 'array' }).catch((error: unknown) => {
        throw new Hop3Error('HOP3_ADDON_QUERY', { what: `PostgreSQL refused the query: ${(error as Error).message}` });
      });
      const results = Array.isArray(answer) ? answer : [answer];
      return results.map((one) => (one.fields.length === 0 ? `${one.command} ${one.rowCount ?? ''}`.trim() : formatRows(one.fields.map((field: { name: string }) => field.name), one.rows as unknown[][]))).join('\n');
    });
  },

  async describe(addon, context) {
    const server = await postgresServer(context);
    return withClient(server, 'postgres', async (client) => {
      const { rows } = await client.query('SELECT current_setting($1) AS version, pg_size_pretty(pg_database_size($2)) AS size', ['server_version', addon.access.database]);
      const row = rows[0] as { version: string; size: string };
      return `PostgreSQL ${row.version}, ${row.size}`;
    });
  },
};

/**
 * What the administrator may do: all, or what a role with CREATEROLE and CREATEDB may.
 * @throws Hop3Error HOP3_ADDON_SERVER that says what is lacking
 */
async function rightsOf(client: Client, server: ServerAccess): Promise<'all' | 'some'> {
  const { rows } = await client.query('SELECT rolsuper, rolcreaterole, rolcreatedb, rolinherit FROM pg_roles WHERE rolname = current_user');
  const { rolsuper, rolcreaterole, rolcreatedb, rolinherit } = rows[0] as Record<'rolsuper' | 'rolcreaterole' | 'rolcreatedb' | 'rolinherit', boolean>;
  if (rolsuper) return 'all';
  const lacking = [rolcreaterole ? '' : 'CREATEROLE', rolcreatedb ? '' : 'CREATEDB', rolinherit ? '' : 'INHERIT'].filter((word) => word !== '');
  if (lacking.length === 0) return 'some';
  throw new Hop3Error('HOP3_ADDON_SERVER', {
    what: `The user ${printable(server.user)} of PostgreSQL at ${server.host}:${server.port} may not make databases for apps: it lacks ${lacking.join(' and ')}.`,
    next: `As the database's own administrator: ALTER ROLE "${printable(server.user)}" ${lacking.join(' ')}`,
  });
}

/** Nobody but its owner and the administrator may connect. PostgreSQL only warns when a REVOKE has no effect, so that is looked at. */
async function closeToOthers(client: Client, database: string): Promise<void> {
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  const { rows } = await client.query("SELECT has_database_privilege('public', $1, 'CONNECT') AS open", [database]);
  if ((rows[0] as { open: boolean }).open) throw new Error('the database could not be closed to other users');
}

function databaseUrl(access: AddonAccess): string {
  const host = access.host.includes(':') ? `[${access.host}]` : access.host;
  return `postgresql://${access.user}:${access.password}@${host}:${access.port}/${access.database}`;
}

function target(addon: Addon): string[] {
  return ['-h', addon.access.host, '-p', String(addon.access.port), '-U', addon.access.user, '-d', addon.access.database];
}

function checkExtensions(extensions: readonly string[]): void {
  for (const name of extensions) {
    if (ALLOWED_EXTENSIONS.includes(name)) continue;
    const near = nearest(name, ALLOWED_EXTENSIONS);
    throw new Hop3Error('HOP3_ADDON_EXTENSION', {
      what: `hop3.toml asks for the PostgreSQL extension "${printable(name)}", which is not allowed here.${near === null ? '' : ` Did you mean ${near}?`}`,
      next: `Allowed: ${ALLOWED_EXTENSIONS.join(', ')}.`,
    });
  }
}

/**
 * Makes those that are not there yet, as the app's own role where PostgreSQL trusts the extension: only its owner can restore a dump that has it. The others
 * need the administrator.
 */
async function makeExtensions(server: ServerAccess, access: AddonAccess, extensions: readonly string[]): Promise<void> {
  // Asked as the administrator, since the app may hold all connections it is allowed; also tells when a server of the operator is gone.
  const there = await withClient(server, access.database, async (client) => (await client.query('SELECT extname FROM pg_extension')).rows.map((row: { extname: string }) => row.extname));
  for (const name of extensions) {
    if (there.includes(name)) continue;
    const make = (as: ServerAccess) => withClient(as, access.database, (client) => client.query(`CREATE EXTENSION IF NOT EXISTS "${name}"`));
    await make(access).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== NOT_ALLOWED) throw error;
      return make(server);
    }).catch((error: unknown) => {
      if (error instanceof Hop3Error) throw error;
      throw new Hop3Error('HOP3_ADDON_EXTENSION', {
        what: `PostgreSQL has no extension "${name}" that it could load: ${(error as Error).message}`,
        next: 'On the server: install the Debian package that has it (postgresql-contrib, postgresql-15-postgis-3, postgresql-15-pgvector ...).',
      });
    });
  }
}
