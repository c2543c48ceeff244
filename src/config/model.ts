import type { Limits } from '../limits.ts';

/** A deployed tree's own wishes: hop3.toml and Procfile, checked and normalised. */
export interface AppConfig {
  /** The hop3.toml that was read, relative to the source directory; null where there is none. */
  readonly file: string | null;
  readonly metadata: Metadata;
  readonly builder: 'nix' | 'auto';
  readonly run: {
    /** `[run].start`; it is `processes.web` too, and wins over the Procfile's. */
    readonly start: string | null;
    /** One shell command that runs once before the workers; a list in the file is joined with `&&`. */
    readonly beforeRun: string | null;
    /** Seconds the release may take until it is healthy. */
    readonly startTimeout: number;
  };
  /** Process types of the Procfile and `[run].start`: name to shell command. Empty where runtime.json alone decides. */
  readonly processes: Readonly<Record<string, string>>;
  /** Literal `[env]` values as text. */
  readonly env: Readonly<Record<string, string>>;
  /** `[env]` values that are made once: `{ generate = ... }`. */
  readonly generated: Readonly<Record<string, GeneratedValue>>;
  /** `[env.computed]`, unexpanded. */
  readonly computed: Readonly<Record<string, string>>;
  readonly envPolicy: 'keep-existing' | 'override';
  readonly admin: AdminConfig | null;
  readonly healthcheck: Healthcheck | null;
  readonly domains: readonly string[];
  /** Whether `[domains]` beats names that the operator gave. */
  readonly domainsPolicy: 'keep-existing' | 'override';
  readonly addons: readonly AddonRequest[];
  readonly ports: readonly PortRequest[];
  readonly cron: readonly CronLine[];
  /** `[limits]`: what is not written there is null, and the server's own limits hold. */
  readonly limits: Limits;
  /** The `[nix]` table with its keys as in the file; null where there is none. */
  readonly nix: NixSection | null;
  /** Lines for the push log: tables that are understood but have no effect yet, unknown keys of lenient tables. */
  readonly notices: readonly string[];
}

export interface Metadata {
  readonly id: string | null;
  readonly version: string | null;
  readonly title: string | null;
  readonly description: string | null;
}

export interface GeneratedValue {
  readonly generate: 'hex' | 'base64' | 'urlsafe' | 'password' | 'uuid';
  /** Bytes for hex, base64 and urlsafe; characters for password; unused for uuid. */
  readonly length: number;
  readonly prefix: string;
  readonly display: boolean;
}

export interface AdminConfig {
  readonly username: string;
  readonly email: string | null;
  readonly password: GeneratedValue;
  /** A shell command that makes the account in the app, once; a list in the file is joined with `&&`. */
  readonly create: string | null;
}

export interface Healthcheck {
  readonly path: string;
  /** Seconds one request may take. */
  readonly timeout: number;
  /** Seconds between requests after the release. */
  readonly interval: number;
  /** Text the answer's body must hold. */
  readonly contains: string | null;
}

export interface AddonRequest {
  readonly type: 'postgres' | 'mysql' | 'redis';
  readonly name: string | null;
  readonly extensions: readonly string[];
}

/** A command that runs now and then. */
export interface CronLine {
  /** The line's own, or `job-<n>` by its place in the file. */
  readonly name: string;
  /** Five fields or a name like @daily, in UTC (schedule.ts). */
  readonly schedule: string;
  readonly command: string;
  /** Seconds after which it is ended. */
  readonly timeout: number;
}

export interface PortRequest {
  readonly number: number;
  readonly protocol: 'tcp' | 'udp';
  readonly name: string | null;
}

/** What a cron line is called: an own name, or its place in the file. */
export function cronName(name: unknown, index: number): string {
  return typeof name === 'string' ? name : `job-${index + 1}`;
}

/** The variable that tells an app's processes a fixed port: PORT_SMTP, or PORT_2525 where it has no name. */
export function portVariable({ name, number }: Pick<PortRequest, 'name' | 'number'>): string {
  return `PORT_${(name ?? String(number)).toUpperCase().replaceAll('-', '_')}`;
}

/** The templates of the format, in the order of docs/hop3-toml.md. */
export const TEMPLATES = [
  'nixpkgs-wrapper', 'python-venv', 'php-app', 'ruby-bundler', 'java-war', 'node-prebuilt', 'prebuilt-binary',
  'prebuilt-archive', 'go-source', 'node-pnpm-install', 'java-gradle',
] as const;

export type TemplateName = (typeof TEMPLATES)[number];

/**
 * `[nix]` as written, checked: `template` names the renderer that knows the rest, `keys` holds the others. Values in tables of
 * variables, config file sections and conditional variables are text; a key that another template owns is not there.
 */
export interface NixSection {
  readonly template: string;
  readonly keys: Readonly<Record<string, unknown>>;
}
