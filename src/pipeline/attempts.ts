import { Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';
import { cancelReason } from './cancel.ts';

/** A deploy that waits or runs: what a cancel reaches. */
export class OpenAttempt {
  readonly number: number;
  /** Resolves when the deploy has ended: its processes are gone and its row says how it went. */
  readonly ended: Promise<void>;
  /** What it waits for ("shop is busy with ..."); null while it works. */
  waitsFor: string | null = null;
  readonly #abort = new AbortController();
  #switching = false;
  readonly #forget: () => void;
  readonly #resolveEnded: () => void;
  readonly #client: AbortSignal;
  readonly #onClient = (): void => void this.cancel(cancelReason(this.#client) ?? new Hop3Error('HOP3_CANCELLED', { what: 'The deploy was cancelled.' }));

  constructor(number: number, client: AbortSignal, forget: () => void) {
    let resolveEnded = (): void => {};
    this.number = number;
    this.ended = new Promise((resolve) => { resolveEnded = resolve; });
    this.#resolveEnded = resolveEnded;
    this.#forget = forget;
    this.#client = client;
    client.addEventListener('abort', this.#onClient, { once: true });
    if (client.aborted) this.#onClient();
  }

  /** Aborts when the client goes or somebody cancels, before the switch; never after it. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** False when it is too late: the switch has begun. */
  cancel(reason: Hop3Error): boolean {
    if (this.#switching) return false;
    this.#abort.abort(reason);
    return true;
  }

  /**
   * The last moment at which a cancel counts, called once.
   * @throws Hop3Error HOP3_CANCELLED
   */
  passSwitch(): void {
    this.#abort.signal.throwIfAborted();
    this.#switching = true;
  }

  end(): void {
    this.#client.removeEventListener('abort', this.#onClient);
    this.#forget();
    this.#resolveEnded();
  }
}

/** The deploys that wait or run now, by app and number. In memory, like the turns: a server that dies leaves none behind. */
export class Attempts {
  readonly #open = new Map<string, OpenAttempt>();

  open(app: AppName, number: number, client: AbortSignal): OpenAttempt {
    const attempt = new OpenAttempt(number, client, () => this.#open.delete(key(app, number)));
    this.#open.set(key(app, number), attempt);
    return attempt;
  }

  get(app: AppName, number: number): OpenAttempt | null {
    return this.#open.get(key(app, number)) ?? null;
  }
}

function key(app: AppName, number: number): string {
  return `${app} ${number}`;
}
