import { Hop3Error } from '../../errors.ts';
import { printable } from '../../names.ts';
import type { CronInfo, WorkerInfo } from '../../server/api-types.ts';
import type { Handler } from '../command-context.ts';
import { followDeploy } from '../deploy-stream.ts';
import { shortHealth } from '../health.ts';
import { table } from '../output.ts';
import { cronTable } from './cron.ts';
import { duration } from '../time.ts';

export const listProcesses: Handler = async (context) => {
  const { app, client } = await context.appAndClient();
  const { workers } = await client.get<{ workers: WorkerInfo[] }>(`/apps/${app}/ps`);
  const { cron } = await client.get<{ cron: CronInfo[] }>(`/apps/${app}/cron`);
  context.out.answer({ workers, cron }, () => [workers, cron].every((list) => list.length > 0) ? `${workerTable(workers)}\n\n${cronTable(cron)}` : cron.length > 0 ? cronTable(cron) : workerTable(workers));
  if (workers.length === 0) context.out.note(`${app} has no processes: nothing is live, or its release is a static site.`);
};

/** Processes as `hop3 ps` shows them. */
export function workerTable(workers: readonly WorkerInfo[]): string {
  const checked = workers.some((worker) => worker.health !== null);
  return table(['process', 'state', 'for', 'pid', ...(checked ? ['health'] : []), ''], workers.map((worker) => [
    worker.worker,
    stateText(worker),
    worker.state === 'waiting' ? '-' : duration(worker.seconds),
    worker.pid === null ? '-' : String(worker.pid),
    ...(checked ? [shortHealth(worker.health)] : []),
    worker.live ? '' : 'of the release before',
  ]));
}

function stateText(worker: WorkerInfo): string {
  const why = worker.exit ? ` (${worker.exit})` : '';
  if (worker.state === 'waiting') return `crash loop: ended ${worker.deaths} times${why}; next start in ${duration(worker.seconds)}`;
  return worker.state === 'up' ? `up${worker.limit === null ? '' : ` (${worker.limit})`}` : `down${why}`;
}

export const scaleProcesses: Handler = async (context, words) => {
  const counts: Record<string, number> = Object.create(null) as Record<string, number>;
  for (const word of words) {
    const match = /^([A-Za-z][A-Za-z0-9_-]{0,62})=(\d{1,4})$/.exec(word);
    const type = match?.[1];
    if (!match || type === undefined || Object.hasOwn(counts, type)) throw new Hop3Error('HOP3_USAGE', { what: `"${printable(word)}" is not TYPE=count.`, next: 'For example: hop3 ps scale web=2 worker=3' });
    counts[type] = Number(match[2]);
  }
  const { app, client } = await context.appAndClient();
  const release = await followDeploy(context, client, 'PATCH', `/apps/${app}/ps`, { counts });
  context.out.answer({ release }, () => '');
  context.out.note(`${app} runs ${words.join(' ')}.`);
};
