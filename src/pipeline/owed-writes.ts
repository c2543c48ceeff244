import type { AppName } from '../names.ts';

/** Milliseconds between two tries: what is owed is there soon after somebody made room. */
const EVERY = 1000;

type Write = () => Promise<void> | void;

/**
 * How deploys ended, where the database could not be written just then (a full disk, a read-only one). Each is tried again until it is
 * written; what the server does not live to write, its next start puts right (repair.ts).
 */
export class OwedWrites {
  readonly #report: (what: string, error: unknown) => void;
  readonly #owed = new Map<AppName, Write[]>();
  readonly #running = new Map<AppName, Promise<void>>();
  #timer: NodeJS.Timeout | null = null;

  constructor(report: (what: string, error: unknown) => void) {
    this.#report = report;
  }

  /** Writes now, or later; behind what the app is owed already. Never throws. */
  async write(app: AppName, what: string, write: Write): Promise<void> {
    this.#owed.set(app, [...(this.#owed.get(app) ?? []), write]);
    await this.settle(app).catch((error: unknown) => {
      this.#report(`${what} of ${app}, tried again each second`, error);
      this.#timer ??= setInterval(() => this.#tick(), EVERY).unref();
    });
  }

  /** Writes what an app is owed, before anything else is done to it. @throws the database's own error while it cannot */
  async settle(app: AppName): Promise<void> {
    const before = this.#running.get(app);
    if (before) return before;
    if (!this.#owed.has(app)) return;
    const running = this.#settle(app).finally(() => this.#running.delete(app));
    this.#running.set(app, running);
    await running;
  }

  async #settle(app: AppName): Promise<void> {
    for (let owed = this.#owed.get(app) ?? []; owed.length > 0; owed = this.#owed.get(app)!) {
      await owed[0]!();
      // Others may have come in the meantime.
      this.#owed.set(app, this.#owed.get(app)!.slice(1));
    }
    this.#owed.delete(app);
  }

  #tick(): void {
    for (const app of this.#owed.keys()) void this.settle(app).catch(() => {});
    if (this.#owed.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
