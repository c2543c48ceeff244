import type { Job } from './job.ts';

/**
 * A place among the builds that run side by side; who has to wait is told the place in the queue whenever it changes.
 * @returns gives the place back
 * @throws Hop3Error HOP3_CANCELLED
 */
export async function buildPlace({ builds, log, signal, waits }: Pick<Job, 'builds' | 'signal' | 'waits'> & { readonly log: Pick<Job['log'], 'waiting'> }): Promise<() => void> {
  const taken = builds.limit === 1 ? 'the one build place is taken' : `all ${builds.limit} build places are taken`;
  const leave = await builds.enter(signal, (before) => {
    const text = `${taken} (${before === 0 ? 'this one is next' : `${before} more before this one`})`;
    waits(text);
    log.waiting(text);
  });
  waits(null);
  return leave;
}
