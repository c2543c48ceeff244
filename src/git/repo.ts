import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readlink, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AppName } from '../names.ts';
import type { Paths } from '../paths.ts';
import { runOk } from '../run.ts';
import { git } from './command.ts';

/** Seconds for git to join packs. When there is much to do git goes on by itself in the background. */
const TIDY = 600;
/** Loose objects and packs that a repository may have before they are joined: git's defaults for gc.auto and gc.autoPackLimit. */
const MOST_LOOSE = 6700;
const MOST_PACKS = 50;

/**
 * What a repository itself says, for every git that touches it. The reflog is kept for good: after a rollback the newer
 * commits hang on nothing else, and git's own clean-up would take them away while their releases are still listed.
 */
const CONFIG = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogAllRefUpdates = true
[gc]
\treflogExpire = never
\treflogExpireUnreachable = never
`;

/** Makes the app's bare repository, 0700; the directory appears with everything in it. */
export async function createBareRepo(paths: Paths, app: AppName): Promise<void> {
  await mkdir(paths.repos, { recursive: true, mode: 0o700 });
  await createRepo(paths.repo(app));
}

const ASIDE = '.gone-';
/** Milliseconds that gits of pushes to a destroyed app get to say their last word. */
const ASIDE_MS = 10_000;

/**
 * Takes an app's repository out of the way: nothing finds it any more, but the gits of pushes that wait still have a directory to stand in,
 * without which they print an error of their own.
 * @returns where it is now; null when there was none
 */
export async function putRepoAside(paths: Paths, app: AppName): Promise<string | null> {
  const aside = join(paths.repos, `${ASIDE}${randomBytes(8).toString('hex')}`);
  try {
    await rename(paths.repo(app), aside);
    return aside;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Removes such a repository once no process stands in it, or at the latest after ASIDE_MS. */
export async function removeAside(aside: string): Promise<void> {
  const end = performance.now() + ASIDE_MS;
  while (performance.now() < end && (await isStoodIn(aside))) await delay(50);
  await rm(aside, { recursive: true, force: true });
}

async function isStoodIn(dir: string): Promise<boolean> {
  for (const pid of await namesIn('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    // What is gone, or another user's, is none of ours.
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (cwd === dir || cwd.startsWith(`${dir}/`)) return true;
  }
  return false;
}

/**
 * An empty repository that stands in for an app that does not exist yet, so that git can ask what the server can do before
 * the push that makes the app.
 * @returns its directory
 */
export async function ensureEmptyRepo(paths: Paths): Promise<string> {
  const dir = join(paths.run, 'empty.git');
  await rm(dir, { recursive: true, force: true });
  await mkdir(paths.run, { recursive: true, mode: 0o700 });
  await createRepo(dir);
  return dir;
}

/** Joins a repository's packs when there are many, as git itself would at the end of a push. Git is started only where it would find work. */
export async function tidyRepo(repo: string): Promise<void> {
  if (!(await isUntidy(join(repo, 'objects')))) return;
  await runOk(git(repo, ['-c', `gc.auto=${MOST_LOOSE}`, '-c', `gc.autoPackLimit=${MOST_PACKS}`, 'gc', '--auto', '--quiet'], { limit: TIDY }));
}

/** What `git gc --auto` asks itself (gc(1)); like git it guesses the number of all loose objects from one of the 256 directories. */
async function isUntidy(objects: string): Promise<boolean> {
  const packs = (await namesIn(join(objects, 'pack'))).filter((name) => name.endsWith('.pack')).length;
  return packs > MOST_PACKS || (await namesIn(join(objects, '17'))).length > MOST_LOOSE / 256;
}

/**
 * Removes what receive-packs of a killed server left in the repositories: half-received objects, locks on refs, and what destroyed apps had. Run
 * at the start, when no git of ours is running.
 * @returns the files and directories that were removed
 */
export async function sweepQuarantine(paths: Paths): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await namesIn(paths.repos)) {
    const repo = join(paths.repos, name);
    if (name.startsWith(ASIDE)) {
      await rm(repo, { recursive: true, force: true });
      removed.push(repo);
    }
    if (!name.endsWith('.git')) continue;
    const left = [
      ...(await namesIn(join(repo, 'objects'))).filter((entry) => /^(?:tmp_objdir-)?incoming-/.test(entry)).map((entry) => join(repo, 'objects', entry)),
      ...(await locksBelow(join(repo, 'refs'))),
      ...(await namesIn(repo)).filter((entry) => entry === 'HEAD.lock' || entry === 'packed-refs.lock').map((entry) => join(repo, entry)),
    ];
    for (const path of left) await rm(path, { recursive: true, force: true });
    removed.push(...left);
  }
  return removed;
}

async function createRepo(dir: string): Promise<void> {
  const draft = `${dir}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  // `--template=` leaves out the sample hooks: 16 files an app, and nothing runs them.
  await runOk(git(draft, ['-c', 'init.defaultBranch=main', 'init', '--quiet', '--bare', '--template=', draft]));
  await writeFile(join(draft, 'config'), CONFIG, { mode: 0o600 });
  await rename(draft, dir);
}

async function locksBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile() && entry.name.endsWith('.lock')).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

async function namesIn(dir: string): Promise<string[]> {
  return readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
