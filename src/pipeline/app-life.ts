import { mkdir, rm } from 'node:fs/promises';
import { createBareRepo, putRepoAside, removeAside } from '../git/repo.ts';
import { Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';
import { SLOTS } from '../paths.ts';
import { endOneOffs } from '../runtime/one-off.ts';
import { stopSlot } from '../runtime/services.ts';
import { pointNowhere } from '../runtime/slots.ts';
import { destroyAddonsOf } from './addons.ts';
import type { Host } from './job.ts';
import { dropKept } from './kept-checkout.ts';
import { matchPorts } from './ports.ts';
import { applySite } from './sites.ts';

/**
 * Makes an app: its row and ports, its directories and repository, its site in nginx.
 * @throws Hop3Error HOP3_APP_EXISTS, HOP3_NO_PORT, HOP3_NGINX_REFUSED
 */
export async function createApp(host: Host, app: AppName, by: string): Promise<void> {
  const { store } = host;
  if (store.apps.get(app)) throw new Hop3Error('HOP3_APP_EXISTS', { what: `There is an app named ${app} already.` });
  store.apps.create(app, by);
  try {
    await host.barrier?.('app row made');
    await makeFiles(host, app);
    await host.barrier?.('app repository made');
    await applySite(host, app);
  } catch (error) {
    await (await removeApp(host, app))();
    // Another app's change may have brought this one's site into nginx already.
    await applySite(host, app).catch((late: unknown) => host.reportDefect(`the site of ${app}, which was not made`, late));
    throw error;
  }
}

/** What an app has before its first push; also for one whose creation was cut off. The repository comes last: with it everything is there. */
export async function makeFiles(host: Host, app: AppName): Promise<void> {
  const { paths } = host;
  for (const slot of SLOTS) await matchPorts(host, app, slot, 1);
  for (const dir of [paths.app(app), paths.data(app), paths.workerLogs(app), paths.builds(app), paths.roots(app)]) {
    await mkdir(dir, { recursive: true, mode: 0o700 });
  }
  pointNowhere(paths, app);
  await host.barrier?.('app files made');
  await createBareRepo(paths, app);
}

/**
 * Ends an app, also one whose destruction was cut off at any point: workers, site, files, repository, records. What it wrote into its data
 * directory goes too, and the addons that no other app has.
 * @returns removes the repository, which pushes that wait may still stand in: to be called when they have been told
 */
export async function destroyApp(host: Host, app: AppName): Promise<() => Promise<void>> {
  host.store.apps.beginDestruction(app);
  await host.barrier?.('destruction begun');
  for (const slot of SLOTS) await stopSlot(host.paths, app, slot, host.settings.drainTimeout * 1000);
  endOneOffs(host.paths, app);
  await host.barrier?.('workers ended');
  await destroyAddonsOf(host, app);
  await host.barrier?.('addons destroyed');
  const removeRepo = await removeApp(host, app);
  await applySite(host, app);
  return removeRepo;
}

async function removeApp(host: Host, app: AppName): Promise<() => Promise<void>> {
  // Files first: a row without files can be removed again, files without a row would be nobody's.
  await rm(host.paths.app(app), { recursive: true, force: true });
  await dropKept(host.paths, app);
  const aside = await putRepoAside(host.paths, app);
  await host.barrier?.('files removed');
  host.store.apps.remove(app);
  return async () => {
    if (aside !== null) await removeAside(aside);
  };
}
