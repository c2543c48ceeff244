import { Hop3Error } from '../errors.ts';
import { cancelReason } from './cancel.ts';

/** Who has an app's turn, for those who wait. */
export interface Holder {
  /** For example "deploy of 1a2b3c4 by ci". */
  readonly what: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Told at once and at every change: who is ahead, and how many wait before this one. */
export type OnPlace = (ahead: Holder, before: number) => void;

/**
 * One thing at a time for each app, in the order of asking. In memory on purpose: a server that dies leaves no lock
 * behind, and what it was doing is repaired at its next start.
 */
export class Turns {
  readonly #apps = new Map<string, { holder: Holder; queue: Queue }>();

  holder(app: string): Holder | null {
    return this.#apps.get(app)?.holder ?? null;
  }

  /**
   * Waits for the app's turn.
   * @returns gives the turn back
   * @throws Hop3Error HOP3_CANCELLED when the signal aborts while waiting
   */
  async take(app: string, what: string, signal: AbortSignal, onPlace: OnPlace): Promise<() => void> {
    if (signal.aborted) throw cancelledWaiting(app, signal);
    const entry = this.#apps.get(app);
    if (!entry) {
      this.#apps.set(app, { holder: { what, since: Date.now() }, queue: new Queue() });
    } else {
      await entry.queue.wait(signal, () => cancelledWaiting(app, signal), {
        place: (before) => onPlace(entry.holder, before),
        first: () => { entry.holder = { what, since: Date.now() }; },
      });
    }
    return once(() => {
      const { queue } = this.#apps.get(app)!;
      if (!queue.next()) this.#apps.delete(app);
    });
  }
}

function cancelledWaiting(app: string, signal: AbortSignal): Hop3Error {
  return cancelReason(signal) ?? new Hop3Error('HOP3_CANCELLED', { what: `The wait for ${app}'s turn was cancelled.` });
}

/** At most `limit` at the same time, in the order of asking. */
export class Gate {
  readonly limit: number;
  #free: number;
  readonly #queue = new Queue();

  constructor(limit: number) {
    this.limit = limit;
    this.#free = limit;
  }

  /**
   * Waits for a place. `onPlace` is told how many wait before this one, at once and at every change.
   * @returns gives the place back
   * @throws Hop3Error HOP3_CANCELLED when the signal aborts while waiting
   */
  async enter(signal: AbortSignal, onPlace: (before: number) => void): Promise<() => void> {
    const cancelled = (): Hop3Error => cancelReason(signal) ?? new Hop3Error('HOP3_CANCELLED', { what: 'The wait for a free build place was cancelled.' });
    if (signal.aborted) throw cancelled();
    if (this.#free > 0) this.#free -= 1;
    else await this.#queue.wait(signal, cancelled, { place: onPlace, first: () => {} });
    return once(() => {
      if (!this.#queue.next()) this.#free += 1;
    });
  }
}

interface Waiter {
  /** How many wait before this one. */
  readonly place: (before: number) => void;
  /** Its turn has come; nothing else happens before those behind it are told their places. */
  readonly first: () => void;
}

/** Those who wait, in the order of asking. Who gives up leaves it at once, and everybody behind moves up. */
class Queue {
  readonly #waiting: Waiter[] = [];

  async wait(signal: AbortSignal, cancelled: () => Hop3Error, told: Waiter): Promise<void> {
    let onAbort = (): void => {};
    const turn = new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        place: told.place,
        first: () => {
          told.first();
          resolve();
        },
      };
      onAbort = () => {
        const index = this.#waiting.indexOf(waiter);
        // Its turn has come in the same moment: it goes on, and sees the signal itself.
        if (index === -1) return;
        this.#waiting.splice(index, 1);
        reject(cancelled());
        this.#tell(index);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
      this.#tell(this.#waiting.length - 1);
    });
    await turn.finally(() => signal.removeEventListener('abort', onAbort));
  }

  /** False when nobody waits. */
  next(): boolean {
    const waiter = this.#waiting.shift();
    if (!waiter) return false;
    waiter.first();
    this.#tell(0);
    return true;
  }

  #tell(from: number): void {
    for (const [index, waiter] of this.#waiting.entries()) if (index >= from) waiter.place(index);
  }
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}
