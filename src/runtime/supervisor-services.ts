import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../paths.ts';
import { TOOL_PATH } from '../run.ts';
import type { Settings } from '../settings.ts';
import { readEnvDir, writeEnvDir } from './envdir.ts';
import { configFile } from './nginx-process.ts';
import { shellWord } from './run-scripts.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Hop3's own programs, as s6 knows them. */
export const OWN_SERVICES = ['server', 'nginx'] as const;
export type OwnService = (typeof OWN_SERVICES)[number];

/** Bytes of one log file and how many rotated ones are kept. */
const LOG_BYTES = 2_000_000;
const LOG_FILES = 10;
/** Milliseconds the server may take to end; it cuts open requests itself after 15 s. */
const SERVER_STOP_MS = 20_000;
/** Variables of the `hop3` command, which are not the server's; the token among them is a person's. */
const NOT_THE_SERVERS = new Set(['HOP3_API_TOKEN', 'HOP3_TOKEN', 'HOP3_SERVER', 'HOP3_APP']);

/**
 * Writes the service directories of the server and nginx anew and links them for s6-svscan, which must not be running: what an
 * earlier life left in them (supervise, event) goes. The server gets the HOP3_ settings of `env`, and nothing else of it,
 * from a 0700 directory.
 * @throws Hop3Error HOP3_ENV_VALUE
 */
export function writeOwnServices(paths: Paths, settings: Pick<Settings, 'root'>, serverCommand: readonly string[], env: Env): void {
  const services = ownServices(paths, settings, serverCommand, env);
  for (const name of OWN_SERVICES) {
    const dir = join(paths.ownServices, name);
    rmSync(dir, { recursive: true, force: true });
    for (const made of [join(dir, 'log'), join(paths.serverLogs, name)]) mkdirSync(made, { recursive: true, mode: 0o700 });
    writeServiceFiles(dir, services[name]);
    const link = join(paths.services, name);
    rmSync(`${paths.ownServices}/.${name}.link`, { force: true });
    symlinkSync(dir, `${paths.ownServices}/.${name}.link`);
    renameSync(`${paths.ownServices}/.${name}.link`, link);
  }
}

/** A service directory as files: their names below it, their texts, and the environment its program gets. */
export interface ServiceFiles {
  readonly files: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>> | null;
}

/** Files of a service directory that are programs. */
const PROGRAMS = new Set(['run', 'finish', 'log/run']);
/** Which code a service runs, for the next `hop3 up`. */
const CODE_FILE = 'code';

/** What the service directories of this version hold. */
export function ownServices(paths: Paths, settings: Pick<Settings, 'root'>, serverCommand: readonly string[], env: Env): Readonly<Record<OwnService, ServiceFiles>> {
  return {
    server: {
      files: {
        ...scripts(paths, 'server', [
          ...endOrphans('TERM'),
          `exec env -i PATH=${TOOL_PATH} s6-envdir -fL env ${serverCommand.map(shellWord).join(' ')}`,
        ]),
        'timeout-kill': `${SERVER_STOP_MS}\n`,
        [CODE_FILE]: `${codeOf(serverCommand)}\n`,
      },
      env: serverEnvironment(paths, settings, env),
    },
    nginx: {
      files: {
        ...scripts(paths, 'nginx', [
          ...endOrphans('QUIT'),
          // Soft limits are small for a proxy: two descriptors a connection.
          'ulimit -Sn 16384 2>/dev/null || ulimit -Sn "$(ulimit -Hn)"',
          `exec env -i PATH=${TOOL_PATH} TZ=UTC0 nginx -e stderr -p ${shellWord(`${paths.nginx}/`)} -c ${shellWord(configFile(paths))} -g 'daemon off;'`,
        ]),
        // QUIT: finish the requests that are under way. No timeout-kill: a master killed outright leaves its workers behind.
        'down-signal': 'SIGQUIT\n',
      },
      env: null,
    },
  };
}

