import type { AddonRequest } from '../config/model.ts';
import type { Addon } from '../addons/model.ts';
import { Hop3Error } from '../errors.ts';
import type { PushLog } from '../log.ts';
import { printable, type AppName } from '../names.ts';
import type { Attachment } from '../store/addons.ts';
import type { Host, Job } from './job.ts';
import type { AddonChange } from './model.ts';

/** What the work on an app's addons needs of a deploy. */
type Surroundings = Pick<Job, 'store' | 'addons' | 'app' | 'by' | 'signal' | 'undo' | 'barrier'> & { readonly log: PushLog };

export type Variables = Readonly<Record<string, string>>;

/** What a release gets of its app's addons. */
export interface ProvisionedAddons {
  readonly variables: Variables;
  /** The password that these variables have of each addon, by the addon's name. */
  readonly passwords: ReadonlyMap<string, string>;
}

/**
 * Gives an app what its `[[addons]]` ask for: what is attached already is kept, whatever the push; the rest is made now. Then
 * every attached addon's server must answer, and its variables and password are the result. What a failed push made stays for the next.
 * @throws Hop3Error HOP3_ADDON_...
 */
export async function provisionAddons(job: Job, requests: readonly AddonRequest[]): Promise<ProvisionedAddons> {
  const { app, store, addons, log, signal } = job;
  const tell = (line: string) => log.line(line);
  for (const request of requests) {
    if (isAttached(job, addonName(app, request))) continue;
    await createAddon(job, request);
  }
  // Side by side: a deploy waits for the slowest of the servers, and not for each in turn.
  const ready = await Promise.allSettled(store.addons.attachmentsOf(app).map(async (attachment) => {
    const addon = addons.get(attachment.addon)!;
    log.hide([addon.access.password]);
    const extensions = requests.find((request) => addonName(app, request) === addon.name)?.extensions ?? [];
    await addons.ensure(addon, extensions, tell, signal);
    return { addon, variables: attachedVariables(job, addon, attachment) };
  }));
  const variables: Record<string, string> = {};
  const passwords = new Map<string, string>();
  for (const one of ready) {
    if (one.status === 'rejected') throw one.reason;
    Object.assign(variables, one.value.variables);
    passwords.set(one.value.addon.name, one.value.addon.access.password);
  }
  return { variables, passwords };
}

/** The variables that an attachment gives, under its prefix. */
export function attachedVariables(host: Pick<Host, 'addons'>, addon: Addon, { prefix }: Attachment): Variables {
  const own = host.addons.driver(addon.type).variables(addon.access);
  return Object.fromEntries(Object.entries(own).map(([name, value]) => [`${prefix}${name}`, value]));
}

/** "shop-postgres", or "shop-reports" for one with a name of its own. */
export function addonName(app: AppName, request: Pick<AddonRequest, 'type' | 'name'>): string {
  return `${app}-${request.name ?? request.type}`;
}

/** The first addon of a type has the plain names; another one's begin with its name: REPORTS_DATABASE_URL. */
function prefixFor(job: Surroundings, request: Pick<AddonRequest, 'type' | 'name'>): string {
  const others = job.store.addons.attachmentsOf(job.app).map(({ addon }) => job.store.addons.get(addon)!);
  if (others.every((addon) => addon.type !== request.type)) return '';
  return `${(request.name ?? request.type).toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_`;
}

/** An addon of that name that this app does not have: `my-app`'s "db" and `my`'s "app-db" would be one. */
function refuseForeign(job: Surroundings, addon: Addon): void {
  const owners = job.store.addons.attachmentsTo(addon.name).map((attachment) => attachment.app);
  throw new Hop3Error('HOP3_ADDON_NAME', {
    what: `There is an addon ${addon.name} already, ${owners.length > 0 ? `attached to ${owners.join(', ')}` : 'attached to no app'}.`,
    next: `If it is meant: hop3 addon attach ${addon.name} --app ${job.app}. If not, give the addon another name in hop3.toml.`,
  });
}

function isAttached({ store, app }: Surroundings, addon: string): boolean {
  return store.addons.attachmentsOf(app).some((attachment) => attachment.addon === addon);
}

async function createAddon(job: Surroundings, request: AddonRequest): Promise<void> {
  const { app, addons, log, by, signal } = job;
  const name = addonName(app, request);
  log.phase(`Making the addon ${name} (${addons.driver(request.type).title})`);
  const foreign = addons.get(name);
  if (foreign) refuseForeign(job, foreign);
  const attachment = { app, addon: name, prefix: prefixFor(job, request) };
  await addons.create(attachment, request.type, request.extensions, by, (line) => log.line(line), signal);
  await job.barrier?.('addon attached');
}

