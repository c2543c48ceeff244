import { createReadStream, existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { asHop3Error, Hop3Error } from '../errors.ts';
import { lookUp, updateRef } from '../git/objects.ts';
import type { PushLog } from '../log.ts';
import type { AppName } from '../names.ts';
import { addRoot, isValidPath } from '../nix/store.ts';
import type { Paths } from '../paths.ts';
import { liveSlot, pointNowhere } from '../runtime/slots.ts';
import { addonName } from './addons.ts';
import type { Host } from './job.ts';
import { keptConfig } from './known.ts';
import type { Deployer } from './model.ts';

type Restoring = Pick<Host, 'settings' | 'paths' | 'store' | 'addons' | 'reportDefect'> & { readonly deployer: Pick<Deployer, 'restore'> };

/** Whether a restore has put files into this HOP3_ROOT and databases are still to be loaded. Cron waits for that. */
export function restorePending(paths: Paths): boolean {
  return existsSync(paths.restoredManifest);
}

/**
 * Does what a restore leaves to the server: makes the addons anew and loads their dumps, keeps the builds that the Nix store still
 * has, and starts every app that had a live release, built anew from its repository where it has to be. What one app meets keeps no other from its turn.
 * Can be run again: what is done already is left alone.
 * @throws Hop3Error HOP3_BACKUP that names what did not come back; HOP3_CANCELLED
 */
export async function finishRestore(host: Restoring, by: string, log: PushLog, signal: AbortSignal): Promise<void> {
  const failed: string[] = [];
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    if (signal.aborted) throw new Hop3Error('HOP3_CANCELLED', { what: 'The restore was cancelled.', next: 'hop3 backup finish goes on where it was.' });
    await work().catch((error: unknown) => {
      const known = asHop3Error(error);
      if (known.code === 'HOP3_INTERNAL') host.reportDefect(`restore of ${what}`, error);
      log.problem(`${what}: ${known.what}`);
      failed.push(what);
    });
  };
  for (const { name, server } of host.store.addons.list()) {
    if (server === 'own' && existsSync(host.paths.restoredDump(name))) await attempt(name, () => loadAddon(host, name, log, signal));
  }
  const withoutAddons = failed.length > 0;
  const apps = host.store.apps.list().filter(({ name }) => liveSlot(host.paths, name) === null);
  for (const app of apps) await attempt(app.name, () => prepareApp(host, app.name, app.branch));
  for (const { name, live } of apps) {
    if (live !== null && !failed.includes(name)) await attempt(name, async () => { await host.deployer.restore(name, by, log, signal); });
  }
  // With an addon missing the next try still needs its dump.
  if (!withoutAddons) await rm(host.paths.restored, { recursive: true, force: true });
  if (failed.length === 0) return;
  throw new Hop3Error('HOP3_BACKUP', {
    what: `Not restored: ${[...new Set(failed)].join(', ')}. Everything else is.`,
    next: 'The log above says why. When that is mended: hop3 backup finish. An app can also be pushed again.',
  });
}

/** A new user and database, on a port that is free here, and then what was in the old one. */
async function loadAddon(host: Restoring, name: string, log: PushLog, signal: AbortSignal): Promise<void> {
  const { addons, paths } = host;
  log.phase(`Restoring the addon ${name}`);
  const addon = await addons.remake(name, wantedExtensions(host, name), (line) => log.line(line), signal);
  const dump = createReadStream(paths.restoredDump(name));
  await addons.driver(addon.type).restore(addon, dump, addons.context(addon, (line) => log.line(line), signal));
  await rm(paths.restoredDump(name));
  log.line(`${(dump.bytesRead / 1e6).toFixed(1)} MB loaded`);
}

/** What the live releases of an addon's apps ask of it. */
function wantedExtensions({ store }: Restoring, addon: string): readonly string[] {
  return store.addons.attachmentsTo(addon).flatMap(({ app }) => {
    const live = store.releases.live(app);
    const stored = live && store.builds.output(app, live.build);
    return stored ? keptConfig(stored.config).addons.filter((request) => addonName(app, request) === addon).flatMap((request) => request.extensions) : [];
  });
}

/** Directories that are no part of a backup, the deployed branch at the live commit, and which builds are still there. */
async function prepareApp({ paths, store }: Restoring, app: AppName, branch: string | null): Promise<void> {
  for (const dir of [paths.data(app), paths.workerLogs(app), paths.builds(app), paths.roots(app)]) await mkdir(dir, { recursive: true, mode: 0o700 });
  pointNowhere(paths, app);
  const live = store.releases.live(app);
  if (live && branch !== null) {
    const ref = `refs/heads/${branch}`;
    const now = (await lookUp(paths.repo(app), [ref]))[0]?.oid ?? null;
    // A push went live after the database was read, and before its repository was.
    if (now !== live.commit) await updateRef(paths.repo(app), ref, live.commit, now);
  }
  for (const build of store.builds.outputs(app)) {
    if (await isValidPath(build.storePath)) await addRoot(paths.buildRoot(app, build.root), build.storePath);
    else store.builds.forget(app, [build.number]);
  }
}
