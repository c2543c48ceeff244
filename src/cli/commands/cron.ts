import type { CronInfo } from '../../server/api-types.ts';
import type { Handler } from '../command-context.ts';
import { followDeploy } from '../deploy-stream.ts';
import { table } from '../output.ts';
import { ago, stamp, when } from '../time.ts';

export const listCron: Handler = async (context) => {
  const { app, client } = await context.appAndClient();
  const { cron } = await client.get<{ cron: CronInfo[] }>(`/apps/${app}/cron`);
  context.out.answer({ cron }, () => cronTable(cron));
  if (cron.length === 0) context.out.note(`${app} has no cron lines. [[cron]] in hop3.toml makes one; docs/processes.md shows how.`);
};

/** Cron lines as `hop3 cron` and `hop3 ps` show them. */
export function cronTable(cron: readonly CronInfo[], now: number = Date.now()): string {
  return table(['cron', 'schedule (UTC)', 'next', 'last', ''], cron.map((line) => [
    line.name, line.schedule, line.next_at === null ? '-' : `${stamp(line.next_at)} (${ago(line.next_at, now)})`,
    line.last === null ? '-' : when(line.last.started_at, now),
    line.last === null ? '' : `${line.running ? 'running' : (line.last.outcome ?? '')} (v${line.last.release})`,
  ]));
}

export const runCron: Handler = async (context, [name]) => {
  const { app, client } = await context.appAndClient();
  await followDeploy(context, client, 'POST', `/apps/${app}/cron/${encodeURIComponent(name!)}`, {});
  context.out.answer({ ran: name }, () => '');
  context.out.note(`cron.${name} of ${app} is done.`);
};
