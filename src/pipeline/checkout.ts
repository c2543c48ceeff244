import { lstat, open, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { checkoutTree, listTree, type TreeEntry } from '../git/objects.ts';
import { shortOid, type Oid } from '../names.ts';
import type { Job } from './job.ts';
import type { Source } from './model.ts';
import { CheckoutPlace } from './kept-checkout.ts';
import { checkEntries, checkLinks, checkSize, isLfsPointer, LARGEST_LFS_POINTER, refuseLfsPointers } from './tree-check.ts';

/**
 * Writes the commit's tree into a directory of its own, always named `source`, so that `src = ./.` gives one store path
 * a tree. When the deploy ends, the directory goes or is kept for the app's next deploy.
 * @param kept whether an earlier checkout may be brought up to date, and this one be kept: not where a program gets the directory
 * @throws Hop3Error HOP3_TREE for what cannot be deployed
 */
export async function checkOut(job: Job, received: { commit: Oid; tree: Oid }, kept = false): Promise<Source> {
  const { paths, log, app, signal } = job;
  log.phase(`Checking out ${shortOid(received.commit)}`);
  const repo = paths.repo(app);
  const listed = listTree(repo, received.tree);
  // Waited for below; a place that cannot be had is told first.
  listed.catch(() => {});
  let place = await CheckoutPlace.take(paths, app, kept);
  job.cleanUps.push(() => (kept ? place.giveBack() : place.remove()));
  const entries = await listed;
  checkEntries(entries);
  checkSize(entries, job.settings.maxPushBytes);
  if (place.isKept && !(await bringUpToDate(job, place, received.tree, entries))) {
    await place.remove();
    place = await CheckoutPlace.take(paths, app, false);
  }
  if (!place.isKept) await checkoutTree(repo, received.tree, place.dir, place.index, signal);
  const { dir } = place;
  await checkFiles(dir, entries);
  await place.whole(entries);
  return { dir, commit: received.commit, tree: received.tree };
}

/** False for an earlier checkout of which anything is in doubt. */
async function bringUpToDate({ paths, app, signal }: Job, place: CheckoutPlace, tree: Oid, entries: readonly TreeEntry[]): Promise<boolean> {
  try {
    if (!(await place.begin(entries))) return false;
    await checkoutTree(paths.repo(app), tree, place.dir, place.index, signal);
    return await place.holdsOnly(entries);
  } catch (error) {
    if (signal.aborted) throw error;
    return false;
  }
}

async function checkFiles(dir: string, entries: readonly TreeEntry[]): Promise<void> {
  const links = [];
  const pointers: string[] = [];
  for (const entry of entries) {
    const path = entry.path.toString('utf8');
    if (entry.mode === '120000') links.push({ path, target: await readlink(join(dir, path)) });
    else if (entry.size !== null && entry.size > 60 && entry.size < LARGEST_LFS_POINTER && (await startsLikePointer(join(dir, path)))) pointers.push(path);
  }
  checkLinks(links);
  refuseLfsPointers(pointers);
}

async function startsLikePointer(file: string): Promise<boolean> {
  // A path below a symlink cannot stand in a tree, so this opens what git wrote.
  if (!(await lstat(file)).isFile()) return false;
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    return isLfsPointer(buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}
