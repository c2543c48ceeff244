import { Hop3Error } from '../errors.ts';

/** Who has an app's turn, for those who wait. */
export interface Holder {
  /** For example "deploy of 1a2b3c4 by ci". */
  readonly what: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

interface Waiter {
  readonly holder: Omit<Holder, 'since'>;
  readonly start: (release: () => void) => void;
}

/**
 * One thing at a time for each app, in the order of asking. In memory on purpose: a server that dies leaves no lock
 * behind, and what it was doing is repaired at its next start.
 */
export class Turns {
  readonly #apps = new Map<string, { holder: Holder; waiting: Waiter[] }>();

  holder(app: string): Holder | null {
    return this.#apps.get(app)?.holder ?? null;
  }

  /**
   * Waits for the app's turn. `onWait` is told once who is ahead and how many wait before.
   * @returns gives the turn back
   * @throws Hop3Error HOP3_CANCELLED when the signal aborts while waiting
   */
  async take(app: string, what: string, signal: AbortSignal, onWait: (ahead: Holder, before: number) => void): Promise<() => void> {
    if (signal.aborted) throw cancelledWaiting(app);
    const entry = this.#apps.get(app);
    if (!entry) {
      this.#apps.set(app, { holder: { what, since: Date.now() }, waiting: [] });
      return this.#releaseOnce(app);
    }
    onWait(entry.holder, entry.waiting.length);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        holder: { what },
        start: (release) => {
          signal.removeEventListener('abort', onAbort);
          resolve(release);
        },
      };
      const onAbort = () => {
        const index = entry.waiting.indexOf(waiter);
        if (index !== -1) entry.waiting.splice(index, 1);
        reject(cancelledWaiting(app));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      entry.waiting.push(waiter);
    });
  }

  #releaseOnce(app: string): () => void {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const entry = this.#apps.get(app)!;
      const next = entry.waiting.shift();
      if (!next) {
        this.#apps.delete(app);
        return;
      }
      entry.holder = { ...next.holder, since: Date.now() };
      next.start(this.#releaseOnce(app));
    };
  }
}

function cancelledWaiting(app: string): Hop3Error {
  return new Hop3Error('HOP3_CANCELLED', { what: `The wait for ${app}'s turn was cancelled.` });
}

/** At most `limit` at the same time, in the order of asking. */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  async enter(signal: AbortSignal, onWait: (before: number) => void): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else {
      onWait(this.#waiting.length);
      await new Promise<void>((resolve, reject) => {
        const proceed = () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        };
        const onAbort = () => {
          const index = this.#waiting.indexOf(proceed);
          if (index !== -1) this.#waiting.splice(index, 1);
          reject(new Hop3Error('HOP3_CANCELLED', { what: 'The wait for a free build place was cancelled.' }));
        };
        signal.addEventListener('abort', onAbort, { once: true });
        this.#waiting.push(proceed);
      });
    }
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    };
  }
}
