import { mkdirSync, readlinkSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NO_LIMITS } from '../limits.ts';
import type { AppName } from '../names.ts';
import type { Paths, SlotName } from '../paths.ts';
import { syncDirectory } from '../write-whole.ts';
import { limitsFile } from './confinement.ts';
import { checkEnvironment, writeEnvDir } from './envdir.ts';
import { LIMITS_FILE } from './limit-use.ts';
import { pruneLogDirs } from './log-dirs.ts';
import { makeModeDirectory } from './mode-directory.ts';
import type { SlotSpec, WorkerSpec } from './model.ts';
import { logRun, sandboxInit, workerFinish, workerRun } from './run-scripts.ts';
import { APP_HOME, asArgumentFile, etcFiles, sandboxArguments } from './sandbox.ts';
import { stopSlot } from './services.ts';
import { checkWorkerName, releaseName, serviceName, slotLayout, workerLayout, workerLogDir, type SlotLayout } from './slot-layout.ts';
import { parseSlotTarget, slotMode, slotTarget } from './slot-target.ts';
import { syncTree } from './sync-tree.ts';
import { checkCommand } from './worker-command.ts';

/** The slot that `current` names; null before the first release, or when the symlink is not one that Hop3 wrote. */
export function liveSlot(paths: Paths, app: AppName): SlotName | null {
  return parseSlotTarget(currentTarget(paths, app) ?? '')?.slot ?? null;
}

/** What `current` says, as it is; null when there is no such symlink. */
export function currentTarget(paths: Paths, app: AppName): string | null {
  try {
    return readlinkSync(paths.current(app));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EINVAL: something that is no symlink; nginx serves nothing through it either.
    if (code === 'ENOENT' || code === 'EINVAL' || code === 'ENOTDIR') return null;
    throw error;
  }
}

/**
 * Writes a slot for a release, completely new. What a crash left there is stopped and removed first. Nothing is started,
 * and nothing of the other slot is touched.
 * @returns what `current` has to name to make it live, for switchTo
 * @throws Hop3Error HOP3_ENV_VALUE, HOP3_WORKER_COMMAND, HOP3_CLOSURE_SIZE; Error when the slot is the live one
 */
export async function fillSlot(paths: Paths, spec: SlotSpec): Promise<string> {
  const { app, slot } = spec;
  // Refusing comes before removing: a bad variable must not cost the slot's last release.
  for (const worker of spec.workers) {
    checkWorkerName(worker.name);
    checkCommand(worker.name, worker.command);
    checkEnvironment(worker.env);
  }
  if (liveSlot(paths, app) === slot) throw new Error(`slot ${slot} of ${app} is live and cannot be filled`);
  await stopSlot(paths, app, slot, 0);
  clearSlot(paths, app, slot);

  const layout = slotLayout(paths, app, slot);
  for (const dir of [paths.data(app), paths.workerLogs(app), layout.services]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  symlinkSync(spec.storePath, layout.release);
  const target = slotTarget(slot, slotMode(spec), spec.static === null ? null : realPath(spec.static));
  makeModeDirectory(paths, app, target, spec.static);
  if (spec.workers.length > 0) writeSandboxFiles(app, layout);
  for (const worker of spec.workers) writeWorker(paths, spec, layout, worker);
  pruneLogDirs(paths, app);
  // With workers startSlot does it, while they start.
  if (spec.workers.length === 0) await syncTree(layout.dir);
  return target;
}

/** Removes a slot's files. Its workers must have been stopped (stopSlot); the live slot is never cleared. */
export function clearSlot(paths: Paths, app: AppName, slot: SlotName): void {
  if (liveSlot(paths, app) === slot) throw new Error(`slot ${slot} of ${app} is live and cannot be cleared`);
  rmSync(paths.slot(app, slot), { recursive: true, force: true });
}

/** The switch: from the next request on nginx uses the slot that `target` names (see fillSlot). One rename(2), on disk when this returns. */
export function switchTo(paths: Paths, app: AppName, target: string): void {
  pointCurrent(paths, app, target);
}

/** `current` of an app that has nothing live yet: an empty directory, so that nginx finds something that is no slot. */
export function pointNowhere(paths: Paths, app: AppName): void {
  mkdirSync(join(paths.app(app), 'nothing'), { recursive: true, mode: 0o700 });
  pointCurrent(paths, app, 'nothing');
}

/** Takes a switch back to what currentTarget said before it; null removes the symlink. */
export function unswitch(paths: Paths, app: AppName, before: string | null): void {
  if (before !== null) return pointCurrent(paths, app, before);
  rmSync(paths.current(app), { force: true });
  syncDirectory(paths.app(app));
}

/** Files can be a link into another store path, whose hash stays while the release's own changes. A link to nowhere stays as it is. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return path;
    throw error;
  }
}

function pointCurrent(paths: Paths, app: AppName, target: string): void {
  const next = `${paths.current(app)}.next`;
  rmSync(next, { force: true });
  symlinkSync(target, next);
  renameSync(next, paths.current(app));
  syncDirectory(paths.app(app));
}

/** What the sandboxes of all workers of a slot share. A slot of files alone has none, and each file would be one sync more in every deploy. */
function writeSandboxFiles(app: AppName, layout: SlotLayout): void {
  mkdirSync(layout.etc, { mode: 0o700 });
  for (const [name, text] of Object.entries(etcFiles(app))) writeFileSync(join(layout.etc, name), text, { mode: 0o600 });
  writeFileSync(layout.init, sandboxInit(), { mode: 0o700 });
}

function writeWorker(paths: Paths, spec: SlotSpec, slot: SlotLayout, worker: WorkerSpec): void {
  const files = workerLayout(slot, worker.name);
  const release = releaseName(worker.env);
  const logDir = workerLogDir(paths, spec.app, worker.name, release, spec.slot);
  for (const dir of [join(files.dir, 'log'), logDir]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  const limits = spec.limits ?? NO_LIMITS;
  const confined = { name: serviceName(spec.app, spec.slot, worker.name), limits, modeFile: limitsFile(paths) };
  // The sandbox decides where HOME is, whatever the environment says.
  writeEnvDir(files.env, { ...worker.env, HOME: APP_HOME });
  const args = sandboxArguments({ app: spec.app, closure: spec.closure, dataDir: paths.data(spec.app), envDir: files.env, etcDir: slot.etc, initFile: slot.init, tmpBytes: limits.memory });
  writeFileSync(files.sandbox, asArgumentFile(args), { mode: 0o600 });
  writeFileSync(join(files.dir, LIMITS_FILE), JSON.stringify(limits), { mode: 0o600 });
  writeFileSync(files.run, workerRun(worker.name, release, files.sandbox, worker.command, confined), { mode: 0o700 });
  writeFileSync(files.finish, workerFinish(worker.name, limits), { mode: 0o700 });
  writeFileSync(files.timeoutKill, `${Math.max(1, Math.round(spec.stopGraceMs))}\n`, { mode: 0o600 });
  writeFileSync(files.logRun, logRun(logDir), { mode: 0o700 });
  symlinkSync(logDir, files.logLink);
}
