import type { ReleaseInfo } from '../../server/api-types.ts';
import { tookText } from '../../took.ts';
import type { Handler } from '../command-context.ts';
import { followDeploy } from '../deploy-stream.ts';
import { parseCount, parseVersion } from '../numbers.ts';
import { fields, table } from '../output.ts';
import { when } from '../time.ts';

export const listReleases: Handler = async (context, _args, options) => {
  const { app, client } = await context.appAndClient();
  const limit = Math.max(1, parseCount('--limit', options['limit'], 15, 1000));
  const { releases } = await client.get<{ releases: ReleaseInfo[] }>(`/apps/${app}/releases?limit=${limit}`);
  context.out.answer({ releases }, () => table(['release', 'what', 'by', 'when', ''], releases.map((release) => [
    `v${release.version}`, release.description, release.by, when(release.created_at), release.live ? 'live' : release.can_roll_back ? '' : 'history only',
  ])));
  if (releases.length === 0) context.out.note(`${app} has no releases yet; its first push makes v1.`);
};

export const showRelease: Handler = async (context, [version]) => {
  const number = parseVersion(version!);
  const { app, client } = await context.appAndClient();
  const release = await client.get<ReleaseInfo>(`/apps/${app}/releases/${number}`);
  context.out.answer(release, () => fields([
    ['release', `v${release.version}${release.live ? ' (live)' : ''}`],
    ['what', release.description],
    ['by', release.by],
    ['when', when(release.created_at)],
    ['commit', release.commit],
    ['tree', release.tree],
    ['build', `b${release.build} (hop3 builds log b${release.build})`],
    ['took', release.times.length === 0 ? null : tookText(release.times)],
    ['variables', release.env_names.join(', ') || 'none'],
    ['rollback', release.can_roll_back ? 'possible' : 'not possible: its build is not kept any more'],
  ]));
};

export const rollback: Handler = async (context, [version]) => {
  const to = version === undefined ? undefined : parseVersion(version);
  const { app, client } = await context.appAndClient();
  const release = await followDeploy(context, client, 'POST', `/apps/${app}/rollback`, to === undefined ? {} : { to });
  context.out.answer({ release }, () => '');
  if (release) context.out.note(`${app} runs v${release.version} now (${release.description}), with the code and the variables of then. To undo it: hop3 rollback v${release.version - 1} --app ${app}`);
};

export const restart: Handler = async (context) => {
  const { app, client } = await context.appAndClient();
  const release = await followDeploy(context, client, 'POST', `/apps/${app}/restart`, {});
  context.out.answer({ release }, () => '');
  context.out.note(release ? `Restarted ${app}, v${release.version}.` : `${app} has nothing live to restart.`);
};
