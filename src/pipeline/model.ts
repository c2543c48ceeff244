import type { AddonType } from '../addons/model.ts';
import type { AppConfig } from '../config/model.ts';
import type { PushLog } from '../log.ts';
import type { AppName, Oid, StorePath } from '../names.ts';
import type { FixedOutput, Runtime, Tier } from '../nix/model.ts';
import type { GarbageReport } from './gc.ts';

/** One accepted push to the deployed branch. */
export interface Push {
  readonly app: AppName;
  readonly ref: string;
  /** What the branch names now; null for the first push. */
  readonly old: Oid | null;
  readonly commit: Oid;
  readonly tree: Oid;
  /** Who pushed, for the release list: the token's name. */
  readonly pusher: string;
  readonly options: readonly string[];
  /** Milliseconds that git took to receive the objects. */
  readonly transferMs: number;
  /** Milliseconds for what was looked at before the app's turn: the commit, its history. */
  readonly checkMs: number;
}

/** A checked-out tree. */
export interface Source {
  /** Absolute; the last component is `source`, there is no .git in it and nothing the server wrote. */
  readonly dir: string;
  readonly commit: Oid;
  readonly tree: Oid;
}

/** What will be built and how it was decided. */
export type Plan =
  | { readonly kind: 'hand-crafted'; readonly expressionFile: string; readonly notices: readonly string[] }
  | {
    readonly kind: 'template'; readonly template: string; readonly tier: Tier; readonly expression: string; readonly notices: readonly string[];
    readonly hashes: readonly FixedOutput[]; readonly systems: readonly string[] | null;
  };

/** A tree that was built: all that is needed to run it again without looking at its files. */
export interface Built {
  readonly buildId: number;
  readonly commit: Oid;
  readonly tree: Oid;
  readonly storePath: StorePath;
  /** Every store path the release may see: `nix-store -qR` of its own. */
  readonly closure: readonly string[];
  readonly runtime: Runtime;
  readonly config: AppConfig;
}

export type ReleaseReason = 'push' | 'rollback' | 'env' | 'restart';

export interface Release {
  readonly app: AppName;
  readonly version: number;
  readonly commit: Oid;
  readonly tree: Oid;
  readonly storePath: StorePath;
  readonly reason: ReleaseReason;
  /** One line for `hop3 releases`, for example "Deploy 1a2b3c4" or "Rollback to v3". */
  readonly description: string;
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly live: boolean;
}

/** A change of what addons an app has; a live app restarts into it as a new release. */
export type AddonChange =
  | { readonly kind: 'create'; readonly type: AddonType; readonly name: string | null; readonly extensions: readonly string[] }
  | { readonly kind: 'attach' | 'detach' | 'rotate'; readonly addon: string };

/** What the server asks of the pipeline. Each call is one deploy: it waits its turn, then ends live or throws a Hop3Error. */
export interface Deployer {
  /** Builds (or finds) the commit, makes it live and moves the branch. When it throws, the branch and the live release are as they were. */
  push(push: Push, log: PushLog, signal: AbortSignal): Promise<Release>;
  /** `to` is a release number; without it the release before the live one. */
  rollback(app: AppName, to: number | null, by: string, log: PushLog, signal: AbortSignal): Promise<Release>;
  /** Sets (text) and unsets (null) operator variables; a live app restarts into them as a new release. Null when there is nothing live yet. */
  setEnv(app: AppName, changes: Readonly<Record<string, string | null>>, by: string, log: PushLog, signal: AbortSignal): Promise<Release | null>;
  /** Makes, attaches, detaches an addon or gives it a new password. Null when there is nothing live yet. */
  changeAddons(app: AppName, change: AddonChange, by: string, log: PushLog, signal: AbortSignal): Promise<Release | null>;
  /** Changes how many processes of a type there are; the live release restarts with them. Kept across releases. */
  scale(app: AppName, changes: Readonly<Record<string, number>>, by: string, log: PushLog, signal: AbortSignal): Promise<Release>;
  /** Starts the live release anew in the idle slot and switches to it; the number stays. */
  restart(app: AppName, by: string, log: PushLog, signal: AbortSignal): Promise<Release>;
  /**
   * Ends a deploy that waits or works; resolves when its processes are gone and its slot is free.
   * @throws Hop3Error HOP3_NOT_CANCELLED when it had switched or ended, HOP3_NO_BUILD, HOP3_TIMEOUT
   */
  cancel(app: AppName, number: number, by: string): Promise<void>;
  /** What a deploy waits for at the moment; null for one that works, or has ended. */
  waitsFor(app: AppName, number: number): string | null;
  /** Starts what a restored database says is live, as a new release; built again from the repository where its build is gone. */
  restore(app: AppName, by: string, log: PushLog, signal: AbortSignal): Promise<Release>;
  /** Makes the app: repository, ports, directories, site. */
  createApp(app: AppName, by: string): Promise<void>;
  /**
   * Makes another branch the deployed one; what is live stays as it is.
   * @throws Hop3Error HOP3_BRANCH_EXISTS, HOP3_TIMEOUT when the app stays busy
   */
  setBranch(app: AppName, branch: string, by: string): Promise<void>;
  /**
   * Looks for what nothing needs any more, and removes it unless it is a dry run; `store` is about every dead path of the machine's Nix store, too.
   * An app that is busy is left alone.
   */
  collectGarbage(options: { readonly dryRun: boolean; readonly store: boolean }): Promise<GarbageReport>;
  /** Stops everything of the app and removes it. */
  destroyApp(app: AppName, by: string): Promise<void>;
}