/** Its place and its bytes: a checkout that was pulled and built again has the same place. */
function codeOf(serverCommand: readonly string[]): string {
  const hash = createHash('sha256');
  for (const word of serverCommand) hash.update(word).update('\0');
  const file = serverCommand.find((word) => /\.m?js$/.test(word));
  if (file !== undefined) hash.update(readFileSync(file));
  return hash.digest('hex');
}

/** What the server's process gets to see. */
function serverEnvironment(paths: Paths, settings: Pick<Settings, 'root'>, env: Env): Record<string, string> {
  const own = Object.entries(env).filter((entry): entry is [string, string] => entry[0].startsWith('HOP3_') && entry[1] !== undefined && !NOT_THE_SERVERS.has(entry[0]));
  return {
    ...Object.fromEntries(own),
    HOP3_ROOT: settings.root,
    HOP3_TOOL_HOME: env['HOP3_TOOL_HOME'] ?? paths.toolHome,
    PATH: env['HOP3_TOOL_PATH'] ?? TOOL_PATH,
    HOME: paths.toolHome,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    NODE_ENV: 'production',
  };
}

function scripts(paths: Paths, name: OwnService, run: readonly string[]): Record<string, string> {
  const umask = ['umask 077', 'ulimit -c 0'];
  return {
    run: script(['exec 2>&1 </dev/null', ...umask, ...run]),
    finish: script(['exec 2>&1', 'if [ "$1" = 256 ]; then how="by signal $2"; else how="with exit code $1"; fi', `echo "hop3: ${name} ended $how"`]),
    'log/run': script([...umask, `exec env -i PATH=${TOOL_PATH} TZ=UTC0 s6-log -b n${LOG_FILES} s${LOG_BYTES} T ${shellWord(join(paths.serverLogs, name))}`]),
  };
}

/** Each file takes its place whole, by rename: a supervisor may read it at any moment. */
export function writeServiceFiles(dir: string, { files, env }: ServiceFiles): void {
  if (env) {
    for (const left of ['env.new', 'env.old']) rmSync(join(dir, left), { recursive: true, force: true });
    writeEnvDir(join(dir, 'env.new'), env);
    if (existsSync(join(dir, 'env'))) renameSync(join(dir, 'env'), join(dir, 'env.old'));
    renameSync(join(dir, 'env.new'), join(dir, 'env'));
    rmSync(join(dir, 'env.old'), { recursive: true, force: true });
  }
  for (const [name, text] of Object.entries(files)) {
    const file = join(dir, name);
    writeFileSync(`${file}.new`, text, { mode: PROGRAMS.has(name) ? 0o700 : 0o600 });
    renameSync(`${file}.new`, file);
  }
}

/** A service directory as it is; null where there is none. */
export function readServiceFiles(paths: Paths, name: OwnService): ServiceFiles | null {
  const dir = join(paths.ownServices, name);
  if (!existsSync(join(dir, 'run'))) return null;
  const names = ['run', 'finish', 'log/run', 'timeout-kill', 'down-signal', CODE_FILE].filter((file) => existsSync(join(dir, file)));
  return {
    files: Object.fromEntries(names.map((file) => [file, readFileSync(join(dir, file), 'utf8')])),
    env: existsSync(join(dir, 'env')) ? readEnvDir(join(dir, 'env')) : null,
  };
}

/**
 * Lines of a run script that end what an earlier life of this service left behind (nginx's workers after their master was
 * killed, git and nix after the server was): it holds ports, and is known by its working directory, the service's own.
 */
function endOrphans(signal: string): string[] {
  return [
    'for process in /proc/[0-9]*; do',
    '  pid=${process#/proc/}',
    '  [ "$pid" != $$ ] && [ "$process/cwd" -ef . ] || continue',
    '  read -r name <"$process/comm" || continue',
    `  [ "$name" = s6-supervise ] || { echo "hop3: ends $name ($pid), left by an earlier life"; kill -s ${signal} "$pid"; }`,
    'done 2>/dev/null',
  ];
}

function script(lines: readonly string[]): string {
  return `#!/bin/sh\n${lines.join('\n')}\n`;
}
