import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppName } from '../names.ts';
import type { Paths } from '../paths.ts';
import { runOk } from '../run.ts';
import { git } from './objects.ts';

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

/**
 * Removes what receive-packs of a killed server left in the repositories: half-received objects and locks on refs. Run
 * at the start, when no git of ours is running.
 * @returns the files and directories that were removed
 */
export async function sweepQuarantine(paths: Paths): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await namesIn(paths.repos)) {
    if (!name.endsWith('.git')) continue;
    const repo = join(paths.repos, name);
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
