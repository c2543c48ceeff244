/** Refusals of one address that are written down in a minute. */
const OF_ADDRESS = 20;
/** And of all addresses together: an attacker may have any number of them. */
const OF_ALL = 200;
const MINUTE = 60_000;

/** How many refusals the audit log takes: a stranger decides how many there are, and must not decide how much is written. */
export class RefusalLimit {
  readonly #now: () => number;
  #begun = 0;
  #all = 0;
  #leftOut = 0;
  readonly #counts = new Map<string, number>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Null when this one is left out; otherwise how many were left out since the last that was not. */
  take(address: string): number | null {
    const now = this.#now();
    // A clock that was set back begins a new minute too.
    if (now - this.#begun >= MINUTE || now < this.#begun) {
      this.#begun = now;
      this.#all = 0;
      this.#counts.clear();
    }
    const count = this.#counts.get(address) ?? 0;
    if (count >= OF_ADDRESS || this.#all >= OF_ALL) {
      this.#leftOut += 1;
      return null;
    }
    this.#counts.set(address, count + 1);
    this.#all += 1;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}
