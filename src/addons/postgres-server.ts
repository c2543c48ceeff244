import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hop3Error } from '../errors.ts';
import { runOk } from '../run.ts';
import { writeWhole } from '../write-whole.ts';
import type { DriverContext, ServerAccess } from './model.ts';
import { connect } from './postgres-client.ts';
import { needProgram, postgresBinDirs } from './programs.ts';
import { waitForServer } from './wait.ts';

export const POSTGRES_ID = 'postgres';
const ADMIN = 'hop3';
const TITLE = 'PostgreSQL';
const APT = 'postgresql';
/** Seconds; initdb takes two. */
const INIT_LIMIT = 120;
/** Milliseconds for a fast shutdown to write its checkpoint. */
const STOP_MS = 60_000;

/** Where Hop3 makes users and databases: the operator's server, or its own, which is made and started when it is not there yet. */
export async function postgresServer(context: DriverContext): Promise<ServerAccess> {
  if (context.operator) return context.operator;
  const { services } = context;
  const dir = services.dir(POSTGRES_ID);
  const data = join(dir, 'data');
  const access: ServerAccess = { host: '127.0.0.1', port: await services.port(POSTGRES_ID), user: ADMIN, password: context.serverSecret(POSTGRES_ID) };
  const bin = binDir(data);
  if (!existsSync(join(data, 'PG_VERSION'))) {
    context.tell(`${TITLE}: making a server for this machine's apps (first use)`);
    await initialise(dir, data, bin, access.password, context.signal);
  }
  writeConfig(dir, data, access.port);
  await services.ensure({ id: POSTGRES_ID, command: [join(bin, 'postgres'), '-D', data], dir, stopSignal: 'SIGINT', stopMs: STOP_MS });
  await waitForServer(TITLE, POSTGRES_ID, access.port, context, async () => (await connect(access, 'postgres')).end());
  return access;
}

/** The programs that fit the data: a server of another major version refuses them. */
function binDir(data: string): string {
  const versionFile = join(data, 'PG_VERSION');
  if (!existsSync(versionFile)) return needProgram('initdb', TITLE, APT, postgresBinDirs()).replace(/\/initdb$/, '');
  const version = readFileSync(versionFile, 'utf8').trim();
  const dirs = postgresBinDirs().filter((dir) => dir.endsWith(`/${version}/bin`));
  if (dirs.length === 0) {
    throw new Hop3Error('HOP3_ADDON_PROGRAM', {
      what: `The databases in ${data} were made by ${TITLE} ${version}, which is not installed any more.`,
      next: `apt-get install postgresql-${version}. To move to a newer version: hop3 addon postgres dump each of them, and restore it after the change.`,
    });
  }
  return needProgram('postgres', TITLE, `postgresql-${version}`, dirs).replace(/\/postgres$/, '');
}

/** Made beside its place and renamed: a half-made one is never taken for whole. */
async function initialise(dir: string, data: string, bin: string, password: string, signal: AbortSignal): Promise<void> {
  const made = join(dir, 'data.new');
  const passwordFile = join(dir, 'password.new');
  rmSync(made, { recursive: true, force: true });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  try {
    await runOk({
      file: join(bin, 'initdb'),
      args: ['-D', made, '-U', ADMIN, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C.UTF-8', '--no-instructions'],
      limit: INIT_LIMIT,
    }, { signal });
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(made, data);
}

/** Loopback only; the socket directory is Hop3's own, since the distribution's is not writable to it. */
function writeConfig(dir: string, data: string, port: number): void {
  const sockets = join(dir, 'run');
  mkdirSync(sockets, { recursive: true, mode: 0o700 });
  const lines = [
    '# Written by Hop3 at each start. Settings of your own: postgresql.conf beside it.',
    "listen_addresses = '127.0.0.1'",
    `port = ${port}`,
    // A socket's path may have 107 bytes; where that is too short there is none.
    `unix_socket_directories = '${sockets.length < 80 ? sockets : ''}'`,
    "password_encryption = 'scram-sha-256'",
    "log_destination = 'stderr'",
    'logging_collector = off',
    // s6-log stamps each line.
    "log_line_prefix = '%q%u@%d '",
    'max_connections = 200',
  ];
  writeWhole(join(data, 'hop3.conf'), `${lines.join('\n')}\n`, 0o600);
  const main = join(data, 'postgresql.conf');
  const text = readFileSync(main, 'utf8');
  if (!text.includes("include_if_exists = 'hop3.conf'")) writeWhole(main, `${text}\ninclude_if_exists = 'hop3.conf'\n`, 0o600);
}
