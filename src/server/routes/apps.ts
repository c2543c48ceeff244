import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { Hop3Error } from '../../errors.ts';
import { parseBranchName } from '../../git/ref-name.ts';
import { parseAppName } from '../../names.ts';
import { workerStatuses } from '../../runtime/services.ts';
import { existingApp, visibleApps } from '../api-access.ts';
import type { AppDetail, AppSummary, WorkerInfo } from '../api-types.ts';
import { streamDeploy } from '../api-stream.ts';
import { appSummary, deployedInfo } from '../api-views.ts';
import { appDetail, appWorkers } from '../app-detail.ts';
import type { ServerContext } from '../context.ts';
import type { OpenStreams } from '../open-streams.ts';

const NewApp = Type.Object({ name: Type.String() }, { additionalProperties: false });
const Branch = Type.Object({ branch: Type.String() }, { additionalProperties: false });
const Confirmation = Type.Object({ confirm: Type.String() }, { additionalProperties: false });

const Counts = Type.Object({ counts: Type.Record(Type.String(), Type.Integer()) }, { additionalProperties: false });

export function appRoutes(context: ServerContext, streams: OpenStreams): FastifyPluginCallbackTypebox {
  return (api, _options, done) => {
    api.get('/apps', { config: { access: 'token' } }, (request): { apps: AppSummary[] } => {
      const live = context.store.releases.liveHeads();
      return { apps: visibleApps(context, request.principal).map((row) => appSummary(context, row, live.get(row.name) ?? null)) };
    });

    api.post('/apps', { config: { access: 'admin' }, schema: { body: NewApp } }, async (request, reply) => {
      const name = parseAppName(request.body.name);
      await context.deployer.createApp(name, request.principal.name);
      reply.code(201);
      return appDetail(context, context.store.apps.get(name)!, await workerStatuses(context.paths));
    });

    api.get('/apps/:app', { config: { access: 'app' } }, async (request): Promise<AppDetail> =>
      appDetail(context, existingApp(context, request), await workerStatuses(context.paths)));

    api.put('/apps/:app/branch', { config: { access: 'app' }, schema: { body: Branch } }, async (request): Promise<AppSummary> => {
      const branch = parseBranchName(request.body.branch);
      const { name } = existingApp(context, request);
      await context.deployer.setBranch(name, branch, request.principal.name);
      return appSummary(context, context.store.apps.get(name)!, context.store.releases.live(name));
    });

    api.delete('/apps/:app', { config: { access: 'admin' }, schema: { body: Confirmation } }, async (request) => {
      const row = existingApp(context, request);
      if (request.body.confirm !== row.name) {
        throw new Hop3Error('HOP3_NOT_CONFIRMED', {
          what: `${row.name} was not destroyed: the confirmation does not repeat its name.`,
          next: `It takes the app's releases, variables, logs and data with it. If that is meant: hop3 app destroy --app ${row.name} --confirm=${row.name}`,
        });
      }
      await context.deployer.destroyApp(row.name, request.principal.name);
      return { destroyed: row.name };
    });

    api.get('/apps/:app/ps', { config: { access: 'app' } }, async (request): Promise<{ workers: WorkerInfo[] }> => ({
      workers: appWorkers(context, existingApp(context, request), await workerStatuses(context.paths)),
    }));

    api.patch('/apps/:app/ps', { config: { access: 'app' }, schema: { body: Counts } }, (request, reply) => {
      const { name } = existingApp(context, request);
      return streamDeploy(context, streams, reply, async (log, signal) =>
        deployedInfo(context, await context.deployer.scale(name, request.body.counts, request.principal.name, log, signal)));
    });
    done();
  };
}
