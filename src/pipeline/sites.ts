import { byApp } from '../by-app.ts';
import type { AppName } from '../names.ts';
import type { SlotName } from '../paths.ts';
import type { Site } from '../runtime/model.ts';
import { applySiteOf } from '../runtime/nginx-apply.ts';
import type { Host } from './job.ts';

/**
 * Gives nginx an app as the records have it now: new, changed or gone. It has it when this returns.
 * @throws Hop3Error HOP3_NGINX_REFUSED
 */
export async function applySite(host: Pick<Host, 'store' | 'settings' | 'paths'>, app: AppName): Promise<void> {
  await applySiteOf(host.paths, host.settings, app, () => sitesOf(host));
}

/**
 * The same for a change that is taken back when nginx does not have it. By then another app's change may have brought it into nginx,
 * so that nginx is told of the taking back too.
 * @throws Hop3Error HOP3_NGINX_REFUSED
 */
export async function applySiteOr(takeBack: () => Promise<void> | void, host: Pick<Host, 'store' | 'settings' | 'paths'>, app: AppName): Promise<void> {
  try {
    await applySite(host, app);
  } catch (error) {
    await takeBack();
    // It is the first error that the caller must hear of.
    await applySite(host, app).catch(() => {});
    throw error;
  }
}

/** Every app as nginx must know it. */
export function sitesOf(host: Pick<Host, 'store' | 'settings'>): Site[] {
  const ports = byApp(host.store.ports.all().filter((row) => row.process === 'web'));
  const domains = byApp(host.store.domains.all());
  return host.store.apps.list().map(({ name }) => {
    const of = (slot: SlotName) => (ports.get(name) ?? []).filter((row) => row.slot === slot).map((row) => row.port);
    return { app: name, hosts: [`${name}.${host.settings.domain}`, ...(domains.get(name) ?? []).map((row) => row.host)], ports: { a: of('a'), b: of('b') } };
  });
}
