import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Hop3Error } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { run } from '../run.ts';
import type { Address } from '../settings.ts';
import { nginxComplaints } from './nginx-log.ts';
import { askGeneration, nginxMaster, nginxWorkers } from './nginx-process.ts';

/** Milliseconds for new worker processes to answer and the old ones to take no more connections; it takes about 50. */
const RELOAD_MS = 10_000;
/** Milliseconds for an nginx that is just starting to get so far that it can be told. */
const START_MS = 3000;

/**
 * Sees to it that nginx runs with the configuration of this generation. It is told only if it has another one; an nginx
 * that is not there needs nothing, as it reads the files at its start.
 * @returns whether it was told to reload
 * @throws Hop3Error HOP3_NGINX_REFUSED when it does not take it within RELOAD_MS
 */
export async function bringIntoEffect(paths: Paths, listen: Address, probeHost: string, generation: string, changed: boolean): Promise<boolean> {
  const master = nginxMaster(paths) ?? (changed ? await startingMaster(paths) : null);
  if (master === null) return false;
  if ((await askGeneration(listen, probeHost)) === generation) return false;

  const old = new Set(nginxWorkers(master).map((worker) => worker.pid));
  process.kill(master, 'SIGHUP');
  const end = performance.now() + RELOAD_MS;
  for (;;) {
    // Old workers share the listening socket until they are told to end: one fresh answer does not mean that all are.
    const stale = nginxWorkers(master).some((worker) => worker.serving && old.has(worker.pid));
    if (!stale && (await askGeneration(listen, probeHost)) === generation) return true;
    if (performance.now() > end) throw await notTaken(paths);
    await delay(20);
  }
}

/** nginx may have read the old files and not be far enough to be found, let alone told: SIGHUP would end it then. */
async function startingMaster(paths: Paths): Promise<number | null> {
  const end = performance.now() + START_MS;
  for (;;) {
    const master = nginxMaster(paths);
    if (master !== null || performance.now() > end || !(await isSupervised(paths))) return master;
    await delay(50);
  }
}

async function isSupervised(paths: Paths): Promise<boolean> {
  const status = await run({ file: 's6-svstat', args: ['-o', 'up', join(paths.ownServices, 'nginx')], limit: 10 });
  return status.code === 0 && status.stdout.trim() === 'true';
}

async function notTaken(paths: Paths): Promise<Hop3Error> {
  const said = await nginxComplaints(paths);
  return new Hop3Error('HOP3_NGINX_REFUSED', {
    what: `nginx did not take its new configuration within ${RELOAD_MS / 1000} s, so the one before it was put back.`,
    ...(said.length > 0 ? { why: said.join('\n') } : {}),
    next: 'The file logs/nginx/current in HOP3_ROOT has what nginx says.',
  });
}
