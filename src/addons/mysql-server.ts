import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runOk } from '../run.ts';
import { writeWhole } from '../write-whole.ts';
import type { DriverContext, ServerAccess } from './model.ts';
import { connectMysql } from './mysql-client.ts';
import { needProgram } from './programs.ts';
import { waitForServer } from './wait.ts';

const MYSQL_ID = 'mysql';
const TITLE = 'MariaDB';
const APT = 'mariadb-server';
const ADMIN = 'hop3';
/** Seconds: making the system tables takes three on an idle machine. */
const INIT_LIMIT = 180;
/** Milliseconds for an orderly shutdown to write its pages. */
const STOP_MS = 60_000;

/** Where Hop3 makes users and databases: the operator's server, or its own, which is made and started when it is not there yet. */
export async function mysqlServer(context: DriverContext): Promise<ServerAccess> {
  if (context.operator) return context.operator;
  const { services } = context;
  const dir = services.dir(MYSQL_ID);
  const data = join(dir, 'data');
  const access: ServerAccess = { host: '127.0.0.1', port: await services.port(MYSQL_ID), user: ADMIN, password: context.serverSecret(MYSQL_ID) };
  const program = needProgram('mariadbd', TITLE, APT);
  const config = writeConfig(dir, data, access);
  if (!existsSync(join(data, 'mysql'))) {
    context.tell(`${TITLE}: making a server for this machine's apps (first use)`);
    await initialise(dir, data, context.signal);
  }
  await services.ensure({ id: MYSQL_ID, command: [program, `--defaults-file=${config}`], dir, stopSignal: 'SIGTERM', stopMs: STOP_MS });
  await waitForServer(TITLE, MYSQL_ID, access.port, context, async () => (await connectMysql(access)).end());
  return access;
}

/** Made beside its place and renamed: a half-made one is never taken for whole. */
async function initialise(dir: string, data: string, signal: AbortSignal): Promise<void> {
  const made = join(dir, 'data.new');
  rmSync(made, { recursive: true, force: true });
  const file = needProgram('mariadb-install-db', TITLE, APT);
  // Not with our own configuration: its init-file needs the tables that are made here.
  const args = ['--no-defaults', `--datadir=${made}`, `--tmpdir=${join(dir, 'tmp')}`, '--auth-root-authentication-method=normal', '--skip-test-db'];
  await runOk({ file, args, limit: INIT_LIMIT }, { signal });
  renameSync(made, data);
}

/** Loopback only. The users are set at every start from a file, so that a crash between making and securing leaves no open door. */
function writeConfig(dir: string, data: string, access: ServerAccess): string {
  const tmp = join(dir, 'tmp');
  const files = join(dir, 'files');
  for (const each of [tmp, files]) mkdirSync(each, { recursive: true, mode: 0o700 });
  const users = join(dir, 'users.sql');
  writeWhole(users, [
    `CREATE USER IF NOT EXISTS '${ADMIN}'@'127.0.0.1';`,
    `ALTER USER '${ADMIN}'@'127.0.0.1' IDENTIFIED BY '${access.password}';`,
    `GRANT ALL PRIVILEGES ON *.* TO '${ADMIN}'@'127.0.0.1' WITH GRANT OPTION;`,
    "DROP USER IF EXISTS 'root'@'localhost', 'root'@'127.0.0.1', 'root'@'::1', ''@'localhost';",
    '',
  ].join('\n'), 0o600);
  const socket = join(dir, 'socket');
  const config = join(dir, 'hop3.cnf');
  writeWhole(config, [
    '# Written by Hop3 at each start.',
    '[mariadbd]',
    `datadir = ${data}`,
    `tmpdir = ${tmp}`,
    'bind-address = 127.0.0.1',
    `port = ${access.port}`,
    // A socket's path may have 107 bytes; a longer one is cut in silence and the start fails.
    `socket = ${socket.length < 100 ? socket : join(tmp, 's').slice(-90)}`,
    `pid-file = ${join(dir, 'pid')}`,
    `init-file = ${users}`,
    'skip-name-resolve',
    'skip-log-bin',
    'local-infile = 0',
    // No app may read or write the server's files; none has the right to, and this directory stays empty.
    `secure-file-priv = ${files}`,
    'character-set-server = utf8mb4',
    'max-connections = 200',
    'innodb-buffer-pool-size = 64M',
    'performance-schema = OFF',
    '',
  ].join('\n'), 0o600);
  return config;
}
