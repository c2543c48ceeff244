import { join } from 'node:path';
import { parseAppName, type AppName } from '../names.ts';
import { SLOTS, type Paths, type SlotName } from '../paths.ts';

/** Where things lie inside a slot. Everything in it is written new for each release; nothing is shared with the other slot. */
export interface SlotLayout {
  readonly dir: string;
  /** Symlink to the release's store path. */
  readonly release: string;
  /** The made-up files of the sandbox's /etc. */
  readonly etc: string;
  /** The sandbox's first program (see run-scripts.ts). */
  readonly init: string;
  readonly services: string;
}

export function slotLayout(paths: Paths, app: AppName, slot: SlotName): SlotLayout {
  const dir = paths.slot(app, slot);
  return {
    dir,
    release: join(dir, 'release'),
    etc: join(dir, 'etc'),
    init: join(dir, 'init'),
    services: join(dir, 'services'),
  };
}

/** The files of one worker; `dir` is its s6 service directory. */
export interface WorkerLayout {
  readonly dir: string;
  readonly run: string;
  readonly finish: string;
  /** Milliseconds between SIGTERM and SIGKILL; s6 reads it at each stop. */
  readonly timeoutKill: string;
  /** bubblewrap's arguments, each ended by a NUL. */
  readonly sandbox: string;
  /** One file a variable, for s6-envdir. 0700. */
  readonly env: string;
  /** Made by the run script at the first start only. */
  readonly firstStart: string;
  /** Made by the finish script at the first death only: exit code and signal number. */
  readonly firstExit: string;
  readonly logRun: string;
  /** Symlink to the directory that the worker's output goes to. */
  readonly logLink: string;
}

export function workerLayout(slot: SlotLayout, worker: string): WorkerLayout {
  const dir = join(slot.services, worker);
  return {
    dir,
    run: join(dir, 'run'),
    finish: join(dir, 'finish'),
    timeoutKill: join(dir, 'timeout-kill'),
    sandbox: join(dir, 'sandbox.args'),
    env: join(dir, 'env'),
    firstStart: join(dir, 'first-start'),
    firstExit: join(dir, 'first-exit'),
    logRun: join(dir, 'log', 'run'),
    logLink: join(dir, 'log', 'to'),
  };
}

const WORKER = /^[A-Za-z][A-Za-z0-9_-]{0,62}\.[1-9][0-9]{0,3}$/;

/** A worker's name becomes a file name and part of a service name, so its shape is checked here once more. */
export function checkWorkerName(name: string): void {
  if (!WORKER.test(name)) throw new TypeError(`not a worker name: ${JSON.stringify(name)}`);
}

/** What the supervisor calls a worker: `shop.a.web.1`. */
export function serviceName(app: AppName, slot: SlotName, worker: string): string {
  return `${app}.${slot}.${worker}`;
}

/** The reverse of serviceName; null for Hop3's own services. */
export function parseServiceName(name: string): { readonly app: AppName; readonly slot: SlotName; readonly worker: string } | null {
  const [, appText, slotText, worker] = /^([^.]+)\.([^.]+)\.(.+)$/.exec(name) ?? [];
  const slot = SLOTS.find((one) => one === slotText);
  if (!appText || !slot || !worker || !WORKER.test(worker)) return null;
  return { app: parseAppName(appText), slot, worker };
}

/** The directory of a worker's output: one for each release and slot, since old and new run side by side for a while. */
export function workerLogDir(paths: Paths, app: AppName, worker: string, release: string, slot: SlotName): string {
  return join(paths.workerLogs(app), worker, `${release}.${slot}`);
}

/** What the logs call a release: the worker's own HOP3_RELEASE, `v0` where there is none. */
export function releaseName(env: Readonly<Record<string, string>>): string {
  const name = env['HOP3_RELEASE'] ?? '';
  return /^v[0-9]{1,9}$/.test(name) ? name : 'v0';
}
