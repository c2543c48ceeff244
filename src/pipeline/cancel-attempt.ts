import { Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';
import type { BuildRow } from '../store/builds.ts';
import type { Store } from '../store/store.ts';
import type { OpenAttempt } from './attempts.ts';
import { cancelled } from './cancel.ts';

/** Milliseconds for a cancelled deploy to end: 5 s for its processes, and what undoing its stages may take. */
const END_LIMIT = 20_000;

/**
 * Cancels a deploy and waits until it has ended. How it went is read from its row, not from having asked.
 * @throws Hop3Error HOP3_NOT_CANCELLED when it had switched or ended before, HOP3_NO_BUILD, HOP3_TIMEOUT
 */
export async function cancelAttempt(store: Store, app: AppName, number: number, open: OpenAttempt | null, by: string): Promise<void> {
  const row = store.builds.get(app, number);
  if (!row) throw new Hop3Error('HOP3_NO_BUILD', { what: `${app} has no build b${number}.`, next: `All of them: hop3 builds --app ${app}` });
  if (!open) throw notCancelled(row);
  const asked = open.cancel(cancelled.byCommand(by));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => { timer = setTimeout(() => resolve('late'), END_LIMIT); });
  const ended = await Promise.race([open.ended, late]).finally(() => clearTimeout(timer));
  if (ended === 'late') {
    const next = `hop3 builds show b${number} --app ${app} says how it goes on.`;
    if (!asked) throw new Hop3Error('HOP3_NOT_CANCELLED', { what: `b${number} of ${app} had switched already, and the cancel changed nothing.`, next });
    throw new Hop3Error('HOP3_TIMEOUT', { what: `b${number} of ${app} was told to end and has not ended within ${END_LIMIT / 1000} s.`, next });
  }
  const now = store.builds.get(app, number);
  // The app was destroyed before it, and its rows with it.
  if (now && now.status !== 'cancelled') throw notCancelled(now);
}

function notCancelled(row: BuildRow): Hop3Error {
  const { app, number } = row;
  const next = `hop3 builds show b${number} --app ${app} has the rest.`;
  switch (row.status) {
    case 'released':
      return new Hop3Error('HOP3_NOT_CANCELLED', { what: `b${number} of ${app} had switched already: it went live as v${row.release}, and the cancel changed nothing.`, next: `To go back: hop3 rollback --app ${app}` });
    case 'failed':
      return new Hop3Error('HOP3_NOT_CANCELLED', { what: `b${number} of ${app} had failed already; there was nothing to cancel.`, next });
    case 'cancelled':
      return new Hop3Error('HOP3_NOT_CANCELLED', { what: `b${number} of ${app} was cancelled before; there was nothing to cancel.`, next });
    case 'running':
    case 'built':
      return new Hop3Error('HOP3_NOT_CANCELLED', { what: `b${number} of ${app} is not under way on this server.`, next });
  }
}
