import { commitTree, isAncestor, readRef } from '../git/objects.ts';
import { Hop3Error } from '../errors.ts';
import { shortOid, type Oid } from '../names.ts';
import type { Job } from './job.ts';
import type { Lineage } from './lineage.ts';
import type { Push } from './model.ts';

export interface Received {
  readonly commit: Oid;
  readonly tree: Oid;
  readonly lineage: Lineage;
  /** The build of the release that a push of an older commit goes back to. */
  readonly earlierBuild: number | null;
}

/**
 * Looks at what was pushed: which tree, and whether the push goes forward or back to a commit that was live before.
 * @throws Hop3Error HOP3_NO_APP, HOP3_STALE_PUSH
 */
export async function receive(job: Job, push: Push): Promise<Received> {
  const { store, paths, log, app } = job;
  if (!store.apps.get(app)) throw new Hop3Error('HOP3_NO_APP', { what: `There is no app named ${app}.`, next: 'hop3 apps lists what there is.' });
  const repo = paths.repo(app);
  const branch = push.ref.replace(/^refs\/heads\//, '');
  log.phase(`Receiving ${shortOid(push.commit)} for ${app} (${branch})`);
  await refuseStale(repo, push, branch);
  const tree = await commitTree(repo, push.commit);
  const version = store.releases.nextVersion(app);
  const move = { ref: push.ref, commit: push.commit, old: push.old };

  const goesBack = push.old !== null && push.old !== push.commit && (await isAncestor(repo, push.commit, push.old));
  const earlier = goesBack ? store.releases.ofCommit(app, push.commit) : null;
  if (earlier) {
    log.phase(`Rollback to v${earlier.version}: ${shortOid(push.commit)} was live before`);
    return {
      commit: push.commit, tree, earlierBuild: earlier.build,
      lineage: { reason: 'rollback', version, description: `Rollback to v${earlier.version}`, env: earlier.env, branch: move },
    };
  }
  return {
    commit: push.commit, tree, earlierBuild: null,
    lineage: { reason: 'push', version, description: `Deploy ${shortOid(push.commit)}`, env: store.env.get(app), branch: move },
  };
}

/** The push may have waited behind another one that moved the branch; to build it would end in a switch that is taken back. */
async function refuseStale(repo: string, push: Push, branch: string): Promise<void> {
  const now = await readRef(repo, push.ref);
  if (now === push.old) return;
  throw new Hop3Error('HOP3_STALE_PUSH', {
    what: `${branch} has moved to ${now ? shortOid(now) : 'nothing'} since this push began.`,
    next: 'git fetch hop3, look at what changed, and push again.',
  });
}
