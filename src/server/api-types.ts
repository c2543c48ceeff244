import type { Hop3Error } from '../errors.ts';

/**
 * What the API says, as plain types. Of the server, the `hop3` command imports this file and nothing else.
 * Names in JSON are snake_case, times are ISO 8601 in UTC, and what is absent is null, never left out.
 */

/** The one shape of every answer that is not a success. */
export interface ErrorBody {
  readonly error: ErrorInfo;
}

export interface ErrorInfo {
  readonly code: string;
  readonly what: string;
  readonly why: string | null;
  readonly next: string | null;
  /** The exit code of the `hop3` command for this error. */
  readonly exit_code: number;
}

/** An error as clients read it. Stack and cause stay where they are. */
export function errorInfo(error: Hop3Error): ErrorInfo {
  return { code: error.code, what: error.what, why: error.why ?? null, next: error.next ?? null, exit_code: error.exitCode };
}

/** One line of an `application/x-ndjson` answer of a deploy. The last one is `done` or `error`; without it the connection was cut. */
export type DeployEvent =
  | { readonly kind: 'log'; readonly text: string }
  | { readonly kind: 'done'; readonly release: ReleaseInfo | null }
  | { readonly kind: 'error'; readonly error: ErrorInfo };

/** One line of a followed log. `ping` comes when an app is quiet, so that both ends know of a dead connection. */
export type LogEvent =
  | ({ readonly kind: 'line' } & LogLineInfo)
  | { readonly kind: 'ping' }
  /** Where reading stands behind the lines before this; only what changed, null for a place that is gone. */
  | { readonly kind: 'position'; readonly places: Readonly<Record<string, string | null>> }
  | { readonly kind: 'error'; readonly error: ErrorInfo };

export interface AppSummary {
  readonly name: string;
  /** The deployed branch; null before the first push. */
  readonly branch: string | null;
  /** Where the app answers. */
  readonly url: string;
  readonly release: ReleaseHeadInfo | null;
  readonly created_at: string;
  readonly created_by: string;
}

/** An app in the list of all of them, with what it does now. */
export interface AppState extends AppSummary {
  readonly workers: readonly WorkerInfo[];
  /** Of all web processes together: failing when one is. Null without a `[healthcheck]`. */
  readonly health: HealthInfo | null;
}

export interface AppDetail extends AppState {
  readonly release: ReleaseInfo | null;
  readonly last_build: BuildInfo | null;
  /** What each process of it may use at most; null where nothing is live. */
  readonly limits: LimitsInfo | null;
  /** The fixed ports of the host that belong to it. */
  readonly ports: readonly FixedPortInfo[];
  /** Path of the repository below the server's address. */
  readonly git_path: string;
}

export interface LimitsInfo {
  /** Bytes. */
  readonly memory: number | null;
  /** Cores. */
  readonly cpu: number | null;
  readonly processes: number | null;
  /** How they are kept on this machine. */
  readonly kept_by: 'cgroup' | 'rlimits';
  /** Those of them that nothing keeps on this machine. */
  readonly unkept: readonly ('cpu' | 'processes')[];
}

export interface FixedPortInfo {
  readonly number: number;
  readonly protocol: 'tcp' | 'udp';
  readonly name: string | null;
}

export interface AddonInfo {
  readonly name: string;
  readonly type: string;
  /** `own`: Hop3 runs its server; `operator`: a server that the operator gave. */
  readonly server: string;
  /** The apps that have it. */
  readonly apps: readonly string[];
  readonly created_at: string;
}

/** The whole environment of the live release. */
export interface EnvironmentInfo {
  /** Number of the live release; null when there is none, and only the operator's variables are known. */
  readonly release: number | null;
  /** Where values come from, the weakest first: of several the last wins. */
  readonly order: readonly string[];
  readonly variables: readonly VariableInfo[];
}

export interface VariableInfo {
  readonly name: string;
  /** Null for a secret, unless the values were asked for. */
  readonly value: string | null;
  readonly source: string;
  /** Weaker sources that have a value for it too. */
  readonly hides: readonly string[];
  readonly secret: boolean;
}

/** A release as lists of apps have it. */
export interface ReleaseHeadInfo {
  readonly app: string;
  readonly version: number;
  readonly commit: string;
  readonly tree: string;
  readonly build: number;
  readonly reason: string;
  readonly description: string;
  readonly by: string;
  readonly created_at: string;
  readonly live: boolean;
  /** False once its store path was pruned: then it is history only. */
  readonly can_roll_back: boolean;
}

export interface ReleaseInfo extends ReleaseHeadInfo {
  /** Names of the operator's variables it runs with; the values stand in no release list. */
  readonly env_names: readonly string[];
  /** What the stages of its deploy took, in their order; empty for one that an older Hop3 deployed. */
  readonly times: readonly StageTimeInfo[];
}

export interface StageTimeInfo {
  readonly name: string;
  readonly ms: number;
}

export interface BuildInfo {
  readonly app: string;
  readonly number: number;
  readonly commit: string;
  /** `waiting`, `running`, `built` (and not live yet), `released`, `failed` or `cancelled`. */
  readonly status: string;
  /** What a waiting one waits for. */
  readonly waits_for: string | null;
  readonly by: string;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly store_path: string | null;
  readonly error: string | null;
  readonly release: number | null;
  /** As of a release; those of a failed one end with the stage that failed. Empty while it runs. */
  readonly times: readonly StageTimeInfo[];
}

/** What the `[healthcheck]` of a live release found when it was last asked. */
export interface HealthInfo {
  /** `unknown`: not asked yet. */
  readonly state: 'unknown' | 'ok' | 'failing';
  /** Since when it is so. */
  readonly since: string | null;
  readonly last_asked: string | null;
  /** `GET /up` */
  readonly asked: string;
  /** What came instead of a good answer, while it is failing. */
  readonly answered: string | null;
}

