import { lstat, mkdir, mkdtemp, open, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkoutTree, listTree, type TreeEntry } from '../git/objects.ts';
import { shortOid, type Oid } from '../names.ts';
import type { Job } from './job.ts';
import type { Source } from './model.ts';
import { checkEntries, checkLinks, checkSize, isLfsPointer, LARGEST_LFS_POINTER, refuseLfsPointers } from './tree-check.ts';

/**
 * Writes the commit's tree into a directory of its own, always named `source`, so that `src = ./.` gives one store path
 * a tree. The directory goes when the deploy ends, however it ends.
 * @throws Hop3Error HOP3_TREE for what cannot be deployed
 */
export async function checkOut(job: Job, received: { commit: Oid; tree: Oid }): Promise<Source> {
  const { paths, log, app, signal } = job;
  log.phase(`Checking out ${shortOid(received.commit)}`);
  const repo = paths.repo(app);
  const entries = await listTree(repo, received.tree);
  checkEntries(entries);
  checkSize(entries, job.settings.maxPushBytes);
  await mkdir(paths.checkouts, { recursive: true, mode: 0o700 });
  const base = await mkdtemp(join(paths.checkouts, `${app}-`));
  job.cleanUps.push(() => rm(base, { recursive: true, force: true, maxRetries: 3 }));
  const dir = join(base, 'source');
  await mkdir(dir);
  await checkoutTree(repo, received.tree, dir, join(base, 'index'), signal);
  await checkFiles(dir, entries);
  return { dir, commit: received.commit, tree: received.tree };
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
