import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { branches, deleteRef, updateRef } from '../git/objects.ts';
import { sweepQuarantine } from '../git/repo.ts';
import type { AppName } from '../names.ts';
import { removeRoot } from '../nix/store.ts';
import { otherSlot, SLOTS, type SlotName } from '../paths.ts';
import { applySites } from '../runtime/nginx-apply.ts';
import { endOneOffs } from '../runtime/one-off.ts';
import { resumeWorkers, stopSlot } from '../runtime/services.ts';
import { clearSlot, liveSlot } from '../runtime/slots.ts';
import type { AppRow } from '../store/apps.ts';
import { makeFiles } from './app-life.ts';
import { settleBranch } from './branch.ts';
import type { Host } from './job.ts';
import { keptConfig } from './known.ts';
import { matchPorts } from './ports.ts';
import { sitesOf } from './sites.ts';

/**
 * Brings files, processes and records to one whole version of each app after the server died at any point. Nothing here
 * touches a live slot. Run once, before the first request is served.
 */
export async function repair(host: Host): Promise<void> {
  const { store, paths } = host;
  await host.barrier?.('repair');
  // First: a lock that a killed git left would stop every ref from being moved below.
  await sweepQuarantine(paths);
  for (const pending of store.releases.switching()) await attend(host, pending.app, () => finishSwitch(host, pending));
  await host.barrier?.('switch repaired');
  for (const cut of store.unsettled.list()) await attend(host, cut.app, async () => settle(host, cut));
  store.builds.abandonRunning();
  store.cron.abandonRunning();
  for (const app of store.apps.list()) {
    // It is taken to its end as soon as the server runs.
    if (app.destroyingAt !== null) continue;
    await attend(host, app.name, () => tidyApp(host, app));
    await host.barrier?.('app repaired');
  }
  for (const left of await readdir(paths.checkouts).catch(() => [])) await rm(join(paths.checkouts, left), { recursive: true, force: true });
  await applySites(paths, host.settings, sitesOf(host));
}

/** What is wrong with one app must not keep the server from serving the others. */
async function attend(host: Host, app: AppName, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => host.reportDefect(`repair of ${app}`, error));
}

/** A switch that was under way, or could not be written down (full disk): the rename either happened or not, and the symlink is the truth. */
export async function finishSwitch({ paths, store }: Pick<Host, 'paths' | 'store'>, pending: ReturnType<Host['store']['releases']['switching']>[number]): Promise<void> {
  if (liveSlot(paths, pending.app) !== pending.slot) {
    store.releases.abandonSwitch(pending.app);
    return;
  }
  if (pending.branch !== null) await updateRef(paths.repo(pending.app), `refs/heads/${pending.branch}`, pending.commit);
  store.releases.finishSwitch(pending.app, pending.version);
}

/** The same for one app, after a deploy that could not undo all of it. */
export function settleApp(host: Pick<Host, 'paths' | 'store'>, app: AppName): void {
  for (const cut of host.store.unsettled.list()) if (cut.app === app) settle(host, cut);
}

/** Names, ports and scale are the live release's own: those of before where nothing was switched, the new ones where it was. */
function settle({ paths, store }: Pick<Host, 'paths' | 'store'>, cut: { app: AppName; live: SlotName | null }): void {
  if (liveSlot(paths, cut.app) === cut.live) return store.unsettled.takeBack(cut.app);
  const release = store.releases.live(cut.app);
  const output = release && store.builds.output(cut.app, release.build);
  const asked = output ? keptConfig(output.config).ports : [];
  for (const { number, protocol } of store.fixedPorts.ofApp(cut.app)) {
    if (!asked.some((port) => port.number === number && port.protocol === protocol)) store.fixedPorts.release(cut.app, number, protocol);
  }
  store.unsettled.end(cut.app);
}

async function tidyApp(host: Host, { name, branch }: AppRow): Promise<void> {
  const { store, paths } = host;
  // The server died while it made the app. Nobody was told that there is one, and the next push takes it as it is.
  if (!existsSync(paths.repo(name)) && store.releases.live(name) === null) await makeFiles(host, name);
  const live = liveSlot(paths, name);
  const release = store.releases.live(name);
  // A restart's rename happened, and the row does not know yet.
  if (live && release && release.slot !== live) store.releases.setSlot(name, release.version, live);
  endOneOffs(paths, name);
  if (branch !== null) {
    await dropCopies(paths.repo(name), branch);
    await settleBranch(host, name, branch);
  }
  for (const slot of SLOTS) {
    if (slot === live) continue;
    await stopSlot(paths, name, slot, 2000);
    clearSlot(paths, name, slot);
  }
  // A deploy that was to have more web processes had their ports already.
  if (live) await matchPorts(host, name, otherSlot(live), store.ports.ofApp(name).filter((row) => row.slot === live && row.process === 'web').length);
  await dropStrayRoots(host, name);
  // A deploy that was cut off may have stopped some for their fixed ports.
  if (live) await resumeWorkers(paths, name, live);
}

/** GC roots that no build has: of a build that was not written down any more, or was forgotten and not let go of. */
async function dropStrayRoots({ store, paths }: Host, app: AppName): Promise<void> {
  const kept = new Set(store.builds.roots(app).map(String));
  for (const name of await readdir(paths.roots(app)).catch(() => [])) if (!kept.has(name)) await removeRoot(join(paths.roots(app), name));
}

/** A change of the deployed branch copies it first. A copy that nobody deploys yet, with nothing of its own, is what a change that was cut off left. */
async function dropCopies(repo: string, deployed: string): Promise<void> {
  const all = await branches(repo);
  const live = all.get(deployed);
  for (const [name, commit] of all) if (name !== deployed && commit === live) await deleteRef(repo, `refs/heads/${name}`, commit);
}