/**
 * Does what `hop3 addon create|attach|detach|credentials --rotate` ask for, before the release that runs with it. When that release
 * fails, attachments and passwords are as before; an addon that was made stays.
 * @throws Hop3Error HOP3_NO_ADDON, HOP3_ADDON_NAME, HOP3_ADDON_...
 */
export async function changeAddons(job: Surroundings, change: AddonChange): Promise<void> {
  const { app, store, addons, undo } = job;
  if (change.kind === 'create') {
    const request = { type: change.type, name: change.name, extensions: change.extensions };
    const name = addonName(app, request);
    if (isAttached(job, name)) throw new Hop3Error('HOP3_ADDON_NAME', { what: `${app} has an addon ${name} already.`, next: 'Give the new one another name: --name <name>' });
    await createAddon(job, request);
    undo.add(`detach ${name}`, () => { store.addons.detach(app, name); });
    return;
  }
  const addon = addons.get(change.addon);
  if (!addon) throw noAddon(change.addon);
  const attached = store.addons.attachmentsOf(app).find((attachment) => attachment.addon === addon.name);
  switch (change.kind) {
    case 'attach': {
      if (attached) throw new Hop3Error('HOP3_ADDON_NAME', { what: `${addon.name} is attached to ${app} already.` });
      store.addons.attach({ app, addon: addon.name, prefix: prefixFor(job, { type: addon.type, name: addon.name }) });
      undo.add(`detach ${addon.name}`, () => { store.addons.detach(app, addon.name); });
      return;
    }
    case 'detach': {
      if (!attached) throw new Hop3Error('HOP3_NO_ADDON', { what: `${addon.name} is not attached to ${app}.` });
      store.addons.detach(app, addon.name);
      undo.add(`attach ${addon.name}`, () => { store.addons.attach(attached); });
      return;
    }
    case 'rotate':
      await changePassword(job, addon.name);
  }
}

/** The live releases of apps that have the addon run on with the password that they were started with, until each has had a release or restart of its own. */
async function changePassword({ app, store, addons, log, signal, undo }: Surroundings, name: string): Promise<void> {
  log.phase(`New password for ${name}`);
  const live = store.addons.attachmentsTo(name).map((one) => one.app).filter((one) => store.releases.place(one) !== null);
  await addons.rotate(name, live, (line) => log.line(line), signal);
  undo.add(`the password of ${name} as it was`, () => addons.takeBack(name));
  if (live.length === 0) await addons.settle(name, app);
  for (const other of live) {
    if (other !== app) log.line(`${other} has ${name} too, and runs on with the old password, which works until then: hop3 restart --app ${other}`);
  }
}

/**
 * After the release of an app before the new one has ended: it was the last of this app that had an addon's old password, unless the
 * password changed once more, by way of another app, after the new release got its variables.
 */
export async function endOldPasswords({ store, addons, reportDefect }: Pick<Host, 'store' | 'addons' | 'reportDefect'>, app: AppName, passwords: ProvisionedAddons['passwords']): Promise<void> {
  for (const { addon } of store.addons.attachmentsOf(app)) {
    const access = addons.get(addon)?.access;
    if (!access?.before?.apps.includes(app) || passwords.get(addon) !== access.password) continue;
    await addons.settle(addon, app).catch((error: unknown) => reportDefect(`end the old password of ${addon}`, error));
  }
}

/** One line for the list of releases. */
export function describeChange(app: AppName, change: AddonChange): string {
  switch (change.kind) {
    case 'create': return `Create ${addonName(app, change)}`;
    case 'attach': return `Attach ${change.addon}`;
    case 'detach': return `Detach ${change.addon}`;
    case 'rotate': return `New password for ${change.addon}`;
  }
}

export function noAddon(name: string): Hop3Error {
  return new Hop3Error('HOP3_NO_ADDON', { what: `There is no addon ${printable(name)}.`, next: 'hop3 addon list shows what there is.' });
}

/** Destroys the addons that only this app has; those that another app has too stay with that one. */
export async function destroyAddonsOf(host: Pick<Host, 'store' | 'addons'>, app: AppName): Promise<void> {
  for (const { addon: name } of host.store.addons.attachmentsOf(app)) {
    const shared = host.store.addons.attachmentsTo(name).some((attachment) => attachment.app !== app);
    const addon = host.addons.get(name);
    if (!shared && addon) await host.addons.destroy(addon, () => {}, AbortSignal.timeout(DESTROY_LIMIT * 1000));
  }
}

/** Seconds that starting a server and dropping a database may take in all. */
const DESTROY_LIMIT = 300;
