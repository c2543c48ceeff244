import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { updateRef } from '../git/objects.ts';
import { sweepQuarantine } from '../git/repo.ts';
import type { AppName } from '../names.ts';
import { SLOTS } from '../paths.ts';
import { applySites } from '../runtime/nginx-apply.ts';
import { endOneOffs } from '../runtime/one-off.ts';
import { resumeWorkers, stopSlot } from '../runtime/services.ts';
import { clearSlot, liveSlot } from '../runtime/slots.ts';
import type { AppRow } from '../store/apps.ts';
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
  for (const pending of store.releases.switching()) await attend(host, pending.app, () => finishSwitch(host, pending));
  store.builds.abandonRunning();
  store.cron.abandonRunning();
  for (const app of store.apps.list()) await attend(host, app.name, () => tidyApp(host, app));
  for (const left of await readdir(paths.checkouts).catch(() => [])) await rm(join(paths.checkouts, left), { recursive: true, force: true });
  await applySites(paths, host.settings, sitesOf(host));
}

/** What is wrong with one app must not keep the server from serving the others. */
async function attend(host: Host, app: AppName, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => host.reportDefect(`repair of ${app}`, error));
}

/** A switch that was under way: the rename either happened or not, and the symlink is the truth. */
async function finishSwitch({ paths, store }: Host, pending: ReturnType<Host['store']['releases']['switching']>[number]): Promise<void> {
  if (liveSlot(paths, pending.app) !== pending.slot) {
    store.releases.abandonSwitch(pending.app);
    return;
  }
  if (pending.branch !== null) await updateRef(paths.repo(pending.app), `refs/heads/${pending.branch}`, pending.commit);
  store.releases.finishSwitch(pending.app, pending.version);
}

async function tidyApp(host: Host, { name, branch }: AppRow): Promise<void> {
  const { store, paths } = host;
  const live = liveSlot(paths, name);
  const release = store.releases.live(name);
  // A restart's rename happened, and the row does not know yet.
  if (live && release && release.slot !== live) store.releases.setSlot(name, release.version, live);
  endOneOffs(paths, name);
  if (branch !== null) await settleBranch(host, name, branch);
  for (const slot of SLOTS) {
    if (slot === live) continue;
    await stopSlot(paths, name, slot, 2000);
    clearSlot(paths, name, slot);
  }
  // A deploy that was cut off may have stopped some for their fixed ports.
  if (live) await resumeWorkers(paths, name, live);
}
