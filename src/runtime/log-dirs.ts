import { readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AppName } from '../names.ts';
import { SLOTS, type Paths, type SlotName } from '../paths.ts';
import { listDir } from './list-dir.ts';
import { slotLayout, workerLayout } from './slot-layout.ts';

/** The output of one worker in one release and slot, at most 6 MB. */
export interface LogDir {
  readonly dir: string;
  readonly worker: string;
  readonly release: string;
  readonly slot: SlotName;
}

/** `web.1/v12.a`: which one it is among those of an app. */
export const placeOf = ({ worker, release, slot }: LogDir): string => `${worker}/${release}.${slot}`;

/** Directories kept for each worker besides those that are in use. */
const KEPT = 4;

/** Every directory with output of the app's workers. `worker` is a name (`web.1`) or a type (`web`). */
export function logDirs(paths: Paths, app: AppName, worker?: string): LogDir[] {
  const root = paths.workerLogs(app);
  const workers = listDir(root).filter((name) => worker === undefined || name === worker || name.startsWith(`${worker}.`));
  return workers.flatMap((name) =>
    listDir(join(root, name)).flatMap((entry) => {
      const [, release, slotText] = /^(v[0-9]+)\.([a-z])$/.exec(entry) ?? [];
      const slot = SLOTS.find((one) => one === slotText);
      return release && slot ? [{ dir: join(root, name, entry), worker: name, release, slot }] : [];
    }),
  );
}

/** Removes the oldest output, and never a directory that a slot writes to. */
export function pruneLogDirs(paths: Paths, app: AppName): void {
  const used = new Set(SLOTS.flatMap((slot) => usedBy(paths, app, slot)));
  const byWorker = new Map<string, { dir: string; touched: number }[]>();
  for (const { dir, worker } of logDirs(paths, app)) {
    if (used.has(dir)) continue;
    const dirs = byWorker.get(worker) ?? [];
    dirs.push({ dir, touched: touched(dir) });
    byWorker.set(worker, dirs);
  }
  for (const dirs of byWorker.values()) {
    dirs.sort((a, b) => b.touched - a.touched);
    for (const { dir } of dirs.slice(KEPT)) rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * Output that `hop3 gc` may take besides what pruneLogDirs does: of processes that what runs has no more, as after `ps scale` or a new
 * Procfile, from releases that are not kept.
 */
export function gonePlaces(paths: Paths, app: AppName, isKept: (release: string) => boolean): string[] {
  const used = new Set(SLOTS.flatMap((slot) => usedBy(paths, app, slot)));
  const dirs = logDirs(paths, app);
  const running = new Set(dirs.filter(({ dir }) => used.has(dir)).map(({ worker }) => worker));
  return dirs.filter(({ dir, worker, release }) => !used.has(dir) && !running.has(worker) && !isKept(release)).map(({ dir }) => dir);
}

function usedBy(paths: Paths, app: AppName, slot: SlotName): string[] {
  const layout = slotLayout(paths, app, slot);
  return listDir(layout.services).flatMap((worker) => {
    try {
      return [readlinkSync(workerLayout(layout, worker).logLink)];
    } catch {
      return []; // a slot that was being written when the server died: it has no process yet
    }
  });
}

function touched(dir: string): number {
  return Math.max(statTime(dir), statTime(join(dir, 'current')));
}

function statTime(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
