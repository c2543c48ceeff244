import type { AddonRequest } from '../config/model.ts';
import type { Addon } from '../addons/model.ts';
import { Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';
import type { Attachment } from '../store/addons.ts';
import type { Job } from './job.ts';

export type Variables = Readonly<Record<string, string>>;

/**
 * Gives an app what its `[[addons]]` ask for: what is attached already is kept, whatever the push; the rest is made now. Then
 * every attached addon's server must answer, and its variables are the result. What a failed push made stays for the next.
 * @throws Hop3Error HOP3_ADDON_...
 */
export async function provisionAddons(job: Job, requests: readonly AddonRequest[]): Promise<Variables> {
  const { app, store, addons, log, signal } = job;
  const tell = (line: string) => log.line(line);
  for (const request of requests) {
    const name = addonName(app, request);
    if (store.addons.attachmentsOf(app).some((attachment) => attachment.addon === name)) continue;
    log.phase(`Making the addon ${name} (${addons.driver(request.type).title})`);
    const foreign = addons.get(name);
    if (foreign) refuseForeign(job, foreign);
    await addons.create(name, request.type, request.extensions, job.by, tell, signal);
    store.addons.attach({ app, addon: name, prefix: prefixFor(job, request) });
  }
  const variables: Record<string, string> = {};
  for (const attachment of store.addons.attachmentsOf(app)) {
    const addon = addons.get(attachment.addon)!;
    log.hide([addon.access.password]);
    const extensions = requests.find((request) => addonName(app, request) === addon.name)?.extensions ?? [];
    await addons.ensure(addon, extensions, tell, signal);
    Object.assign(variables, attachedVariables(job, addon, attachment));
  }
  return variables;
}

/** The variables that an attachment gives, under its prefix. */
function attachedVariables(job: Job, addon: Addon, { prefix }: Attachment): Variables {
  const own = job.addons.driver(addon.type).variables(addon.access);
  return Object.fromEntries(Object.entries(own).map(([name, value]) => [`${prefix}${name}`, value]));
}

/** "shop-postgres", or "shop-reports" for one with a name of its own. */
export function addonName(app: AppName, request: Pick<AddonRequest, 'type' | 'name'>): string {
  return `${app}-${request.name ?? request.type}`;
}

/** The first addon of a type has the plain names; another one's begin with its name: REPORTS_DATABASE_URL. */
function prefixFor(job: Job, request: AddonRequest): string {
  const others = job.store.addons.attachmentsOf(job.app).map(({ addon }) => job.store.addons.get(addon)!);
  if (others.every((addon) => addon.type !== request.type)) return '';
  return `${(request.name ?? request.type).toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_`;
}

/** An addon of that name that this app does not have: `my-app`'s "db" and `my`'s "app-db" would be one. */
function refuseForeign(job: Job, addon: Addon): void {
  const owners = job.store.addons.attachmentsTo(addon.name).map((attachment) => attachment.app);
  throw new Hop3Error('HOP3_ADDON_NAME', {
    what: `There is an addon ${addon.name} already, ${owners.length > 0 ? `attached to ${owners.join(', ')}` : 'attached to no app'}.`,
    next: `If it is meant: hop3 addon attach ${addon.name} --app ${job.app}. If not, give the addon another name in hop3.toml.`,
  });
}
