import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Hop3Error } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { baseEnv } from '../run.ts';
import { ADDON_SERVICE } from './addon-services.ts';
import { isScanning } from './supervise-service.ts';
import { OWN_SERVICES } from './supervisor-services.ts';

export { keepConfinement, prepareConfinement } from './confinement.ts';
export { applySites, knownSites } from './nginx-apply.ts';
export { workerStatuses } from './services.ts';
export { checkAddresses } from './supervisor-ports.ts';
export { waitUntilUp } from './supervisor-ready.ts';
export { planReplacement, runningEnvironment, startServerAnew, type Replacement } from './supervisor-replace.ts';
export { prepareRoot, refuseRoot } from './supervisor-root.ts';
export { writeOwnServices } from './supervisor-services.ts';
export { stopSupervisor, type Stopped } from './supervisor-stop.ts';
export type { Process } from './supervisor-processes.ts';

/** s6-svscan alone stops at 500; each worker takes two places, one of them its logger. */
const MOST_SERVICES = 10_000;
/** Bytes after which the supervisor's own log is begun anew; it says little. */
const LARGEST_LOG = 1_000_000;

export interface SupervisorEnd {
  /** True after an orderly stop, whoever asked for it. */
  readonly orderly: boolean;
  /** A sentence, with its last words where it failed. */
  readonly text: string;
}

export interface Supervisor {
  readonly pid: number;
  /** How it ended; null while it runs. */
  ended(): SupervisorEnd | null;
  /** Settles when it has ended. */
  readonly end: Promise<void>;
  /** From now on this process may end before the supervisor does. */
  release(): void;
}

/** Whether a supervisor runs for this HOP3_ROOT. */
export function isUp(paths: Paths): boolean {
  return isScanning(paths);
}

/** Whether any app's worker is linked, that is: whether a stop would end somebody's app. */
export function hasWorkers(paths: Paths): boolean {
  const own = new Set<string>(OWN_SERVICES);
  return readdirSync(paths.services).some((name) => !name.startsWith('.') && !own.has(name) && !ADDON_SERVICE.test(name));
}

/**
 * Starts s6-svscan on the services directory, in a session of its own: no terminal's Ctrl-C and no end of a shell reaches it.
 * tini above it takes in the orphans of the whole tree, so that this also works where process 1 does not.
 */
export async function startSupervisor(paths: Paths): Promise<Supervisor> {
  const file = join(paths.serverLogs, 'supervisor.log');
  const log = openSync(file, isLarge(file) ? 'w' : 'a', 0o600);
  const child = spawn('tini', ['-s', '--', 's6-svscan', '-c', String(MOST_SERVICES), paths.services], {
    cwd: paths.root, env: baseEnv({ HOME: paths.toolHome }), detached: true, stdio: ['ignore', log, log],
  });
  closeSync(log);
  let ended: SupervisorEnd | null = null;
  const end = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      const said = code === 0 ? '' : lastLine(file);
      ended = { orderly: code === 0, text: `The supervisor (s6-svscan) ended ${signal ? `by ${signal}` : `with exit code ${code}`}${said === '' ? '' : `; its last words: ${said}`}.` };
      resolve();
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(missing(error)));
  });
  return { pid: child.pid!, ended: () => ended, end, release: () => child.unref() };
}

function missing(error: Error): Error {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error;
  return new Hop3Error('HOP3_TOOL_MISSING', { what: 'tini is not installed.', next: 'Install what Hop3 needs: apt-get install tini s6 nginx bubblewrap', cause: error });
}

function isLarge(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LARGEST_LOG;
}

function lastLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1)!.slice(0, 300);
  } catch {
    return '';
  }
}
