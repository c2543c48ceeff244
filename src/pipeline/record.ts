import { removeRoot } from '../nix/store.ts';
import { tookText } from '../took.ts';
import type { Job } from './job.ts';
import { appUrl } from './lineage.ts';
import type { Release } from './model.ts';
import type { Switched } from './switch.ts';

/** Makes the live release the recorded one, tells the client, and lets go of builds that nothing can go back to. */
export function record(job: Job, switched: Switched): Release {
  const { app, store, log, settings } = job;
  const { lineage, slot } = switched;
  const took = tookText(job.steps.times);
  if (lineage.reason === 'restart') {
    store.releases.setSlot(app, lineage.version, slot);
    log.phase(`Restarted v${lineage.version}`);
    log.line(`Took ${took}`);
  } else {
    store.releases.finishSwitch(app, lineage.version);
    log.phase('Launching...');
    log.line(`Took ${took}`);
    log.line(`Released v${lineage.version}`);
  }
  log.line(`${appUrl(app, settings.domain, settings.httpListen.port)} deployed to Hop3`);
  prune(job);
  const row = store.releases.get(app, lineage.version)!;
  return {
    app, version: row.version, commit: row.commit, tree: row.tree, storePath: switched.built.storePath,
    reason: lineage.reason, description: row.description, by: row.by, createdAt: row.createdAt, live: true,
  };
}

function prune(job: Job): void {
  for (const root of job.store.builds.prune(job.app, job.settings.keepReleases)) {
    removeRoot(job.paths.buildRoot(job.app, root)).catch((error: unknown) => job.reportDefect('prune', error));
  }
}
