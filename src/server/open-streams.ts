import { cancelled } from '../pipeline/cancel.ts';

/** Answers that may stay open for hours (followed logs, deploys), so that a stopping server can end them in good order. */
export class OpenStreams {
  readonly #open = new Map<AbortController, Promise<void>>();
  #closing = false;

  /** Registers one; its signal fires when the server stops. Call the returned function when it has ended. */
  begin(): { readonly abort: AbortController; readonly end: () => void } {
    const abort = new AbortController();
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = () => {
        this.#open.delete(abort);
        resolve();
      };
    });
    this.#open.set(abort, ended);
    if (this.#closing) abort.abort(cancelled.serverStops());
    return { abort, end };
  }

  /** Tells all of them to end and waits, at most `limitMs`. False when some had not ended by then. */
  async close(limitMs: number): Promise<boolean> {
    this.#closing = true;
    for (const abort of this.#open.keys()) abort.abort(cancelled.serverStops());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), limitMs);
    });
    const all = Promise.all(this.#open.values()).then(() => true as const);
    const inTime = await Promise.race([all, late]);
    clearTimeout(timer);
    return inTime;
  }
}
