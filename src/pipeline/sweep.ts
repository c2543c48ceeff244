import { deleteDead, inputsOf } from '../nix/store-deletion.ts';
import type { AppName, StorePath } from '../names.ts';
import type { KeptOutput } from '../store/builds.ts';
import type { Store } from '../store/store.ts';
import type { KeptRuntime } from './known.ts';

/** Milliseconds without a deploy before files are deleted: a person who pushes once more, or a crowd, shall not wait for them. */
const QUIET_MS = 5000;
/** Milliseconds that files wait at most, on a host that always deploys. */
const LONGEST_MS = 60_000;

/**
 * Deletes the store paths of builds that were forgotten. A deletion makes nix walk over every root and process of the machine, so those
 * of many builds share one, when no deploy is under way. What waits is in memory: after a crash `hop3 gc --store` finds it.
 */
export class StoreSweep {
  readonly #store: Store;
  readonly #reportDefect: (where: string, error: unknown) => void;
  readonly #wait: { readonly quietMs: number; readonly longestMs: number };
  readonly #waiting = new Map<AppName, KeptOutput[]>();
  #deploys = 0;
  /** Since when something waits, by the clock that nobody sets; null when nothing does. */
  #since: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor({ store, reportDefect }: { readonly store: Store; readonly reportDefect: (where: string, error: unknown) => void }, wait = { quietMs: QUIET_MS, longestMs: LONGEST_MS }) {
    this.#store = store;
    this.#reportDefect = reportDefect;
    this.#wait = wait;
  }

  /** A deploy begins. @returns to be called at its end */
  deploys(): () => void {
    this.#deploys += 1;
    this.#plan();
    return () => {
      this.#deploys -= 1;
      this.#plan();
    };
  }

  /** Builds that the database has forgotten and no root keeps any more. */
  add(app: AppName, forgotten: readonly KeptOutput[]): void {
    if (forgotten.length === 0) return;
    this.#waiting.set(app, [...(this.#waiting.get(app) ?? []), ...forgotten]);
    this.#since ??= performance.now();
    this.#plan();
  }

  /** Deletes what waits without waiting for quiet; resolves when that is done. What goes wrong is reported and thrown at nobody. */
  now(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#since = null;
    const waiting = new Map(this.#waiting);
    this.#waiting.clear();
    if (waiting.size > 0) {
      this.#running = this.#running.then(() => this.#delete(waiting)).catch((error: unknown) => this.#reportDefect(`deleting old builds of ${[...waiting.keys()].join(', ')}`, error));
    }
    return this.#running;
  }

  #plan(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#since === null) return;
    const left = Math.max(this.#since + this.#wait.longestMs - performance.now(), 0);
    this.#timer = setTimeout(() => void this.now(), this.#deploys > 0 ? left : Math.min(this.#wait.quietMs, left)).unref();
  }

  /** Outputs, the derivations that made them, the rest of their closures, and sources. Nix refuses for every path that anything still needs. */
  async #delete(waiting: ReadonlyMap<AppName, readonly KeptOutput[]>): Promise<void> {
    const kept = new Set([...waiting.keys()].flatMap((app) => this.#store.builds.outputs(app).flatMap(closureOf)));
    const forgotten = [...waiting.values()].flat();
    const outputs = [...new Set<StorePath>(forgotten.map(({ storePath }) => storePath))].filter((path) => !kept.has(path));
    const rest = forgotten.flatMap(closureOf).filter((path) => !kept.has(path));
    await deleteDead([...outputs, ...rest, ...(await inputsOf(outputs))]);
  }
}

/** The store paths that the output of a build needs at run time, itself included. */
export function closureOf({ runtime }: KeptOutput): readonly string[] {
  return (JSON.parse(runtime) as KeptRuntime).closure ?? [];
}
