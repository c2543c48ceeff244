import { Hop3Error } from '../../errors.ts';
import { printable, shortOid } from '../../names.ts';
import type { BuildInfo, ReleaseInfo } from '../../server/api-types.ts';
import { tookText } from '../../took.ts';
import type { Client } from '../client.ts';
import type { CommandContext, Handler } from '../command-context.ts';
import { parseCount, parseVersion } from '../numbers.ts';
import { fields, table } from '../output.ts';
import { when } from '../time.ts';

export const listBuilds: Handler = async (context, _args, options) => {
  const { app, client } = await context.appAndClient();
  const limit = Math.max(1, parseCount('--limit', options['limit'], 15, 1000));
  const { builds } = await client.get<{ builds: BuildInfo[] }>(`/apps/${app}/builds?limit=${limit}`);
  context.out.answer({ builds }, () => table(['build', 'status', 'commit', 'release', 'by', 'when', 'error'], builds.map((build) => [
    `b${build.number}`, build.status, shortOid(build.commit), build.release === null ? '-' : `v${build.release}`,
    build.by, when(build.started_at), build.error ?? '',
  ])));
  if (builds.length === 0) context.out.note(`Nothing was pushed to ${app} yet.`);
};

export const showBuild: Handler = async (context, [number]) => {
  const wanted = parseBuild(number!);
  const { app, client } = await context.appAndClient();
  const build = await client.get<BuildInfo>(`/apps/${app}/builds/${wanted}`);
  context.out.answer(build, () => fields([
    ['build', `b${build.number}`],
    ['status', build.status],
    ['waits for', build.waits_for],
    ['error', build.error],
    ['commit', build.commit],
    ['by', build.by],
    ['began', when(build.started_at)],
    ['ended', build.ended_at && when(build.ended_at)],
    ['release', build.release === null ? null : `v${build.release}`],
    ['took', build.times.length === 0 ? null : tookText(build.times)],
    ['store path', build.store_path],
  ]));
};

export const showBuildLog: Handler = async (context, [which]) => {
  const { app, client } = await context.appAndClient();
  await printBuildLog(context, client, app, await findBuild(client, app, which));
};

export const cancelBuild: Handler = async (context, [which]) => {
  const { app, client } = await context.appAndClient();
  const number = which === undefined ? await buildUnderWay(client, app) : parseBuild(which);
  const build = await client.send<BuildInfo>('POST', `/apps/${app}/builds/${number}/cancel`, {});
  context.out.answer(build, () => `Cancelled b${number} of ${app}; nothing of it runs any more.`);
};

/** The one that has the app's turn; those behind it are named by their numbers. */
async function buildUnderWay(client: Client, app: string): Promise<number> {
  const { builds } = await client.get<{ builds: BuildInfo[] }>(`/apps/${app}/builds?limit=1000`);
  const first = builds.filter((build) => build.ended_at === null).at(-1);
  if (first) return first.number;
  throw new Hop3Error('HOP3_NOT_CANCELLED', { what: `Nothing of ${app} is being built or waits; there is nothing to cancel.` });
}

/** A build by its number, by the release it became (`v3`), or the last one. */
export async function findBuild(client: Client, app: string, which: string | undefined): Promise<number> {
  if (which?.startsWith('v')) return (await client.get<ReleaseInfo>(`/apps/${app}/releases/${parseVersion(which)}`)).build;
  if (which !== undefined) return parseBuild(which);
  const { builds: [last] } = await client.get<{ builds: BuildInfo[] }>(`/apps/${app}/builds?limit=1`);
  if (last) return last.number;
  throw new Hop3Error('HOP3_NO_BUILD', { what: `Nothing was pushed to ${app} yet, so there is no build log.` });
}

export async function printBuildLog(context: CommandContext, client: Client, app: string, number: number): Promise<void> {
  const path = `/apps/${app}/builds/${number}/log`;
  if (!context.out.json) {
    for await (const text of client.text(path)) if (!process.stdout.write(text)) await drained();
    return;
  }
  let log = '';
  for await (const text of client.text(path)) log += text;
  context.out.answer({ app, build: number, log }, () => log);
}

function drained(): Promise<void> {
  return new Promise((resolve) => process.stdout.once('drain', resolve));
}

function parseBuild(text: string): number {
  const match = /^b?([1-9]\d{0,8})$/.exec(text);
  if (match) return Number(match[1]);
  throw new Hop3Error('HOP3_USAGE', { what: `"${printable(text)}" is no build.`, next: 'A build looks like b12, and vN means the build of that release. `hop3 builds` lists them.' });
}
