import { moveBranch } from '../git/move-branch.ts';
import type { SlotName } from '../paths.ts';
import { currentTarget, liveSlot, switchTo, unswitch } from '../runtime/slots.ts';
import type { Job } from './job.ts';
import type { Lineage } from './lineage.ts';
import type { Built } from './model.ts';
import type { Staged } from './stage.ts';

export interface Switched {
  readonly lineage: Lineage;
  readonly built: Built;
  readonly slot: SlotName;
  /** The slot that was live before, whose workers still run. */
  readonly previous: SlotName | null;
}

/**
 * The release goes live: one rename, then the branch follows. The intention is on disk before the rename, so that a
 * crash in between is finished at the next start. If the branch cannot be moved the rename is taken back.
 */
export async function switchOver(job: Job, built: Built, staged: Staged, lineage: Lineage): Promise<Switched> {
  const { app, paths, store, undo, steps } = job;
  const { slot } = staged.spec;
  job.passSwitch();
  const previous = liveSlot(paths, app);
  const before = currentTarget(paths, app);
  if (lineage.reason !== 'restart') {
    store.releases.beginSwitch({
      app, version: lineage.version, build: built.buildId, slot, reason: lineage.reason,
      description: lineage.description, branch: lineage.branch?.ref.replace(/^refs\/heads\//, '') ?? null, by: job.by, env: staged.provisioned.operator, generated: staged.provisioned.generated,
    });
    undo.add('abandon the switch', () => store.releases.abandonSwitch(app));
  }
  await steps.point('switch begun');
  undo.add('switch back', () => unswitch(paths, app, before));
  switchTo(paths, app, staged.target);
  await steps.point('renamed');
  if (lineage.branch) await moveBranch(paths.repo(app), lineage.branch.ref, lineage.branch.commit, lineage.branch.old);
  await steps.point('branch moved');
  undo.forget();
  return { lineage, built, slot, previous };
}