export interface WorkerInfo {
  /** Null for all but web processes of a live release with a `[healthcheck]`. */
  readonly health: HealthInfo | null;
  readonly worker: string;
  readonly slot: string;
  /** False for a process of the release before, which is finishing its requests. */
  readonly live: boolean;
  /** `waiting`: it died again and again soon after its start, and pauses before the next. */
  readonly state: 'up' | 'waiting' | 'down';
  readonly pid: number | null;
  /** Seconds in this state; for one that waits, seconds until its next start. */
  readonly seconds: number;
  /** How it ended, for one that is not up. */
  readonly exit: string | null;
  /** What a running one has come up against of its limits. */
  readonly limit: string | null;
  /** Deaths in a row, for one that waits. */
  readonly deaths: number;
}

export interface CronInfo {
  readonly name: string;
  /** In UTC. */
  readonly schedule: string;
  readonly command: string;
  /** Seconds. */
  readonly timeout: number;
  readonly next_at: string | null;
  readonly running: boolean;
  /** The last run, which may be going on; null before the first. */
  readonly last: CronRunInfo | null;
}

export interface CronRunInfo {
  readonly release: number;
  readonly started_at: string;
  readonly ended_at: string | null;
  readonly ok: boolean;
  /** "exit code 3"; null while it runs. */
  readonly outcome: string | null;
}

export interface LogLineInfo {
  readonly worker: string;
  /** `v12` */
  readonly release: string;
  readonly at: string;
  readonly text: string;
}

export interface TokenInfo {
  readonly id: string;
  readonly name: string;
  /** The one app it may touch; null for an administrator's. */
  readonly app: string | null;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
}

/** The only answer that ever holds a token's text. */
export interface NewTokenInfo extends TokenInfo {
  readonly token: string;
}

export interface PlanInfo {
  readonly mode: 'hand-crafted' | 'template';
  readonly template: string | null;
  readonly tier: 1 | 2 | 3 | null;
  /** What the tier means, in words. */
  readonly tier_text: string | null;
  /** The same commit gives the same bytes wherever the same package set is used; null where that is not known. */
  readonly reproducible: boolean | null;
  /** What runs was compiled from source that can be read. */
  readonly auditable: boolean | null;
  /** Nix systems it can be built for. */
  readonly architectures: readonly string[] | null;
  /** What nix would be given: the rendered text, or hop3.nix itself; the text of `hop3 nix eject` where that was asked for. */
  readonly expression: string;
  readonly notices: readonly string[];
  readonly package_set: string;
}

export interface PlanRequest {
  readonly app?: string;
  /** Contents of hop3.toml, Procfile, hop3.nix and what else is read when planning, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Every path of the tree, so that the server can tell what kind of app it is. */
  readonly names: readonly string[];
  /** True for the hop3.nix that takes the template's place, in place of the expression of a push. */
  readonly eject?: boolean;
}

/** What the package set says of one of its packages. */
export interface PackageInfo {
  /** The attribute path, without `pkgs.`. */
  readonly package: string;
  readonly package_set: string;
  readonly name: string;
  readonly version: string | null;
  readonly description: string | null;
  /** `meta.mainProgram`: what `lib.getExe` gives. */
  readonly main_program: string | null;
  /** What lies in its bin/; null where the server's store does not have the package. */
  readonly programs: readonly string[] | null;
  /** False when nixpkgs refuses to build it: broken, insecure, unfree, or not for the server's system. */
  readonly usable: boolean;
  readonly broken: boolean;
  readonly insecure: boolean;
  readonly unfree: boolean;
  readonly unsupported: boolean;
  readonly vulnerabilities: readonly string[];
  readonly licenses: readonly string[];
  /** What nixpkgs takes from upstream as it was built there; empty where it builds all of it. */
  readonly prebuilt: readonly string[];
}

/** One action of somebody, or one attempt that no token allowed. */
export interface AuditInfo {
  readonly id: number;
  readonly at: string;
  readonly action: string;
  readonly app: string | null;
  /** Name and id of the token; null where none was shown that is known. */
  readonly by: string | null;
  readonly token: string | null;
  readonly address: string;
  readonly names: readonly string[];
  /** Null while it goes on, and for good when the server died meanwhile. */
  readonly result: 'done' | 'failed' | 'refused' | 'cancelled' | null;
  readonly note: string | null;
  readonly ended_at: string | null;
}

export interface ServerInfo {
  readonly version: string;
  readonly api: string;
  readonly nix: string | null;
  readonly package_set: string | null;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly started_at: string;
}

/** What nothing needs any more, by kind. */
export interface GarbageInfo {
  readonly dry_run: boolean;
  readonly found: readonly { readonly kind: string; readonly app: string | null; readonly what: string; /** Null where only the removal can tell. */ readonly bytes: number | null }[];
  /** Apps that were left alone because they were busy. */
  readonly busy: readonly { readonly app: string; readonly with: string }[];
  /** Of everything whose size is known. */
  readonly bytes: number;
}

export interface StatusInfo {
  readonly version: string;
  readonly started_at: string;
  readonly nginx: { readonly address: string; readonly answers: boolean };
  /** How memory, cpu and processes of apps are limited on this machine. */
  readonly limits: { readonly kept_by: 'cgroup' | 'rlimits'; readonly text: string };
  /** How the disk is kept from being filled, for people. */
  readonly disk: string;
  readonly apps: readonly AppState[];
}

export const NDJSON = 'application/x-ndjson';
export const API_PREFIX = '/api/v1';
