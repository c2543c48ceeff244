import { commitTree, isAncestor } from '../git/objects.ts';
import { Hop3Error } from '../errors.ts';
import type { Oid } from '../names.ts';
import type { Job } from './job.ts';
import { shortOid, type Lineage } from './lineage.ts';
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
 * @throws Hop3Error HOP3_NO_APP
 */
export async function receive(job: Job, push: Push): Promise<Received> {
  const { store, paths, log, app } = job;
  if (!store.apps.get(app)) throw new Hop3Error('HOP3_NO_APP', { what: `There is no app named ${app}.`, next: 'hop3 apps lists what there is.' });
  const repo = paths.repo(app);
  const branch = push.ref.replace(/^refs\/heads\//, '');
  log.phase(`Receiving ${shortOid(push.commit)} for ${app} (${branch})`);
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
