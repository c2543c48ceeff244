import { Hop3Error } from '../errors.ts';
import type { PushLog } from '../log.ts';
import type { AppName } from '../names.ts';
import type { Store } from '../store/store.ts';
import type { Job } from './job.ts';
import { Turns } from './turns.ts';

/** Whose turn it is to change an app, and what those who wait are told. */
export class AppTurns {
  readonly #turns = new Turns();
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Who has the app's turn now. */
  holder(app: AppName): ReturnType<Turns['holder']> {
    return this.#turns.holder(app);
  }

  /**
   * Waits for the app's turn, and tells who has it at every change.
   * @param waits gets what is waited for, null when it is over
   * @returns what gives the turn back
   */
  async take(app: AppName, what: string, log: PushLog, signal: AbortSignal, waits: (text: string | null) => void = () => {}): Promise<() => void> {
    const giveBack = await this.#turns.take(app, what, signal, (ahead, before) => {
      const text = `${app} is busy with the ${ahead.what}, since ${clock(ahead.since)}${before > 0 ? ` (${before} more before this one)` : ''}`;
      waits(text);
      log.waiting(text);
    });
    waits(null);
    return giveBack;
  }

  /**
   * The app's turn for a deploy, which may find the app gone.
   * @throws Hop3Error HOP3_NO_APP
   */
  async forDeploy(job: Job, what: string): Promise<() => void> {
    const giveBack = await this.take(job.app, what, job.log, job.signal, job.waits);
    if (this.#store.apps.get(job.app)) return giveBack;
    giveBack();
    throw new Hop3Error('HOP3_NO_APP', { what: `The app ${job.app} was destroyed while this waited for its turn.` });
  }

  /**
   * What changes an app without a deploy waits for the app's turn too, at most these seconds.
   * @throws Hop3Error HOP3_TIMEOUT
   */
  async run(app: AppName, what: string, limit: number, work: () => Promise<void>): Promise<void> {
    const giveBack = await this.#turns.take(app, what, AbortSignal.timeout(limit * 1000), () => {}).catch(() => {
      const ahead = this.#turns.holder(app);
      throw new Hop3Error('HOP3_TIMEOUT', {
        what: `${app} was busy for ${limit} s${ahead ? `, now with the ${ahead.what}` : ''}.`,
        next: 'Nothing was changed. Try again when that has ended.',
      });
    });
    try {
      await work();
    } finally {
      giveBack();
    }
  }
}

function clock(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)} UTC`;
}
