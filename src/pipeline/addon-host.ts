import { mkdirSync } from 'node:fs';
import { driverOf } from '../addons/drivers.ts';
import type { Addon, AddonAccess, AddonDriver, AddonType, DriverContext, ServerAccess, Services, Tell } from '../addons/model.ts';
import { Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';
import type { Paths } from '../paths.ts';
import { addonDir, addonServerTail, ensureAddonServer, removeAddonServer } from '../runtime/addon-services.ts';
import { isPortFree } from '../runtime/ports.ts';
import type { Settings } from '../settings.ts';
import type { AddonRow, Attachment } from '../store/addons.ts';
import type { Store } from '../store/store.ts';
import type { Barrier } from './points.ts';

/** What the host of addons needs of the server. */
export interface AddonSurroundings {
  readonly settings: Settings;
  readonly paths: Paths;
  readonly store: Store;
  /** As in Host; left out where nothing is held. */
  readonly barrier?: Barrier | null;
}

/** Milliseconds that ending a password may take; its server may have to be started. */
const SETTLE_MS = 120_000;

/** The addons of this server: their rows in the store, their drivers, and the server programs under the supervisor. */
export class AddonHost {
  readonly #host: AddonSurroundings;
  /** The work that a type's server is at: two first pushes must not make it twice. */
  readonly #busy = new Map<AddonType, Promise<unknown>>();

  constructor(host: AddonSurroundings) {
    this.#host = host;
  }

  get(name: string): Addon | null {
    const row = this.#host.store.addons.get(name);
    return row && toAddon(row);
  }

  /** Makes an addon for an app: user and database on the server of its type, which is started first. */
  async create(attachment: Attachment, type: AddonType, extensions: readonly string[], by: string, tell: Tell, signal: AbortSignal): Promise<Addon> {
    const name = attachment.addon;
    const driver = this.driver(type);
    return this.#alone(type, async () => {
      const existing = this.get(name);
      if (existing) {
        this.#host.store.addons.attach(attachment);
        return existing;
      }
      const made = await driver.create(name, { extensions }, this.#context(this.#operatorServer(type), tell, signal));
      await this.#host.barrier?.('addon made');
      this.#host.store.addons.add({ name, type, server: made.server, access: JSON.stringify(made.access), createdBy: by }, attachment);
      return this.get(name)!;
    });
  }

  /** A new user and database, and server where there is none, for an addon whose row came out of a backup. */
  async remake(name: string, extensions: readonly string[], tell: Tell, signal: AbortSignal): Promise<Addon> {
    const { type } = this.get(name)!;
    return this.#alone(type, async () => {
      const made = await this.driver(type).create(name, { extensions }, this.#context(null, tell, signal));
      this.#host.store.addons.setAccess(name, JSON.stringify(made.access));
      return this.get(name)!;
    });
  }

  /** Makes sure that the addon's server answers. */
  async ensure(addon: Addon, extensions: readonly string[], tell: Tell, signal: AbortSignal): Promise<void> {
    await this.#alone(addon.type, () => this.driver(addon.type).ensure(addon, { extensions }, this.context(addon, tell, signal)));
  }

  /** Removes an addon with all its data. */
  async destroy(addon: Addon, tell: Tell, signal: AbortSignal): Promise<void> {
    await this.#alone(addon.type, async () => {
      await this.driver(addon.type).destroy(addon, this.context(addon, tell, signal));
      this.#host.store.addons.remove(addon.name);
    });
  }

  /**
   * Gives the addon a new password. The one that live releases of `apps` run with goes on working until `settle` was called for each of them,
   * or `takeBack`.
   * @throws Hop3Error HOP3_ADDON_BUSY when one app runs with the last new password already and another does not
   */
  async rotate(name: string, apps: readonly AppName[], tell: Tell, signal: AbortSignal): Promise<void> {
    for (const app of this.#movedOn(name)) await this.settle(name, app);
    await this.#changeAccess(name, async (addon) => {
      const late = addon.access.before?.apps ?? [];
      const inUse = apps.filter((app) => !late.includes(app));
      if (late.length > 0 && inUse.length > 0) {
        throw new Hop3Error('HOP3_ADDON_BUSY', {
          what: `${name} got a new password before, and ${late.join(', ')} has not been started with it yet.`,
          next: late.map((app) => `hop3 restart --app ${app}`).join('\n'),
        });
      }
      const running = addon.access.before ? accessBefore(addon.access) : addon.access;
      const access = await this.driver(addon.type).rotate({ ...addon, access: running }, this.context(addon, tell, signal));
      return { ...access, before: { user: running.user, password: running.password, apps: [...apps], since: Date.now() } };
    });
  }

  /** A release of this app runs with the new password. When it was the last that had the one before, that one ends. */
  async settle(name: string, app: AppName): Promise<void> {
    await this.#changeAccess(name, async (addon) => {
      const { before, ...access } = addon.access;
      if (before === undefined) return addon.access;
      const attached = this.#host.store.addons.attachmentsTo(name).map((one) => one.app as string);
      const apps = before.apps.filter((one) => one !== app && attached.includes(one));
      if (apps.length > 0) return { ...access, before: { ...before, apps } };
      await this.driver(addon.type).settle({ ...addon, access }, this.context(addon, () => {}, AbortSignal.timeout(SETTLE_MS)));
      return access;
    });
  }

  /** The release that should have run with the new password does not: the one before counts again, alone, unless another app has the new one by now. */
  async takeBack(name: string): Promise<void> {
    await this.#changeAccess(name, async (addon) => {
      const { before } = addon.access;
      const attached = this.#host.store.addons.attachmentsTo(name).map((one) => one.app as string);
      if (before === undefined || attached.some((one) => this.#host.store.releases.place(one as AppName) !== null && !before.apps.includes(one))) return addon.access;
      const access = accessBefore(addon.access);
      await this.driver(addon.type).settle({ ...addon, access }, this.context(addon, () => {}, AbortSignal.timeout(SETTLE_MS)));
      return access;
    });
  }

  /** Apps whose releases are newer than the last new password: the server died before it ended the old one. */
  #movedOn(name: string): AppName[] {
    const { before } = this.get(name)?.access ?? {};
    return ((before?.apps ?? []) as AppName[]).filter((app) => (this.#host.store.releases.place(app)?.createdAt ?? 0) > before!.since);
  }

  async #changeAccess(name: string, change: (addon: Addon) => Promise<AddonAccess>): Promise<void> {
    const addon = this.get(name);
    if (addon === null) return;
    await this.#alone(addon.type, async () => {
      const now = this.get(name);
      if (now !== null) this.#host.store.addons.setAccess(name, JSON.stringify(await change(now)));
    });
  }

  driver(type: AddonType): AddonDriver {
    return driverOf(type);
  }

  /**
   * What the driver needs for an addon that exists: it stays on the server it was made on, whatever the settings say now.
   * @throws Hop3Error HOP3_ADDON_SERVER when that was the operator's, who gives none any more
   */
  context(addon: Addon, tell: Tell, signal: AbortSignal): DriverContext {
    const given = this.#operatorServer(addon.type);
    if (addon.server === 'operator' && given === null) {
      throw new Hop3Error('HOP3_ADDON_SERVER', {
        what: `${addon.name} was made on a server of your own (${addon.access.host}:${addon.access.port}), and HOP3_${addon.type.toUpperCase()}_URL is not set any more.`,
        next: 'Set it again for the server and start Hop3 anew.',
      });
    }
    return this.#context(addon.server === 'own' ? null : given, tell, signal);
  }

  #operatorServer(type: AddonType): ServerAccess | null {
    return type === 'redis' ? null : this.#host.settings.addonServers[type];
  }

  #context(operator: ServerAccess | null, tell: Tell, signal: AbortSignal): DriverContext {
    return { services: this.#services(), operator, serverSecret: (id) => this.#host.store.addons.serverSecret(id), tell, signal };
  }

  #services(): Services {
    const { paths, store, settings } = this.#host;
    return {
      ensure: (program) => ensureAddonServer(paths, program),
      remove: async (id) => {
        await removeAddonServer(paths, id);
        store.addons.forgetServer(id);
      },
      tail: (id, lines) => addonServerTail(paths, id, lines),
      port: async (id) => {
        const port = await store.addons.port(id, settings.addonPorts, isPortFree);
        if (port !== null) return port;
        throw new Hop3Error('HOP3_NO_PORT', { what: `No port is free for ${id} between ${settings.addonPorts.join(' and ')}.`, next: 'Widen HOP3_ADDON_PORTS.' });
      },
      dir: (id) => {
        const dir = addonDir(paths, id);
        mkdirSync(dir, { recursive: true, mode: 0o700 });
        return dir;
      },
    };
  }

  async #alone<T>(type: AddonType, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(type) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(work);
    this.#busy.set(type, mine);
    try {
      return await mine;
    } finally {
      if (this.#busy.get(type) === mine) this.#busy.delete(type);
    }
  }
}

/** What worked before the last new password. */
function accessBefore({ before, ...access }: AddonAccess): AddonAccess {
  return { ...access, user: before?.user ?? access.user, password: before?.password ?? access.password };
}

function toAddon(row: AddonRow): Addon {
  return { name: row.name, type: row.type, server: row.server, access: JSON.parse(row.access) as AddonAccess, createdAt: row.createdAt };
}
