import { tookText } from '../took.ts';
import type { Job } from './job.ts';
import { appUrl } from './lineage.ts';
import type { Release } from './model.ts';
import { pruneBuilds } from './prune.ts';
import type { Switched } from './switch.ts';

/** Makes the live release the recorded one, tells the client, and lets go of builds that nothing can go back to. */
export async function record(job: Job, switched: Switched): Promise<Release> {
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
  // A release that is live must not be told as failed because of an older one.
  await pruneBuilds(job, app).catch((error: unknown) => job.reportDefect('prune', error));
  const row = store.releases.get(app, lineage.version)!;
  return {
    app, version: row.version, commit: row.commit, tree: row.tree, storePath: switched.built.storePath,
    reason: lineage.reason, description: row.description, by: row.by, createdAt: row.createdAt, live: true,
  };
}
