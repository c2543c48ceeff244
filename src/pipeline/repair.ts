import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { updateRef } from '../git/objects.ts';
import { sweepQuarantine } from '../git/repo.ts';
import { SLOTS } from '../paths.ts';
import { applySites } from '../runtime/nginx-apply.ts';
import { stopSlot } from '../runtime/services.ts';
import { clearSlot, liveSlot } from '../runtime/slots.ts';
import { sitesOf } from './app-life.ts';
import { settleBranch } from './branch.ts';
import type { Host } from './job.ts';

/**
 * Brings files, processes and records to one whole version of each app after the server died at any point. Nothing here
 * touches a live slot. Run once, before the first request is served.
 */
export async function repair(host: Host): Promise<void> {
  const { store, paths } = host;
  // First: a lock that a killed git left would stop every ref from being moved below.
  await sweepQuarantine(paths);
  for (const pending of store.releases.switching()) {
    // The rename either happened or not; the symlink is the truth.
    if (liveSlot(paths, pending.app) === pending.slot) {
      if (pending.branch !== null) await updateRef(paths.repo(pending.app), `refs/heads/${pending.branch}`, pending.commit);
      store.releases.finishSwitch(pending.app, pending.version);
    } else {
      store.releases.abandonSwitch(pending.app);
    }
  }
  store.builds.abandonRunning();
  for (const { name, branch } of store.apps.list()) {
    const live = liveSlot(paths, name);
    const release = store.releases.live(name);
    // A restart's rename happened, and the row does not know yet.
    if (live && release && release.slot !== live) store.releases.setSlot(name, release.version, live);
    if (branch !== null) await settleBranch(host, name, branch).catch((error: unknown) => host.reportDefect(`branch of ${name}`, error));
    for (const slot of SLOTS) {
      if (slot === live) continue;
      await stopSlot(paths, name, slot, 2000);
      clearSlot(paths, name, slot);
    }
  }
  for (const left of await readdir(paths.checkouts).catch(() => [])) await rm(join(paths.checkouts, left), { recursive: true, force: true });
  await applySites(paths, host.settings, sitesOf(host));
}
