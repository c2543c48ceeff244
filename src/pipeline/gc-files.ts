import { readdir, lstat, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppName } from '../names.ts';
import { gonePlaces } from '../runtime/log-dirs.ts';
import type { Host } from './job.ts';

/** A file or directory that nothing needs. */
export interface Left {
  readonly path: string;
  readonly bytes: number;
}

/** Milliseconds after which nothing can be under way any more: a push and a build have limits far below. */
const SURELY_OVER = 24 * 3600 * 1000;

/** Logs of builds besides those of the newest attempts, of what can still be rolled back to, and of attempts that go on or wait. */
export async function oldBuildLogs({ paths, store, settings }: Pick<Host, 'paths' | 'store' | 'settings'>, app: AppName): Promise<Left[]> {
  const numbers = (await namesIn(paths.builds(app))).flatMap((name) => Number(/^(\d+)\.log$/.exec(name)?.[1] ?? Number.NaN) || []).sort((a, b) => b - a);
  if (numbers.length <= settings.keepBuildLogs) return [];
  const kept = new Set(store.builds.outputs(app).map(({ number }) => number));
  return found(numbers.slice(settings.keepBuildLogs).filter((number) => !kept.has(number) && store.builds.get(app, number)?.endedAt !== null).map((number) => paths.buildLog(app, number)));
}

/** Output of processes whose release cannot be rolled back to any more, and that have no successor in what runs. */
export async function oldWorkerLogs({ paths, store }: Pick<Host, 'paths' | 'store'>, app: AppName): Promise<Left[]> {
  const kept = new Set(store.builds.outputs(app).map(({ version }) => `v${version}`));
  return found(gonePlaces(paths, app, (release) => kept.has(release)));
}

/** GC roots that no row names: what a crash between build and record left. */
export async function strayRoots({ paths, store }: Pick<Host, 'paths' | 'store'>, app: AppName): Promise<Left[]> {
  const known = new Set(store.builds.roots(app).map(String));
  const stray = (await namesIn(paths.roots(app))).filter((name) => !known.has(name)).map((name) => join(paths.roots(app), name));
  return old(stray);
}

/** Objects of pushes that broke off: git removes them itself, unless it was killed. */
export async function deadQuarantine({ paths }: Pick<Host, 'paths'>, app: AppName): Promise<Left[]> {
  const objects = join(paths.repo(app), 'objects');
  const incoming = (await namesIn(objects)).filter((name) => /^(?:tmp_objdir-)?incoming-/.test(name)).map((name) => join(objects, name));
  const packs = (await namesIn(join(objects, 'pack'))).filter((name) => /^tmp_/.test(name)).map((name) => join(objects, 'pack', name));
  return old([...incoming, ...packs]);
}

/** Checkouts of deploys that are over. */
export async function oldCheckouts({ paths }: Pick<Host, 'paths'>): Promise<Left[]> {
  return old((await namesIn(paths.checkouts)).map((name) => join(paths.checkouts, name)));
}

export async function remove(left: readonly Left[]): Promise<void> {
  for (const { path } of left) await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/** Bytes on disk of a file, or of a directory with all that is in it. What goes meanwhile counts as nothing. */
export async function bytesOf(path: string): Promise<number> {
  const self = await lstat(path).catch(() => null);
  if (self === null) return 0;
  const own = self.blocks * 512;
  if (!self.isDirectory()) return own;
  let total = own;
  for (const name of await namesIn(path)) total += await bytesOf(join(path, name));
  return total;
}

async function old(paths: readonly string[]): Promise<Left[]> {
  const before = Date.now() - SURELY_OVER;
  const ages = await Promise.all(paths.map(async (path) => ({ path, touched: await touched(path) })));
  return found(ages.filter((one) => one.touched < before).map(({ path }) => path));
}

/** A directory's own time does not change with the files below it, so those directly in it count too. */
async function touched(path: string): Promise<number> {
  const self = await lstat(path).catch(() => null);
  const own = self?.mtimeMs ?? Number.POSITIVE_INFINITY;
  if (!self?.isDirectory()) return own;
  const inside = await Promise.all((await namesIn(path)).map(async (name) => (await stat(join(path, name)).catch(() => null))?.mtimeMs ?? 0));
  return Math.max(own, ...inside);
}

async function found(paths: readonly string[]): Promise<Left[]> {
  return Promise.all(paths.map(async (path) => ({ path, bytes: await bytesOf(path) })));
}

async function namesIn(dir: string): Promise<string[]> {
  return readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}
