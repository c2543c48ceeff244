import { readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';
import type { Paths, SlotName } from '../paths.ts';
import { run, runOk } from '../run.ts';
import { describeWorkerExit, readExit } from './exits.ts';
import { FIRST_CAUSE_FILE, LAST_CAUSE_FILE } from './limit-scripts.ts';
import { limitNote } from './limit-use.ts';
import { isScanning, noSupervisor, S6_MS, superviseService } from './supervise-service.ts';
import { askSuperviseStatus, isRead, readSuperviseStatus, labelsAhead } from './supervise-status.ts';
import { syncPath, syncTree } from './sync-tree.ts';
import type { SlotSpec, WorkerState, WorkerStatus } from './model.ts';
import { listDir } from './list-dir.ts';
import { boundPorts, chainProcesses, sandboxProcesses } from './processes.ts';
import { parseServiceName, serviceName, slotLayout, workerLayout, type WorkerLayout } from './slot-layout.ts';

/** Milliseconds that a worker which does harm gets to end by itself. */
const STOP_NOW_MS = 500;
/** Milliseconds until the kernel has taken a killed sandbox apart. */
const KILLED_MS = 5000;

/**
 * Starts the workers of a filled slot, each with its logger. It returns when they are supervised, which does not mean
 * that they are ready (waitUntilReady).
 * @throws Hop3Error HOP3_NO_SUPERVISOR
 */
export async function startSlot(paths: Paths, spec: SlotSpec): Promise<void> {
  const layout = slotLayout(paths, spec.app, spec.slot);
  await Promise.all([
    // The slot must survive a power cut once it is live; written out while the app starts, that costs no time.
    syncTree(layout.dir),
    ...spec.workers.map((worker) => superviseService(paths, workerLayout(layout, worker.name).dir, serviceName(spec.app, spec.slot, worker.name))),
  ]);
  await syncPath(paths.services);
}

/**
 * Ends every process of a slot: SIGTERM, SIGKILL after `graceMs`, then the supervisors. Safe for a slot that never ran and
 * when s6 itself is gone; the live slot's sibling is not touched.
 * @throws Hop3Error HOP3_WORKER_STAYS when a process is still there after SIGKILL
 */
export async function stopSlot(paths: Paths, app: AppName, slot: SlotName, graceMs: number): Promise<void> {
  const layout = slotLayout(paths, app, slot);
  const linked = listDir(paths.services).map(parseServiceName).filter((service) => service?.app === app && service.slot === slot).map((service) => service!.worker);
  const workers = [...new Set([...linked, ...listDir(layout.services)])];
  await Promise.all(workers.map((worker) => stopWorker(paths, serviceName(app, slot, worker), workerLayout(layout, worker), Math.max(1, Math.round(graceMs)))));
}

/** Which workers of a slot have which of these ports, by the sockets that their processes hold. */
export function portHolders<Port extends { readonly number: number; readonly protocol: 'tcp' | 'udp' }>(paths: Paths, app: AppName, slot: SlotName, ports: readonly Port[]): { readonly worker: string; readonly ports: readonly Port[] }[] {
  const layout = slotLayout(paths, app, slot);
  return listDir(layout.services).flatMap((worker) => {
    const bound = boundPorts(sandboxProcesses(workerLayout(layout, worker).env));
    const held = ports.filter((port) => bound.some((one) => one.port === port.number && one.protocol === port.protocol));
    return held.length === 0 ? [] : [{ worker, ports: held }];
  });
}

/** Stops some workers of a slot, which stay supervised: resumeWorkers starts them again. */
export async function pauseWorkers(paths: Paths, app: AppName, slot: SlotName, workers: readonly string[], graceMs: number): Promise<void> {
  const layout = slotLayout(paths, app, slot);
  await Promise.all(workers.map(async (worker) => {
    const files = workerLayout(layout, worker);
    await run({ file: 's6-svc', args: ['-wD', '-T', String(graceMs + S6_MS), '-d', files.dir], limit: (graceMs + 2 * S6_MS) / 1000 });
    await endSandbox(files);
  }));
}

/** Stops one worker at once, and says why wherever its state is told. It stays down until its slot is filled or resumed. */
export async function stopForCause(paths: Paths, app: AppName, slot: SlotName, worker: string, cause: string): Promise<void> {
  const { dir, firstExit, timeoutKill } = workerLayout(slotLayout(paths, app, slot), worker);
  writeFileSync(timeoutKill, `${STOP_NOW_MS}\n`, { mode: 0o600 });
  // Its finish script would say nothing of it: a deploy that waits for the worker reads this when it has ended.
  if (readExit(firstExit) === null) writeFileSync(join(dir, FIRST_CAUSE_FILE), `${cause}\n`, { mode: 0o600 });
  await pauseWorkers(paths, app, slot, [worker], STOP_NOW_MS);
  writeFileSync(join(dir, LAST_CAUSE_FILE), `${cause}\n`, { mode: 0o600 });
}

/** Starts the workers of a slot that are stopped; all of them where none is named. */
export async function resumeWorkers(paths: Paths, app: AppName, slot: SlotName, workers?: readonly string[]): Promise<void> {
  const layout = slotLayout(paths, app, slot);
  for (const worker of workers ?? listDir(layout.services)) {
    const { dir } = workerLayout(layout, worker);
    if (isRead(join(dir, 'supervise', 'control'))) await run({ file: 's6-svc', args: ['-u', dir], limit: 10 });
  }
}

/** How all workers are, from their supervisors. Hop3's own services are left out. */
export async function workerStatuses(paths: Paths): Promise<WorkerStatus[]> {
  const services = listDir(paths.services).flatMap((name) => {
    const service = parseServiceName(name);
    return service ? [{ name, ...service }] : [];
  });
  const statuses: WorkerStatus[] = [];
  // A few at a time: where s6's own file cannot be read, each is a process.
  for (let from = 0; from < services.length; from += 8) {
    statuses.push(
      ...(await Promise.all(
        services.slice(from, from + 8).map(async ({ name, app, slot, worker }) => ({ app, slot, worker, ...(await workerState(join(paths.services, name))) })),
      )),
    );
  }
  return statuses;
}

/** The workers of a slot that run, or would be started again. */
export async function runningWorkers(paths: Paths, app: AppName, slot: SlotName): Promise<string[]> {
  return (await workerStatus(paths, app, slot)).filter(({ state }) => state.kind !== 'down').map(({ worker }) => worker);
}

/** How the workers of one slot are. */
export async function workerStatus(paths: Paths, app: AppName, slot: SlotName): Promise<WorkerStatus[]> {
  const own = listDir(paths.services).map(parseServiceName).filter((service) => service?.app === app && service.slot === slot);
  return Promise.all(own.map(async (service) => ({ app, slot, worker: service!.worker, ...(await workerState(join(paths.services, serviceName(app, slot, service!.worker)))) })));
}

/** Makes s6-svscan look at its directory again: new services start, supervisors without a service end. */
export async function signalScan(paths: Paths): Promise<void> {
  if (!isScanning(paths)) throw noSupervisor(paths, 'what is new there');
  await runOk({ file: 's6-svscanctl', args: ['-an', paths.services], limit: 10 });
}

async function stopWorker(paths: Paths, name: string, files: WorkerLayout, graceMs: number): Promise<void> {
  const service = join(paths.services, name);
  let asked = false;
  // s6-svc would wait its whole time for a supervisor that is not there.
  if (isRead(join(files.dir, 'supervise', 'control'))) {
    writeFileSync(files.timeoutKill, `${graceMs}\n`, { mode: 0o600 });
    const down = await run({ file: 's6-svc', args: ['-wD', '-T', String(graceMs + S6_MS), '-d', files.dir], limit: (graceMs + 2 * S6_MS) / 1000 });
    asked = down.code === 0;
  }
  if (isLinkTo(service)) {
    // Likewise s6-svunlink, for a supervisor that nobody tells to end.
    if (isScanning(paths)) await run({ file: 's6-svunlink', args: ['-t', String(S6_MS), paths.services, name], limit: (2 * S6_MS) / 1000 });
    // Whatever happened: the link must not start the worker again.
    rmSync(service, { force: true });
  }
  await endRest(files, name, asked ? 0 : graceMs);
}

/** What is left of a sandbox whose supervised process ended. */
async function endSandbox(files: WorkerLayout): Promise<void> {
  const rest = () => sandboxProcesses(files.env);
  for (const pid of rest()) signal(pid, 'SIGKILL');
  await gone(rest, KILLED_MS);
}

/** Ends what s6 did not: everything when the supervisor is gone, nothing otherwise. */
async function endRest(files: WorkerLayout, name: string, graceMs: number): Promise<void> {
  // The logger goes last: without it the worker's next line would end the worker.
  await end(name, () => [...chainProcesses(files.dir), ...sandboxProcesses(files.env)], () => chainProcesses(files.dir), 'SIGTERM', graceMs);
  const logger = () => chainProcesses(dirname(files.logRun));
  // A logger's supervisor ends on SIGHUP; SIGTERM would only end the logger, which it starts again.
  await end(`${name}/log`, logger, logger, 'SIGHUP', S6_MS);
}

/** The first signal to those who pass it on, SIGKILL to everybody after the grace time. */
async function end(name: string, all: () => readonly number[], told: () => readonly number[], first: NodeJS.Signals, graceMs: number): Promise<void> {
  if (all().length === 0) return;
  for (const pid of told()) signal(pid, first);
  if (await gone(all, graceMs)) return;
  for (const pid of all()) signal(pid, 'SIGKILL');
  if (await gone(all, KILLED_MS)) return;
  throw new Hop3Error('HOP3_WORKER_STAYS', {
    what: `Processes of ${name} are still there after SIGKILL: ${all().join(', ')}.`,
    next: 'They hang inside the kernel (a dead disk or network file system, most likely). Free that, or restart the machine; then push again.',
  });
}

async function gone(rest: () => readonly number[], withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  while (rest().length > 0) {
    if (performance.now() >= until) return false;
    await delay(50);
  }
  return true;
}

async function workerState(service: string): Promise<{ readonly state: WorkerState; readonly limit: string | null }> {
  const state = await supervisedState(service);
  return { state, limit: state.kind === 'up' ? limitNote(service, () => sandboxProcesses(join(service, 'env'))) : null };
}

async function supervisedState(service: string): Promise<WorkerState> {
  // Without its supervisor nothing is known of a worker; it is not up in any sense that counts.
  if (!isRead(join(service, 'supervise', 'control'))) return { kind: 'down', seconds: 0, exit: null };
  const { up, pid, exitCode, signal: ended, seconds } = readSuperviseStatus(service, await labelsAhead()) ?? (await askSuperviseStatus(service));
  const waiting = up ? readWaiting(service) : null;
  if (waiting) return waiting;
  if (up) return { kind: 'up', pid, seconds };
  const ran = exitCode !== null || ended !== null;
  return { kind: 'down', seconds, exit: ran ? withCause(service, describeWorkerExit(ended === null ? exitCode! : 256, ended ?? 0)) : null };
}

/** What the run script says of a pause between two starts. */
function readWaiting(service: string): WorkerState | null {
  const [, until, deaths] = /^(\d+) (\d+)\n$/.exec(readText(join(service, 'waiting'))) ?? [];
  if (until === undefined || deaths === undefined) return null;
  const exit = readExit(join(service, 'last-exit'));
  return { kind: 'waiting', seconds: Math.max(0, Number(until) - Math.floor(Date.now() / 1000)), deaths: Number(deaths), exit: exit && withCause(service, describeWorkerExit(exit.code, exit.signal)) };
}

/** How it ended, and which limit ended it. */
function withCause(service: string, exit: string): string {
  const cause = readText(join(service, LAST_CAUSE_FILE)).trim();
  return cause === '' ? exit : `${exit}: ${cause}`;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function isLinkTo(path: string): boolean {
  try {
    readlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
