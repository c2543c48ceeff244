/** Failures from one address that cost nothing: a stale token in a remote is an everyday mistake. */
const FREE_FAILURES = 3;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2000;
/** An address is forgotten after this long without a failure. */
const FORGET_MS = 15 * 60_000;
/** Addresses remembered; the one that failed longest ago goes first. */
const MOST_ADDRESSES = 2000;
/** Answers held back at one time; beyond that they go out at once, so that waiting costs us no more than it costs them. */
const MOST_WAITING = 200;

/**
 * Slows repeated wrong tokens down, by address: from nothing over 100 ms, doubling, to 2 s. Only the refusal is delayed, so a
 * right token is never held up by somebody else's wrong ones behind the same proxy.
 */
export class FailureDelays {
  readonly #failures = new Map<string, { count: number; last: number }>();
  readonly #now: () => number;
  #waiting = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Notes a failure and gives the milliseconds its answer is to wait. */
  failed(address: string): number {
    const now = this.#now();
    const known = this.#failures.get(address);
    const count = known && now - known.last < FORGET_MS ? known.count + 1 : 1;
    // Deleting first moves the address to the young end of the map.
    this.#failures.delete(address);
    this.#failures.set(address, { count, last: now });
    if (this.#failures.size > MOST_ADDRESSES) this.#failures.delete(this.#failures.keys().next().value!);
    if (count <= FREE_FAILURES) return 0;
    return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(count - FREE_FAILURES - 1, 10));
  }

  succeeded(address: string): void {
    this.#failures.delete(address);
  }

  get addresses(): number {
    return this.#failures.size;
  }

  async wait(ms: number): Promise<void> {
    if (ms === 0 || this.#waiting >= MOST_WAITING) return;
    this.#waiting += 1;
    try {
      await new Promise((resolve) => setTimeout(resolve, ms));
    } finally {
      this.#waiting -= 1;
    }
  }
}
