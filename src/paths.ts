import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AppName } from './names.ts';

export type SlotName = 'a' | 'b';
export const SLOTS: readonly SlotName[] = ['a', 'b'];
export const otherSlot = (slot: SlotName): SlotName => (slot === 'a' ? 'b' : 'a');

/** Where everything lies below HOP3_ROOT. The only place where an app's name becomes part of a path. */
export class Paths {
  readonly root: string;
  constructor(root: string) {
    this.root = root;
  }

  get database(): string { return join(this.root, 'hop3.db'); }
  /** Copies of the database, each taken before an upgrade changed its schema. */
  get databaseCopies(): string { return join(this.root, 'database-copies'); }
  /** What a restore has still to do: its manifest, and the dumps of addons that are not loaded yet. */
  get restored(): string { return join(this.root, 'restored'); }
  get restoredManifest(): string { return join(this.restored, 'manifest.json'); }
  restoredDump(addon: string): string { return join(this.restored, `${addon}.dump`); }
  /** What the database's secrets are sealed with, where HOP3_SECRET_KEY_FILE does not name another place. */
  get secretKey(): string { return join(this.root, 'secret.key'); }
  /** Sockets; 0700, so that only Hop3's own user can reach them. */
  get run(): string { return join(this.root, 'run'); }
  get hookSocket(): string { return join(this.run, 'hook.sock'); }
  /** The directory that s6-svscan watches; holds symlinks only. */
  get services(): string { return join(this.root, 'services'); }
  /** The service directories of Hop3's own programs (server, nginx), which `services` links to. */
  get ownServices(): string { return join(this.root, 'own-services'); }
  /** Data and service directories of the database servers that Hop3 runs. */
  get addons(): string { return join(this.root, 'addons'); }
  get nginx(): string { return join(this.root, 'nginx'); }
  get serverLogs(): string { return join(this.root, 'logs'); }
  /** HOME of nix and git: no user's own configuration reaches them. */
  get toolHome(): string { return join(this.root, 'tool-home'); }
  /** Checkouts and rendered expressions, one directory a deploy. */
  get checkouts(): string { return join(this.root, 'checkouts'); }
  get repos(): string { return join(this.root, 'repos'); }
  repo(app: AppName): string { return join(this.repos, `${app}.git`); }

  get apps(): string { return join(this.root, 'apps'); }
  app(app: AppName): string { return join(this.apps, app); }
  /** The switch: a symlink to `slots/a` or `slots/b`, replaced by rename(2). */
  current(app: AppName): string { return join(this.app(app), 'current'); }
  /** While this file is there the app answers that it is down for maintenance. */
  maintenance(app: AppName): string { return join(this.app(app), 'maintenance'); }
  slot(app: AppName, slot: SlotName): string { return join(this.app(app), 'slots', slot); }
  /** HOME and working directory of the app's workers; kept across releases. */
  data(app: AppName): string { return join(this.app(app), 'data'); }
  /** Commands that run once keep their files here, a directory each: no slot, since they may outlive the release they began in. */
  oneOffs(app: AppName): string { return join(this.app(app), 'one-offs'); }
  workerLogs(app: AppName): string { return join(this.app(app), 'logs'); }
  builds(app: AppName): string { return join(this.app(app), 'builds'); }
  buildLog(app: AppName, build: number): string { return join(this.builds(app), `${build}.log`); }
  /** GC roots: one symlink into the store for each kept build. */
  roots(app: AppName): string { return join(this.app(app), 'roots'); }
  buildRoot(app: AppName, build: number): string { return join(this.roots(app), String(build)); }
}

/**
 * The installed tree that holds hooks/, nix-templates/ and nginx-templates/: one directory above both src/ and dist/.
 */
export const INSTALL_DIR = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
