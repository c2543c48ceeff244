import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../paths.ts';
import { TOOL_PATH } from '../run.ts';
import type { Settings } from '../settings.ts';
import { writeEnvDir } from './envdir.ts';
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
  writeService(paths, 'server', {
    run: [
      ...endOrphans('TERM'),
      `exec env -i PATH=${TOOL_PATH} s6-envdir -fL env ${serverCommand.map(shellWord).join(' ')}`,
    ],
    files: { 'timeout-kill': `${SERVER_STOP_MS}\n` },
    env: serverEnvironment(paths, settings, env),
  });
  writeService(paths, 'nginx', {
    run: [
      ...endOrphans('QUIT'),
      // Soft limits are small for a proxy: two descriptors a connection.
      'ulimit -Sn 16384 2>/dev/null || ulimit -Sn "$(ulimit -Hn)"',
      `exec env -i PATH=${TOOL_PATH} TZ=UTC0 nginx -e stderr -p ${shellWord(`${paths.nginx}/`)} -c ${shellWord(configFile(paths))} -g 'daemon off;'`,
    ],
    // QUIT: finish the requests that are under way. No timeout-kill: a master killed outright leaves its workers behind.
    files: { 'down-signal': 'SIGQUIT\n' },
    env: null,
  });
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

interface ServiceText {
  readonly run: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>> | null;
}

function writeService(paths: Paths, name: OwnService, service: ServiceText): void {
  const dir = join(paths.ownServices, name);
  const logs = join(paths.serverLogs, name);
  rmSync(dir, { recursive: true, force: true });
  for (const made of [join(dir, 'log'), logs]) mkdirSync(made, { recursive: true, mode: 0o700 });
  if (service.env) writeEnvDir(join(dir, 'env'), service.env);
  for (const [file, text] of Object.entries(service.files)) writeFileSync(join(dir, file), text, { mode: 0o600 });
  const umask = ['umask 077', 'ulimit -c 0'];
  writeFileSync(join(dir, 'run'), script(['exec 2>&1 </dev/null', ...umask, ...service.run]), { mode: 0o700 });
  writeFileSync(join(dir, 'finish'), script(['exec 2>&1', 'if [ "$1" = 256 ]; then how="by signal $2"; else how="with exit code $1"; fi', `echo "hop3: ${name} ended $how"`]), { mode: 0o700 });
  writeFileSync(join(dir, 'log', 'run'), script([...umask, `exec env -i PATH=${TOOL_PATH} TZ=UTC0 s6-log -b n${LOG_FILES} s${LOG_BYTES} T ${shellWord(logs)}`]), { mode: 0o700 });
  const link = join(paths.services, name);
  rmSync(`${paths.ownServices}/.${name}.link`, { force: true });
  symlinkSync(dir, `${paths.ownServices}/.${name}.link`);
  renameSync(`${paths.ownServices}/.${name}.link`, link);
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
