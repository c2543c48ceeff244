import { buildsOn, isAncestor, stalePush } from '../git/objects.ts';
import { readRef } from '../git/read-ref.ts';
import { Hop3Error } from '../errors.ts';
import { shortOid, type Oid } from '../names.ts';
import type { Job } from './job.ts';
import type { Lineage } from './lineage.ts';
import { lookAhead, type LookAhead } from './look-ahead.ts';
import type { Push } from './model.ts';

export interface Received {
  readonly commit: Oid;
  readonly tree: Oid;
  readonly lineage: Lineage;
  /** The build of the release that a push of an older commit goes back to. */
  readonly earlierBuild: number | null;
  /** Begun for such a push. */
  readonly lookAhead?: LookAhead;
}

/**
 * Looks at what was pushed: which tree, and whether the push goes forward or back to a commit that was live before.
 * @throws Hop3Error HOP3_STALE_PUSH, HOP3_OTHER_BRANCH
 */
export async function receive(job: Job, push: Push): Promise<Received> {
  const { store, paths, log, app } = job;
  const repo = paths.repo(app);
  const branch = push.ref.replace(/^refs\/heads\//, '');
  log.phase(`Receiving ${shortOid(push.commit)} for ${app} (${branch})`);
  refuseOtherBranch(store.apps.get(app)?.branch ?? branch, branch);
  const now = readRef(repo, push.ref);
  if (now !== push.old) {
    // The push waited behind another one that moved the branch; to build it would end in a switch that is taken back.
    if (!(await buildsOn(repo, push, now))) throw stalePush(push.ref, now);
    log.line(`${branch} has moved to ${shortOid(now!)} meanwhile, which this push builds on`);
  }
  const received = { commit: push.commit, tree: push.tree };
  const version = store.releases.nextVersion(app);
  const move = { ref: push.ref, commit: push.commit, old: now };

  const earlier = now === null || now === push.commit ? null : store.releases.ofCommit(app, push.commit);
  if (earlier) {
    const look = lookAhead(job, earlier.build);
    if (await isAncestor(repo, push.commit, now!)) {
      log.phase(`Rollback to v${earlier.version}: ${shortOid(push.commit)} was live before`);
      return {
        ...received, earlierBuild: earlier.build, lookAhead: look,
        lineage: { reason: 'rollback', version, description: `Rollback to v${earlier.version}`, env: earlier.env, generated: earlier.generated, branch: move },
      };
    }
  }
  return {
    ...received, earlierBuild: null,
    lineage: {
      reason: 'push', version, description: `Deploy ${shortOid(push.commit)}`, env: store.env.get(app), generated: store.releases.live(app)?.generated ?? [], branch: move,
    },
  };
}

/** While the push waited for its turn, another first push or `hop3 app set-branch` may have chosen another branch. */
function refuseOtherBranch(deployed: string, branch: string): void {
  if (branch === deployed) return;
  throw new Hop3Error('HOP3_OTHER_BRANCH', {
    what: `${branch} is not the deployed branch any more, which is ${deployed}.`,
    next: `To deploy it: git push hop3 ${branch}:${deployed}`,
  });
}
