import { cpus, totalmem } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { Hop3Error } from './errors.ts';
import { CPU_RANGE, formatMemory, MEMORY_RANGE, parseMemory, PROCESSES_RANGE } from './limits.ts';
import { Paths } from './paths.ts';
import type { TlsFiles } from './tls-files.ts';

/** A database server and who may make users and databases there. */
export interface ServerUrl extends Address {
  readonly user: string;
  readonly password: string;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What `<nixpkgs>` is: this project's own set, a tree on disk, a revision to fetch, or the built-in pin. */
export type NixpkgsSetting =
  | { readonly kind: 'host' }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'revision'; readonly rev: string; readonly sha256: string }
  | { readonly kind: 'built-in' };

/** What a process of an app gets where its hop3.toml says nothing, and the most that hop3.toml may ask for. null: no limit. */
export interface LimitSetting {
  readonly standard: number | null;
  readonly most: number | null;
}

/** The server's settings, read once at start from the environment. docs/operations.md has the table. */
export interface Settings {
  readonly root: string;
  readonly listen: Address;
  /** What git and the API show for TLS; null: plain HTTP. */
  readonly tls: TlsFiles | null;
  /** Whether git and the API may speak plain HTTP beyond this machine. */
  readonly allowPlainHttp: boolean;
  /** Connections to git and the API that may be open at a time. */
  readonly maxConnections: number;
  readonly httpListen: Address;
  readonly domain: string;
  readonly nixpkgs: NixpkgsSetting;
  readonly adminTokenFile: string;
  /** The key that the database's secrets are sealed with; made at the first start. */
  readonly secretKeyFile: string;
  /** Seconds a build may take in all. */
  readonly buildTimeout: number;
  /** Seconds a build may stay silent. */
  readonly buildSilence: number;
  /** Seconds that evaluating an expression may take before the first derivation is built. */
  readonly evalTimeout: number;
  /** Whether a derivation that asks for it (`__noChroot`) may be built outside the sandbox, with the network and the host's files. */
  readonly allowUnsandboxedBuilds: boolean;
  /** Bytes a push may send, and the tree it deploys may hold. */
  readonly maxPushBytes: number;
  /** Bytes of output of one build that are kept and shown. */
  readonly maxLogBytes: number;
  /** Builds that may run at the same time. */
  readonly parallelBuilds: number;
  /** Seconds an old release may take to finish its requests before it is killed. */
  readonly drainTimeout: number;
  /** Releases of an app that can be rolled back to (each keeps its store path). */
  readonly keepReleases: number;
  /** Bytes of store paths that nothing but an app's older releases needs; null: no bound. */
  readonly keepBytes: number | null;
  /** Bytes on disk that an app's data directory may have before the app is stopped; null: no limit. */
  readonly limitData: number | null;
  /** Free bytes of the disk below which builds are ended and none begins. */
  readonly minFree: number;
  /** Attempts of an app whose build log is kept. */
  readonly keepBuildLogs: number;
  /** Days that an entry of the audit log is kept. */
  readonly auditDays: number;
  /** For each process of an app; memory in bytes. */
  readonly limits: Readonly<Record<'memory' | 'cpu' | 'processes', LimitSetting>>;
  /** Cores that one build step is told to use (`nix-build --cores`); 0: what nix.conf says. */
  readonly buildCores: number;
  /** Bytes of address space that evaluating an expression may take. */
  readonly evalMemory: number;
  /** Servers that the operator gives for addons; null: Hop3 runs its own. */
  readonly addonServers: Readonly<Record<'postgres' | 'mysql', ServerUrl | null>>;
  /** The loopback ports of the addon servers that Hop3 runs, first and last. */
  readonly addonPorts: readonly [number, number];
  /** The ports that workers are given, first and last. */
  readonly workerPorts: readonly [number, number];
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings, with the defaults of docs/operations.md.
 * @throws Hop3Error HOP3_SETTING that names the variable, its value and what is allowed
 */
export function readSettings(env: Env): Settings {
  const root = env['HOP3_ROOT'] ?? '/var/lib/hop3';
  if (!isAbsolute(root) || /[\s"'\\$;{}\0]/.test(root)) {
    throw bad('HOP3_ROOT', root, 'an absolute path without spaces, quotes, $, ; or braces (it is written into nginx and s6 files)');
  }
  const rootDir = resolve(root);
  return {
    root: rootDir,
    listen: address('HOP3_LISTEN', env['HOP3_LISTEN'] ?? '127.0.0.1:7000'),
    tls: tlsFiles(env),
    allowPlainHttp: flag(env, 'HOP3_ALLOW_PLAIN_HTTP'),
    maxConnections: whole(env, 'HOP3_MAX_CONNECTIONS', 1000, 20, 100_000),
    httpListen: address('HOP3_HTTP_LISTEN', env['HOP3_HTTP_LISTEN'] ?? '127.0.0.1:8080'),
    domain: domain(env['HOP3_DOMAIN'] ?? 'localhost'),
    nixpkgs: nixpkgs(env['HOP3_NIXPKGS']),
    adminTokenFile: env['HOP3_ADMIN_TOKEN_FILE'] ?? join(rootDir, 'admin.token'),
    secretKeyFile: env['HOP3_SECRET_KEY_FILE'] || new Paths(rootDir).secretKey,
    buildTimeout: whole(env, 'HOP3_BUILD_TIMEOUT', 3600, 1, 86_400),
    buildSilence: whole(env, 'HOP3_BUILD_SILENCE', 1200, 1, 86_400),
    evalTimeout: whole(env, 'HOP3_EVAL_TIMEOUT', 120, 1, 3600),
    allowUnsandboxedBuilds: flag(env, 'HOP3_ALLOW_UNSANDBOXED_BUILDS'),
    maxPushBytes: whole(env, 'HOP3_MAX_PUSH_BYTES', 512 * 1024 * 1024, 1024, 2 ** 40),
    maxLogBytes: whole(env, 'HOP3_MAX_LOG_BYTES', 8 * 1024 * 1024, 1024, 2 ** 32),
    parallelBuilds: whole(env, 'HOP3_PARALLEL_BUILDS', Math.max(1, cpus().length), 1, 256),
    drainTimeout: whole(env, 'HOP3_DRAIN_TIMEOUT', 30, 0, 3600),
    keepReleases: whole(env, 'HOP3_KEEP_RELEASES', 10, 1, 1000),
    keepBytes: bytes(env, 'HOP3_KEEP_BYTES', '10G'),
    limitData: bytes(env, 'HOP3_LIMIT_DATA', 'none'),
    minFree: bytes(env, 'HOP3_MIN_FREE', '500M') ?? 0,
    keepBuildLogs: whole(env, 'HOP3_KEEP_BUILD_LOGS', 50, 1, 100_000),
    auditDays: whole(env, 'HOP3_AUDIT_DAYS', 400, 1, 36_500),
    limits: {
      memory: limitSetting('HOP3_LIMIT_MEMORY', env['HOP3_LIMIT_MEMORY'] || `${Math.max(MEMORY_RANGE[0] / 1024 ** 2, Math.floor(totalmem() / 2 / 1024 ** 2))}M`, 'a size such as 512M', MEMORY_RANGE, parseMemory),
      cpu: limitSetting('HOP3_LIMIT_CPU', env['HOP3_LIMIT_CPU'] || 'none', `cores from ${CPU_RANGE.join(' to ')}`, CPU_RANGE, (text) => (/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : null)),
      processes: limitSetting('HOP3_LIMIT_PROCESSES', env['HOP3_LIMIT_PROCESSES'] || '1024', `a whole number from ${PROCESSES_RANGE.join(' to ')}`, PROCESSES_RANGE, (text) => (/^\d+$/.test(text) ? Number(text) : null)),
    },
    buildCores: whole(env, 'HOP3_BUILD_CORES', 0, 0, 1024),
    evalMemory: evalMemory(env['HOP3_EVAL_MEMORY'] || '4G'),
    addonServers: {
      postgres: serverUrl(env, 'HOP3_POSTGRES_URL', 'postgres', 5432),
      mysql: serverUrl(env, 'HOP3_MYSQL_URL', 'mysql', 3306),
    },
    addonPorts: portRange('HOP3_ADDON_PORTS', env['HOP3_ADDON_PORTS'] || '18000-18999'),
    workerPorts: portRange('HOP3_WORKER_PORTS', env['HOP3_WORKER_PORTS'] ?? '20000-29999'),
  };
}

export function formatAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Where git and the API answer, without a path. */
export function baseUrl({ listen, tls }: Pick<Settings, 'listen' | 'tls'>): string {
  return `${tls ? 'https' : 'http'}://${formatAddress(listen)}`;
}

/**
 * Tokens, and what is pushed and set, must not be readable on the way.
 * @throws Hop3Error HOP3_SETTING for plain HTTP on an address that others can reach, unless that is allowed
 */
export function refusePlainHttp({ listen, tls, allowPlainHttp }: Pick<Settings, 'listen' | 'tls' | 'allowPlainHttp'>): void {
  if (tls || allowPlainHttp || isLoopback(listen.host)) return;
  throw new Hop3Error('HOP3_SETTING', {
    what: `HOP3_LISTEN=${formatAddress(listen)} can be reached from other machines, and git and the API would speak plain HTTP there.`,
    why: 'Whoever listens in on the way could read tokens and secrets.',
    next: [
      'Give a certificate: HOP3_TLS_CERT=/path/to/cert.pem and HOP3_TLS_KEY=/path/to/key.pem',
      `Or listen on this machine alone, behind a proxy with TLS or a tunnel: HOP3_LISTEN=127.0.0.1:${listen.port}`,
      'Or, where the network itself is trusted: HOP3_ALLOW_PLAIN_HTTP=1',
    ].join('\n'),
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function tlsFiles(env: Env): TlsFiles | null {
  const [cert = '', key = ''] = [env['HOP3_TLS_CERT'], env['HOP3_TLS_KEY']];
  if (cert === '' && key === '') return null;
  const missing = cert === '' ? 'HOP3_TLS_CERT' : key === '' ? 'HOP3_TLS_KEY' : null;
  if (missing) throw new Hop3Error('HOP3_SETTING', { what: `Of HOP3_TLS_CERT and HOP3_TLS_KEY only one is set: ${missing} is missing.`, next: 'Set both, to PEM files, or neither.' });
  for (const [name, file] of [['HOP3_TLS_CERT', cert], ['HOP3_TLS_KEY', key]] as const) if (!isAbsolute(file)) throw bad(name, file, 'an absolute path of a PEM file');
  return { cert, key };
}

/** The host to ask where a program listens on this address: a wildcard is reached through loopback. */
export function reachableHost(address: Address): string {
  if (address.host === '0.0.0.0') return '127.0.0.1';
  return address.host === '::' ? '::1' : address.host;
}

function bad(name: string, value: string, allowed: string): Hop3Error {
  return new Hop3Error('HOP3_SETTING', { what: `${name}=${value} cannot be used.`, next: `Set it to ${allowed}.` });
}

function address(name: string, text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+|localhost)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65_535) throw bad(name, text, 'ADDRESS:PORT, for example 127.0.0.1:7000 or [::1]:7000');
  return { host: (match[1] ?? match[2])!, port };
}

function domain(text: string): string {
  if (!/^[a-z0-9]([a-z0-9.-]{0,200}[a-z0-9])?$/.test(text)) throw bad('HOP3_DOMAIN', text, 'a lower-case domain name, for example apps.example.org');
  return text;
}

function nixpkgs(text: string | undefined): NixpkgsSetting {
  if (text === undefined || text === '' || text === 'built-in') return { kind: 'built-in' };
  if (text === 'host') return { kind: 'host' };
  if (isAbsolute(text)) return { kind: 'path', path: resolve(text) };
  const match = /^([0-9a-f]{40})#((?:sha256-[A-Za-z0-9+/]{43}=)|[0-9a-df-np-sv-z]{52})$/.exec(text);
  if (!match) throw bad('HOP3_NIXPKGS', text, '`host`, an absolute path, or <40 hex digits>#<sha256 as SRI or Nix base32>');
  return { kind: 'revision', rev: match[1]!, sha256: match[2]! };
}

function whole(env: Env, name: string, fallback: number, least: number, most: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw bad(name, text, `a whole number from ${least} to ${most}`);
  return value;
}

function flag(env: Env, name: string): boolean {
  const text = env[name] ?? '';
  if (text === '' || text === '0') return false;
  if (text !== '1') throw bad(name, text, '1 (yes) or 0 (no)');
  return true;
}

/** "512M", "512M:2G" (the second is the most an app may ask for), "none", "none:2G". */
function limitSetting(name: string, text: string, what: string, [least, most]: readonly [number, number], parse: (text: string) => number | null): LimitSetting {
  const read = (part: string): number | null => {
    if (part === 'none') return null;
    const value = parse(part);
    if (value === null || value < least || value > most) throw bad(name, text, `${what}, or "none"; behind a ":" the most that an app's hop3.toml may ask for`);
    return value;
  };
  const [standard, ceiling, ...more] = text.split(':').map(read);
  if (standard === undefined || more.length > 0) throw bad(name, text, what);
  // Without a limit an app would have more than the most that it may ask for.
  if (ceiling !== undefined && ceiling !== null) return { standard: Math.min(standard ?? ceiling, ceiling), most: ceiling };
  return { standard, most: null };
}

/** A setting as an operator would write it. */
export function formatLimitSetting({ standard, most }: LimitSetting, format: (value: number) => string = String): string {
  const shown = (value: number | null) => (value === null ? 'none' : format(value));
  return most === null ? shown(standard) : `${shown(standard)}:${shown(most)}`;
}

function bytes(env: Env, name: string, fallback: string): number | null {
  const text = env[name] || fallback;
  if (text === 'none') return null;
  const size = text === '0' ? 0 : parseMemory(text);
  if (size === null) throw bad(name, text, 'a size such as 500M or 10G, 0, or "none"');
  return size;
}

function evalMemory(text: string): number {
  const bytes = parseMemory(text);
  if (bytes === null || bytes < 256 * 1024 ** 2) throw bad('HOP3_EVAL_MEMORY', text, `a size of ${formatMemory(256 * 1024 ** 2)} or more, such as 4G`);
  return bytes;
}

function portRange(name: string, text: string): readonly [number, number] {
  const match = /^(\d{4,5})-(\d{4,5})$/.exec(text);
  const [from, to] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || from < 1024 || to > 65_535 || to - from < 3) throw bad(name, text, 'FIRST-LAST between 1024 and 65535');
  return [from, to];
}

/** The password never enters the message. */
function serverUrl(env: Env, name: string, scheme: string, defaultPort: number): ServerUrl | null {
  const text = env[name];
  if (text === undefined || text === '') return null;
  const allowed = `${scheme}://USER:PASSWORD@HOST:PORT, a user who may make users and databases (special characters as %XX)`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || ![`${scheme}:`, `${scheme}ql:`].includes(url.protocol) || url.hostname === '') throw bad(name, '...', allowed);
  try {
    return {
      host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? defaultPort : Number(url.port),
      user: decodeURIComponent(url.username), password: decodeURIComponent(url.password),
    };
  } catch {
    throw bad(name, '...', allowed);
  }
}
