import { randomBytes } from 'node:crypto';
import type { AppName } from '../names.ts';
import type { Database, Row } from './database.ts';
import type { Seal } from './seal.ts';

export interface AddonRow {
  readonly name: string;
  readonly type: 'postgres' | 'mysql' | 'redis';
  readonly server: 'own' | 'operator';
  /** JSON of how an app reaches it; sealed in the file. */
  readonly access: string;
  readonly createdAt: number;
  readonly createdBy: string;
}

export interface Attachment {
  readonly app: AppName;
  readonly addon: string;
  /** Before each of its variables' names: empty for an app's first addon of a type, else such as "REPORTS_". */
  readonly prefix: string;
}

/** Provisioned services, whose they are, and the server programs that Hop3 runs for them. */
export class Addons {
  readonly #db: Database;
  readonly #seal: Seal;
  constructor(db: Database, seal: Seal) {
    this.#db = db;
    this.#seal = seal;
  }

  list(): AddonRow[] {
    return this.#db.all('SELECT * FROM addons ORDER BY name').map((row) => this.#addon(row));
  }

  get(name: string): AddonRow | null {
    const row = this.#db.get('SELECT * FROM addons WHERE name = $name', { name });
    return row && this.#addon(row);
  }

  /** Together with the app that it is made for: an addon that is nobody's would be in the next creation's way. */
  add(addon: Omit<AddonRow, 'createdAt'>, attachment?: Attachment): void {
    this.#db.transaction(() => {
      this.#insert(addon);
      if (attachment) this.attach(attachment);
    });
  }

  #insert(addon: Omit<AddonRow, 'createdAt'>): void {
    this.#db.run('INSERT INTO addons (name, type, server, access, created_at, created_by) VALUES ($name, $type, $server, $access, $now, $by)', {
      name: addon.name, type: addon.type, server: addon.server, access: this.#seal.seal(addon.access, addonPlace(addon.name)), now: Date.now(), by: addon.createdBy,
    });
  }

  /** New credentials. */
  setAccess(name: string, access: string): void {
    this.#db.run('UPDATE addons SET access = $access WHERE name = $name', { name, access: this.#seal.seal(access, addonPlace(name)) });
  }

  remove(name: string): void {
    this.#db.run('DELETE FROM addons WHERE name = $name', { name });
  }

  attach(attachment: Attachment): void {
    this.#db.run('INSERT INTO attachments (app, addon, prefix) VALUES ($app, $addon, $prefix) ON CONFLICT (app, addon) DO UPDATE SET prefix = excluded.prefix', { ...attachment });
  }

  detach(app: AppName, addon: string): boolean {
    return this.#db.run('DELETE FROM attachments WHERE app = $app AND addon = $addon', { app, addon }) > 0;
  }

  attachmentsOf(app: AppName): Attachment[] {
    return this.#db.all('SELECT * FROM attachments WHERE app = $app ORDER BY rowid', { app }).map(toAttachment);
  }

  attachmentsTo(addon: string): Attachment[] {
    return this.#db.all('SELECT * FROM attachments WHERE addon = $addon ORDER BY app', { addon }).map(toAttachment);
  }

  /** The ports of the servers that Hop3 runs. */
  serverPorts(): number[] {
    return this.#db.all('SELECT port FROM addon_servers WHERE port IS NOT NULL').map((row) => row['port'] as number);
  }

  /** The port kept for a server, or the lowest of the range that no server has and `isFree` accepts; null when there is none. */
  async port(id: string, range: readonly [number, number], isFree: (port: number) => Promise<boolean>): Promise<number | null> {
    const kept = this.#db.get('SELECT port FROM addon_servers WHERE id = $id AND port IS NOT NULL', { id });
    if (kept) return kept['port'] as number;
    const taken = new Set(this.#db.all('SELECT port FROM addon_servers WHERE port IS NOT NULL').map((row) => row['port'] as number));
    for (let port = range[0]; port <= range[1]; port += 1) {
      if (taken.has(port) || !(await isFree(port))) continue;
      this.#db.run('INSERT INTO addon_servers (id, port) VALUES ($id, $port) ON CONFLICT (id) DO UPDATE SET port = excluded.port', { id, port });
      return port;
    }
    return null;
  }

  /** The administrator's password of a server, made at the first question. */
  serverSecret(id: string): string {
    return this.#db.transaction(() => {
      const row = this.#db.get('SELECT secret FROM addon_servers WHERE id = $id', { id });
      if (row && row['secret'] !== null) return this.#seal.open(row['secret'] as string, addonServerPlace(id));
      const secret = randomBytes(24).toString('hex');
      this.#db.run('INSERT INTO addon_servers (id, secret) VALUES ($id, $secret) ON CONFLICT (id) DO UPDATE SET secret = excluded.secret', {
        id, secret: this.#seal.seal(secret, addonServerPlace(id)),
      });
      return secret;
    });
  }

  servers(): string[] {
    return this.#db.all('SELECT id FROM addon_servers ORDER BY id').map((row) => row['id'] as string);
  }

  forgetServer(id: string): void {
    this.#db.run('DELETE FROM addon_servers WHERE id = $id', { id });
  }

  #addon(row: Row): AddonRow {
    const name = row['name'] as string;
    return {
      name,
      type: row['type'] as AddonRow['type'],
      server: row['server'] as AddonRow['server'],
      access: this.#seal.open(row['access'] as string, addonPlace(name)),
      createdAt: row['created_at'] as number,
      createdBy: row['created_by'] as string,
    };
  }
}

/** What an addon's access is sealed for. */
export const addonPlace = (name: string): string => `addon/${name}`;
/** What the administrator's password of an addon server is sealed for. */
export const addonServerPlace = (id: string): string => `addon-server/${id}`;

function toAttachment(row: Row): Attachment {
  return { app: row['app'] as AppName, addon: row['addon'] as string, prefix: row['prefix'] as string };
}
