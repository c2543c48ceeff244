import type { Deployer } from './model.ts';

const HOUR = 3600 * 1000;
/** Milliseconds from the server's start to the first collection, and between two. */
const FIRST = HOUR;
const EVERY = 24 * HOUR;

/** Does what `hop3 gc` does, once a day. Never the machine's Nix store as a whole: what nothing needs there may be what the next build needs. */
export class DailyCollection {
  readonly #deployer: Pick<Deployer, 'collectGarbage'>;
  readonly #report: (where: string, error: unknown) => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(deployer: Pick<Deployer, 'collectGarbage'>, report: (where: string, error: unknown) => void) {
    this.#deployer = deployer;
    this.#report = report;
  }

  start(): void {
    this.#timer = setTimeout(() => void this.#collect(), FIRST).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #collect(): Promise<void> {
    try {
      await this.#deployer.collectGarbage({ dryRun: false, store: false });
    } catch (error) {
      this.#report('daily garbage collection', error);
    }
    // Stopped meanwhile.
    if (this.#timer !== null) this.#timer = setTimeout(() => void this.#collect(), EVERY).unref();
  }
}
