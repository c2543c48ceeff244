import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hop3Error } from '../errors.ts';
import { run } from '../run.ts';
import { databaseName, newPassword } from './names.ts';
import type { Addon, AddonAccess, AddonDriver, DriverContext } from './model.ts';
import { withMysql } from './mysql-client.ts';
import { mysqlServer } from './mysql-server.ts';
import { needProgram } from './programs.ts';
import { formatRows } from './query-table.ts';
import { refuseFailed, TRANSFER_LIMIT } from './transfer.ts';

/** Connections one app may hold at a time, of the server's 200. */
const CONNECTIONS = 40;
/** What `IDENTIFIED BY` means to MariaDB: the way of showing a password that every client knows. */
const NATIVE = 'mysql_native_password';

/** MariaDB (or an operator's MySQL): a user and a database for each addon. */
export const mysql: AddonDriver = {
  type: 'mysql',
  title: 'MariaDB',

  variables(access) {
    const host = access.host.includes(':') ? `[${access.host}]` : access.host;
    return {
      DATABASE_URL: `mysql://${access.user}:${access.password}@${host}:${access.port}/${access.database}`,
      MYSQL_HOST: access.host, MYSQL_PORT: String(access.port), MYSQL_USER: access.user, MYSQL_PASSWORD: access.password, MYSQL_DATABASE: access.database,
    };
  },

  async create(name, _options, context) {
    const server = await mysqlServer(context);
    const user = databaseName(name);
    const access: AddonAccess = { host: server.host, port: server.port, user, password: newPassword(), database: user };
    await withMysql(server, undefined, async (connection) => {
      try {
        await connection.query(`CREATE DATABASE \`${user}\` CHARACTER SET utf8mb4`);
        await connection.query(`CREATE USER ?@? IDENTIFIED BY ? WITH MAX_USER_CONNECTIONS ${CONNECTIONS}`, [user, from(context), access.password]);
        // _ is a pattern character here: `a_b` would also open axb.
        await connection.query(`GRANT ALL PRIVILEGES ON \`${user.replaceAll('_', '\\_')}\`.* TO ?@?`, [user, from(context)]);
      } catch (error) {
        // The next push makes another pair, of another name.
        await connection.query(`DROP DATABASE IF EXISTS \`${user}\``).catch(() => {});
        await connection.query('DROP USER IF EXISTS ?@?', [user, from(context)]).catch(() => {});
        throw new Hop3Error('HOP3_ADDON_SERVER', {
          what: `MariaDB at ${server.host}:${server.port} did not make the user and database of ${name}: ${(error as Error).message.replaceAll(access.password, '[hidden]')}`,
          next: context.operator ? 'docs/addons.md lists what the user of HOP3_MYSQL_URL must be allowed to do.' : undefined,
          cause: error,
        });
      }
    });
    return { server: context.operator ? 'operator' : 'own', access };
  },

  async ensure(addon, _options, context) {
    const server = await mysqlServer(context);
    // Hop3's own server was waited for; an operator's may have gone. Not as the app, which may hold all its connections.
    if (context.operator) await withMysql(server, addon.access.database, async () => {});
  },

  async destroy(addon, context) {
    const server = await mysqlServer(context);
    await withMysql(server, undefined, async (connection) => {
      await connection.query(`DROP DATABASE IF EXISTS \`${addon.access.database}\``);
      await connection.query('DROP USER IF EXISTS ?@?', [addon.access.user, from(context)]);
    });
  },

  async rotate(addon, context) {
    const server = await mysqlServer(context);
    const access = { ...addon.access, password: newPassword() };
    await withMysql(server, undefined, async (connection) => {
      try {
        await connection.query(`ALTER USER ?@? IDENTIFIED VIA ${NATIVE} USING PASSWORD(?) OR ${NATIVE} USING PASSWORD(?)`, [access.user, from(context), addon.access.password, access.password]);
      } catch (error) {
        // A MySQL has no such words: there the old password ends now.
        if ((error as { code?: unknown }).code !== 'ER_PARSE_ERROR') throw error;
        await connection.query('ALTER USER ?@? IDENTIFIED BY ?', [access.user, from(context), access.password]);
      }
    });
    return access;
  },

  async settle(addon, context) {
    const server = await mysqlServer(context);
    await withMysql(server, undefined, (connection) => connection.query('ALTER USER ?@? IDENTIFIED BY ?', [addon.access.user, from(context), addon.access.password]));
  },

  async dump(addon, out, context) {
    await mysqlServer(context);
    const file = needProgram('mariadb-dump', 'MariaDB', 'mariadb-client');
    await withCredentials(addon, context, async (defaults) => {
      const finished = await run(
        { file, args: [defaults, '--single-transaction', '--quick', '--routines', '--triggers', '--hex-blob', '--no-tablespaces', '--skip-dump-date', addon.access.database], limit: TRANSFER_LIMIT },
        { stdout: out, signal: context.signal },
      );
      refuseFailed(finished, 'HOP3_COMMAND_FAILED', 'mariadb-dump');
    });
  },

  async restore(addon, input, context) {
    await mysqlServer(context);
    const file = needProgram('mariadb', 'MariaDB', 'mariadb-client');
    await withCredentials(addon, context, async (defaults) => {
      // --binary-mode: the client's own commands (\! runs a program on this server) are data in a dump.
      const finished = await run({ file, args: [defaults, '--binary-mode', '--batch', '--loose-sandbox', addon.access.database], limit: TRANSFER_LIMIT }, { stdin: input, signal: context.signal });
      refuseFailed(finished, 'HOP3_ADDON_RESTORE', 'mariadb', 'MariaDB has no transaction around tables: what came before the error in the dump is restored. Restore a whole dump to be sure.');
    });
  },

  async query(addon, text, context) {
    await mysqlServer(context);
    return withMysql(addon.access, addon.access.database, async (connection) => {
      const [rows, fields] = await connection.query({ sql: text, rowsAsArray: true }).catch((error: unknown) => {
        throw new Hop3Error('HOP3_ADDON_QUERY', { what: `MariaDB refused the query: ${(error as Error).message}` });
      });
      if (Array.isArray(rows) && fields !== undefined) return formatRows(fields.map((field) => field.name), rows as unknown[][]);
      const { affectedRows } = rows as { affectedRows?: number };
      return `OK, ${affectedRows ?? 0} rows`;
    });
  },

  async describe(addon, context) {
    const server = await mysqlServer(context);
    return withMysql(server, undefined, async (connection) => {
      const [rows] = await connection.query(
        'SELECT version() AS version, coalesce(sum(data_length + index_length), 0) AS bytes FROM information_schema.tables WHERE table_schema = ?', [addon.access.database],
      );
      const row = (rows as { version: string; bytes: string }[])[0]!;
      return `MariaDB ${row.version}, ${Math.ceil(Number(row.bytes) / 1024)} kB`;
    });
  },
};

/** Where an addon's user may come from: its own server listens on loopback only. */
function from(context: DriverContext): string {
  return context.operator ? '%' : '127.0.0.1';
}

/** The clients read the password from a file: neither an argument list nor an environment shows it. */
async function withCredentials(addon: Addon, context: DriverContext, work: (defaults: string) => Promise<void>): Promise<void> {
  const { access } = addon;
  const file = join(context.services.dir('mysql'), `client-${addon.name}-${newPassword().slice(0, 8)}.cnf`);
  writeFileSync(file, `[client]\nhost = ${access.host}\nport = ${access.port}\nuser = ${access.user}\npassword = ${access.password}\ndefault-character-set = utf8mb4\n`, { mode: 0o600 });
  try {
    await work(`--defaults-file=${file}`);
  } finally {
    rmSync(file, { force: true });
  }
}
