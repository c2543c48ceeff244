import { Hop3Error } from '../errors.ts';

/** Why a deploy is cancelled, as the reason of its AbortSignal: whoever reads the log learns by whom. */
export const cancelled = {
  byCommand: (by: string) => reason(`by ${by} with \`hop3 builds cancel\``),
  /** Ctrl-C, or a connection that broke: the two look alike from here. */
  clientGone: (by: string) => reason(`because its client, which was ${by}'s, went away`),
  serverStops: () => reason('because the server was stopped'),
  gitEnded: () => reason('because the git that received it ended on the server'),
};

function reason(why: string): Hop3Error {
  return new Hop3Error('HOP3_CANCELLED', { what: `The deploy was cancelled ${why}.` });
}

/** The reason that a signal was aborted with; null when it was not, or for one that says nothing to a person. */
export function cancelReason(signal: AbortSignal): Hop3Error | null {
  return signal.aborted && signal.reason instanceof Hop3Error ? signal.reason : null;
}

/**
 * Waits for something that many wait for, and that goes on when this one is cancelled.
 * @throws Hop3Error HOP3_CANCELLED at once when the signal aborts
 */
export async function unlessCancelled<T>(signal: AbortSignal, shared: Promise<T>): Promise<T> {
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(cancelReason(signal) ?? new Hop3Error('HOP3_CANCELLED', { what: 'The deploy was cancelled.' }));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([shared, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
