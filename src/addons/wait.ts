import { setTimeout as delay } from 'node:timers/promises';
import { Hop3Error } from '../errors.ts';
import type { DriverContext } from './model.ts';

/** Seconds: the first start of a server that was killed may replay a long log. */
const READY_LIMIT = 120;
/** Milliseconds after which the wait is told. */
const TELL_AFTER = 2000;
/** Deaths while somebody waits, after which another start is not hoped for. */
const MOST_DEATHS = 3;
const SHOWN_LINES = 8;

/**
 * Asks until the server answers.
 * @throws Hop3Error HOP3_ADDON_SERVER with the server's own last lines, also when it dies again and again; HOP3_CANCELLED
 */
export async function waitForServer(title: string, id: string, port: number, context: DriverContext, ask: () => Promise<void>): Promise<void> {
  const start = performance.now();
  const deaths = async () => (await context.services.tail(id, 1000)).split('\n').filter((line) => line.includes(`hop3: ${id} ended `)).length;
  const before = await deaths();
  let told = false;
  for (;;) {
    if (context.signal.aborted) throw new Hop3Error('HOP3_CANCELLED', { what: `Cancelled while waiting for ${title}.` });
    try {
      return await ask();
    } catch (error) {
      const waited = performance.now() - start;
      const dies = (await deaths()) - before >= MOST_DEATHS;
      if (dies || waited > READY_LIMIT * 1000) {
        throw new Hop3Error('HOP3_ADDON_SERVER', {
          what: dies ? `${title} ends again and again instead of answering at 127.0.0.1:${port}.` : `${title} did not answer at 127.0.0.1:${port} within ${READY_LIMIT} s: ${(error as Error).message}`,
          why: await context.services.tail(id, SHOWN_LINES),
          next: `Its log on the server: logs/addon-${id}/current in HOP3_ROOT`,
          cause: error,
        });
      }
      if (!told && waited > TELL_AFTER) {
        context.tell(`Waiting until ${title} answers (at most ${READY_LIMIT} s)`);
        told = true;
      }
      await delay(100);
    }
  }
}
