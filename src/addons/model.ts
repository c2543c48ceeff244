import type { Readable, Writable } from 'node:stream';

export const ADDON_TYPES = ['postgres', 'mysql', 'redis'] as const;
export type AddonType = (typeof ADDON_TYPES)[number];

/** A provisioned service of an app: a database and the one user that may open it. */
export interface Addon {
  /** Unique on the server, such as "shop-postgres". */
  readonly name: string;
  readonly type: AddonType;
  /** `own`: Hop3 runs the server program. `operator`: the setting HOP3_..._URL names it. */
  readonly server: 'own' | 'operator';
  readonly access: AddonAccess;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** How an app reaches its database. A secret as a whole: kept sealed. */
export interface AddonAccess {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** For redis the number of the database, "0". */
  readonly database: string;
  /** What worked before a new password and still does: for the apps whose live releases were started with it. */
  readonly before?: Before;
}

export interface Before {
  readonly user: string;
  readonly password: string;
  readonly apps: readonly string[];
  /** When the new one came; milliseconds since 1970. */
  readonly since: number;
}

/** How Hop3 itself reaches a server, with the right to make users and databases. */
export interface ServerAccess {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** A server program of the distribution that Hop3 runs under its supervisor. */
export interface ServerProgram {
  /** Service name, log directory and directory below HOP3_ROOT/addons; for redis one an addon. */
  readonly id: string;
  /** Shell words that replace the service's shell; the working directory is `dir`. */
  readonly command: readonly string[];
  /** Absolute directory of its data and configuration, 0700. */
  readonly dir: string;
  /** Ends it in good order. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT' | 'SIGQUIT';
  /** Milliseconds after which it is killed. */
  readonly stopMs: number;
}

/** What a driver is given to start programs with: s6, which only the layer above may know. */
export interface Services {
  /** Makes sure that the program runs and goes on running; returns when it is supervised, which does not mean ready. */
  ensure(program: ServerProgram): Promise<void>;
  /** Stops it and takes it out of the supervisor. Safe when it never ran. */
  remove(id: string): Promise<void>;
  /** The last lines it wrote, for messages. */
  tail(id: string, lines: number): Promise<string>;
  /** A loopback port that nothing has, kept for this id for good. */
  port(id: string): Promise<number>;
  /** Absolute directory below HOP3_ROOT/addons for this id, made 0700. */
  dir(id: string): string;
}

/** Progress of something that takes a while, for the push log or a terminal. */
export type Tell = (line: string) => void;

/** One kind of addon. Every method checks what it finds and can be repeated after a crash in its middle. */
export interface AddonDriver {
  readonly type: AddonType;
  /** For people: "PostgreSQL". */
  readonly title: string;
  /** The variables an app gets; the table of docs/hop3-toml.md. */
  variables(access: AddonAccess): Readonly<Record<string, string>>;
  /**
   * Makes user and database on the server, which is started first where it is Hop3's own.
   * @throws Hop3Error HOP3_ADDON_PROGRAM when the server program is not installed, HOP3_ADDON_SERVER when it does not answer
   */
  create(name: string, options: { readonly extensions: readonly string[] }, context: DriverContext): Promise<Pick<Addon, 'server' | 'access'>>;
  /** Starts the addon's own server when it is down and waits until it answers; checks an operator's. */
  ensure(addon: Addon, options: { readonly extensions: readonly string[] }, context: DriverContext): Promise<void>;
  /** Removes user and database, and the server where it was this addon's alone. */
  destroy(addon: Addon, context: DriverContext): Promise<void>;
  /**
   * A new password, and maybe a new user, of the same database. What the addon's access says goes on working beside it, where the server has a way; no third does.
   */
  rotate(addon: Addon, context: DriverContext): Promise<AddonAccess>;
  /** What the addon's access says works, and no other password. Safe to repeat. */
  settle(addon: Addon, context: DriverContext): Promise<void>;
  /** Writes all of the database as text (redis: its snapshot) to `out`. */
  dump(addon: Addon, out: Writable, context: DriverContext): Promise<void>;
  /** Replaces the database's contents with a dump; nothing is changed when the dump is cut or wrong, where the server allows that. */
  restore(addon: Addon, input: Readable, context: DriverContext): Promise<void>;
  /** Runs one query or command as the addon's user and gives its answer as text. */
  query(addon: Addon, text: string, context: DriverContext): Promise<string>;
  /** One line for `hop3 addon show`: version, size. */
  describe(addon: Addon, context: DriverContext): Promise<string>;
}

export interface DriverContext {
  readonly services: Services;
  /** The operator's server, from HOP3_POSTGRES_URL and the like; null where Hop3 runs its own. */
  readonly operator: ServerAccess | null;
  /** The administrator's password of an own server, made once and kept sealed. */
  readonly serverSecret: (id: string) => string;
  readonly tell: Tell;
  readonly signal: AbortSignal;
}
