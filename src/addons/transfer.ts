import { Hop3Error } from '../errors.ts';
import { describeExit, type Finished } from '../run.ts';

/** Seconds that copying a database in or out may take. */
export const TRANSFER_LIMIT = 6 * 3600;

/**
 * The error for a dump or restore program that did not succeed, with its own last words.
 * @throws Hop3Error the code given, HOP3_CANCELLED, HOP3_TIMEOUT
 */
export function refuseFailed(finished: Finished, code: 'HOP3_COMMAND_FAILED' | 'HOP3_ADDON_RESTORE', program: string, next?: string): void {
  if (finished.cancelled) throw new Hop3Error('HOP3_CANCELLED', { what: `${program} was cancelled.` });
  if (finished.timedOut) throw new Hop3Error('HOP3_TIMEOUT', { what: `${program} did not finish within ${TRANSFER_LIMIT} s.` });
  if (finished.code === 0) return;
  throw new Hop3Error(code, { what: `${program} failed: ${describeExit(finished)}.`, why: finished.tail.slice(-6).join('\n'), ...(next === undefined ? {} : { next }) });
}
