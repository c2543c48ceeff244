import type { Limits } from '../limits.ts';
import type { AppName, StorePath } from '../names.ts';
import type { SlotName } from '../paths.ts';

/** One process of a release, ready to be supervised. */
export interface WorkerSpec {
  /** Process type and instance, for example `web.1`; also the name in logs and `hop3 ps`. */
  readonly name: string;
  readonly type: string;
  /** Run as `/bin/sh -c "exec <command>"` inside the sandbox. */
  readonly command: string;
  /** The port a web worker must listen on; null for background workers. */
  readonly port: number | null;
  /** The whole environment the worker gets, PATH, HOME and PORT included. */
  readonly env: Readonly<Record<string, string>>;
}

/** Everything a slot needs to run one release. */
export interface SlotSpec {
  readonly app: AppName;
  readonly slot: SlotName;
  readonly storePath: StorePath;
  /** The store paths the release may see: its closure (`nix-store -qR`). */
  readonly closure: readonly string[];
  readonly static: string | null;
  readonly workers: readonly WorkerSpec[];
  /** For each worker, and for one-offs in this release; none where it is left out. */
  readonly limits?: Limits | undefined;
  /** Milliseconds between SIGTERM and SIGKILL when a worker is stopped. */
  readonly stopGraceMs: number;
}

/** How nginx serves a release; the slot directory tells nginx without a reload. */
export type SlotMode = 'static' | 'web' | 'both' | 'none';

export type WorkerState =
  | { readonly kind: 'up'; readonly pid: number; readonly seconds: number }
  /** It died again and again soon after its start, and its next start is so many seconds away. */
  | { readonly kind: 'waiting'; readonly seconds: number; readonly deaths: number; readonly exit: string | null }
  | { readonly kind: 'down'; readonly seconds: number; readonly exit: string | null };

export interface WorkerStatus {
  readonly app: AppName;
  readonly slot: SlotName;
  readonly worker: string;
  readonly state: WorkerState;
  /** What a running worker has come up against of its limits; null while it is within them. */
  readonly limit: string | null;
}

/** What nginx must know of an app. It changes when an app, a domain or a worker count changes, never with a deploy. */
export interface Site {
  readonly app: AppName;
  readonly hosts: readonly string[];
  readonly ports: Readonly<Record<SlotName, readonly number[]>>;
}
