import type { AppName } from '../names.ts';
import { cancelled } from '../pipeline/cancel.ts';
import type { AuditEntry } from './audit.ts';
import type { Principal } from './auth.ts';
import type { RefCommand } from './receive-commands.ts';

/** A push that git is receiving now: what the hook's request is matched with. */
export interface OpenPush {
  readonly app: AppName;
  readonly principal: Principal;
  readonly commands: readonly RefCommand[];
  /** From a shallow clone, whose history git takes as it is. */
  readonly shallow: boolean;
  /** When git began to receive it, by `performance.now()`. */
  readonly began: number;
  readonly audit: AuditEntry;
  /** True once its hook is served, which from then on says how the push ends: a client that goes may be told of by nobody else. */
  hooked: boolean;
  /** Fires when the client goes or the server stops. */
  readonly abort: AbortController;
}

/**
 * The pushes that are being received, by the process id of their git-receive-pack. A hook is a child of that process and
 * tells its id, which ties it to the HTTP request and so to who pushes.
 */
export class PushRegistry {
  /** How many may be under way; whoever adds one looks at `isFull` first. */
  readonly limit: number;
  readonly #open = new Map<number, { readonly push: OpenPush; claimed: boolean }>();

  constructor(limit: number) {
    this.limit = limit;
  }

  get isFull(): boolean {
    return this.#open.size >= this.limit;
  }

  /** @returns forgets the push again */
  add(pid: number, push: OpenPush): () => void {
    const entry = { push, claimed: false };
    this.#open.set(pid, entry);
    return () => {
      if (this.#open.get(pid) === entry) this.#open.delete(pid);
    };
  }

  /** The push, once; null for a process that is none of ours and for a second claim. */
  claim(pid: number): OpenPush | null {
    const entry = this.#open.get(pid);
    if (!entry || entry.claimed) return null;
    entry.claimed = true;
    return entry.push;
  }

  get size(): number {
    return this.#open.size;
  }

  abortAll(): void {
    for (const { push } of this.#open.values()) push.abort.abort(cancelled.serverStops());
  }
}
