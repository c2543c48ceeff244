import type { AppDetail, AppSummary, LimitsInfo } from '../../server/api-types.ts';
import { formatLimits } from '../../limits.ts';
import { shortOid } from '../../names.ts';
import type { Handler } from '../command-context.ts';
import { confirmName } from '../confirm.ts';
import { longHealth } from '../health.ts';
import { fields, table } from '../output.ts';
import { when } from '../time.ts';
import { workerTable } from './ps.ts';

export const listApps: Handler = async (context) => {
  const client = await context.client();
  const { apps } = await client.get<{ apps: AppSummary[] }>('/apps');
  context.out.answer({ apps }, () => table(['app', 'release', 'branch', 'commit', 'since', 'url'], apps.map(appRow)));
  if (apps.length === 0) context.out.note('There are no apps yet. A push makes one: git push http://hop3:<token>@<server>/<app>.git main');
};

function appRow(app: AppSummary): string[] {
  const { release } = app;
  if (!release) return [app.name, '-', app.branch ?? '-', '-', 'nothing live yet', app.url];
  return [app.name, `v${release.version}`, app.branch ?? '-', shortOid(release.commit), when(release.created_at), app.url];
}

export const createApp: Handler = async (context) => {
  const { app: name, client } = await context.appAndClient();
  const app = await client.send<AppDetail>('POST', '/apps', { name });
  context.out.answer(app, () => `${client.server}${app.git_path}`);
  context.out.note(`Made ${app.name}. It will answer at ${app.url} after its first push:`);
  context.out.note(`  git remote add hop3 ${client.server.replace('://', '://hop3:<token>@')}${app.git_path} && git push hop3 main`);
};

export const setBranch: Handler = async (context, [branch]) => {
  const { app: name, client } = await context.appAndClient();
  const app = await client.send<AppSummary>('PUT', `/apps/${name}/branch`, { branch });
  context.out.answer(app, () => '');
  context.out.note(`${app.branch} is the deployed branch of ${name} now${app.release ? `; v${app.release.version} stays live` : ''}. To deploy: git push hop3 ${app.branch}`);
};

export const showApp: Handler = async (context) => {
  const { app: name, client } = await context.appAndClient();
  const app = await client.get<AppDetail>(`/apps/${name}`);
  context.out.answer(app, () => describeApp(app));
};

function describeApp(app: AppDetail): string {
  const { release, last_build: build } = app;
  const head = fields([
    ['app', app.name],
    ['url', app.url],
    ['branch', app.branch ?? 'none yet; the first push of main or master chooses it'],
    ['live', release ? `v${release.version} ${release.description}, by ${release.by}, ${when(release.created_at)}` : 'nothing yet'],
    ['health', app.health ? longHealth(app.health) : null],
    ['last build', build ? `b${build.number} ${build.status} (${shortOid(build.commit)}), ${when(build.started_at)}` : 'none yet'],
    ['', build?.status === 'failed' ? build.error : null],
    ['limits', app.limits ? describeLimits(app.limits) : null],
    ['ports', app.ports.length === 0 ? null : app.ports.map(({ number, protocol, name }) => `${number}/${protocol}${name === null ? '' : ` (${name})`}`).join(', ')],
    ['made', `${when(app.created_at)}, by ${app.created_by}`],
  ]);
  return app.workers.length === 0 ? head : `${head}\n\n${workerTable(app.workers)}`;
}

/** What an app asks for and nothing keeps here is said, and no limit that is none. */
function describeLimits(limits: LimitsInfo): string {
  const unkept = limits.unkept.filter((name) => limits[name] !== null).map((name) => (name === 'cpu' ? 'cores' : name));
  const kept = `${formatLimits(limits)} for each process, kept by ${limits.kept_by === 'cgroup' ? 'cgroup v2' : 'rlimits'}`;
  return unkept.length === 0 ? kept : `${kept}; ${unkept.join(' and ')} cannot be limited on this server`;
}

export const destroyApp: Handler = async (context) => {
  const app = await context.app();
  const client = await context.client();
  const confirm = await confirmName(context, app, {
    question: `This removes ${app} with its releases, variables, logs and data.`, command: `hop3 app destroy --app ${app}`, named: context.flags.app === app,
  });
  await client.send('DELETE', `/apps/${app}`, { confirm });
  context.out.answer({ destroyed: app }, () => '');
  context.out.note(`Destroyed ${app}.`);
};
