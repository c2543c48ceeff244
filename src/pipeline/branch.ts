import { deleteRef, headBranch, setHead, updateRef } from '../git/objects.ts';
import { readRef } from '../git/read-ref.ts';
import { Hop3Error } from '../errors.ts';
import { shortOid, type AppName, type Oid } from '../names.ts';
import type { Host } from './job.ts';

/**
 * Makes another branch the deployed one. It names the live commit before it is the deployed one, and the branch before it goes after that, so
 * that at every moment the deployed branch names what serves. What a crash leaves undone is done at the next start.
 * @throws Hop3Error HOP3_BRANCH_EXISTS, and nothing is changed
 */
export async function changeBranch(host: Host, app: AppName, branch: string): Promise<void> {
  const { store, paths } = host;
  const before = store.apps.get(app)?.branch ?? null;
  const live = store.releases.live(app);
  if (live && branch !== before) await createBranch(paths.repo(app), branch, before, live.commit);
  await host.barrier?.('branch copied');
  store.apps.setBranch(app, branch);
  await host.barrier?.('branch written');
  await settleBranch(host, app, branch, before);
}

/**
 * Lets HEAD name the deployed branch, so that a clone checks that one out, and removes the one it named before. The newer commits that a
 * rollback left behind live on in HEAD's reflog.
 */
export async function settleBranch(host: Host, app: AppName, branch: string, before: string | null = null): Promise<void> {
  const repo = host.paths.repo(app);
  for (const left of new Set([headBranch(repo), before])) if (left !== null && left !== branch) await deleteRef(repo, `refs/heads/${left}`);
  await host.barrier?.('old branch removed');
  // Last: a HEAD that names another branch is how the next start knows of work left undone.
  await setHead(repo, branch);
}

async function createBranch(repo: string, branch: string, before: string | null, live: Oid): Promise<void> {
  if (before !== null && (branch.startsWith(`${before}/`) || before.startsWith(`${branch}/`))) {
    throw new Hop3Error('HOP3_BRANCH_EXISTS', {
      what: `git cannot hold ${branch} and ${before} side by side, which the change takes for a moment.`,
      next: 'Nothing was changed. Go by way of a third name: set that one first, then this one.',
    });
  }
  const ref = `refs/heads/${branch}`;
  const now = readRef(repo, ref);
  if (now === live) return;
  if (now !== null) {
    throw new Hop3Error('HOP3_BRANCH_EXISTS', {
      what: `The server has a branch ${branch} already, at ${shortOid(now)}; ${shortOid(live)} is live.`,
      next: `Nothing was changed. Remove it (git push hop3 :${branch}), or choose another name.`,
    });
  }
  await updateRef(repo, ref, live, null);
}
