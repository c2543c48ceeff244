import { Hop3Error } from '../errors.ts';
import type { Principal } from './auth.ts';
import type { ServerContext } from './context.ts';

/** Milliseconds between two looks: for so long a stream may outlive its token. */
const LOOK_MS = 1000;

/**
 * Ends what stays open for hours (a followed log, a command of `hop3 run`) once its token is revoked or over: the signal fires with the
 * error to tell. The database is asked, so it does not matter who ended the token, and how.
 * @returns stops watching
 */
export function watchToken(context: Pick<ServerContext, 'auth' | 'reportDefect'>, principal: Principal, abort: AbortController): () => void {
  const timer = setInterval(() => {
    if (isValid(context, principal)) return;
    clearInterval(timer);
    abort.abort(new Hop3Error('HOP3_NOT_AUTHENTICATED', { what: 'The token was revoked or has expired.', next: 'Ask an administrator for a new one.' }));
  }, LOOK_MS);
  return () => clearInterval(timer);
}

/** Why a stream was ended, when that was its token; null for every other reason. */
export function tokenOver(signal: AbortSignal): Hop3Error | null {
  return signal.reason instanceof Hop3Error && signal.reason.code === 'HOP3_NOT_AUTHENTICATED' ? signal.reason : null;
}

/** A database that cannot be read for a moment ends nobody's stream. */
function isValid(context: Pick<ServerContext, 'auth' | 'reportDefect'>, principal: Principal): boolean {
  try {
    return context.auth.stillValid(principal);
  } catch (error) {
    context.reportDefect('looking at a token', error);
    return true;
  }
}
