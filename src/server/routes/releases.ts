import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { Hop3Error } from '../../errors.ts';
import type { AppName } from '../../names.ts';
import type { ReleaseRow } from '../../store/releases.ts';
import { existingApp } from '../api-access.ts';
import { streamDeploy } from '../api-stream.ts';
import type { ReleaseInfo } from '../api-types.ts';
import { deployedInfo, releaseInfo } from '../api-views.ts';
import type { ServerContext } from '../context.ts';
import type { OpenStreams } from '../open-streams.ts';

const Version = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Limit = Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 1000, default: 15 }) }, { additionalProperties: false });
const OneRelease = Type.Object({ app: Type.String(), version: Version });
const Rollback = Type.Object({ to: Type.Optional(Version) }, { additionalProperties: false });
const Nothing = Type.Object({}, { additionalProperties: false });

export function releaseRoutes(context: ServerContext, streams: OpenStreams): FastifyPluginCallbackTypebox {
  const { deployer, store } = context;
  return (api, _options, done) => {
    api.get('/apps/:app/releases', { config: { access: 'app' }, schema: { querystring: Limit } }, (request): { releases: ReleaseInfo[] } => ({
      releases: store.releases.list(existingApp(context, request).name, request.query.limit).map(releaseInfo),
    }));

    api.get('/apps/:app/releases/:version', { config: { access: 'app' }, schema: { params: OneRelease } }, (request): ReleaseInfo =>
      releaseInfo(existingRelease(context, existingApp(context, request).name, request.params.version)));

    api.post('/apps/:app/rollback', { config: { access: 'app' }, schema: { body: Rollback } }, (request, reply) => {
      const { name } = existingApp(context, request);
      const to = request.body.to ?? null;
      if (to !== null) existingRelease(context, name, to);
      return streamDeploy(context, streams, reply, async (log, signal) =>
        deployedInfo(context, await deployer.rollback(name, to, request.principal.name, log, signal)));
    });

    api.post('/apps/:app/restart', { config: { access: 'app' }, schema: { body: Nothing } }, (request, reply) => {
      const { name } = existingApp(context, request);
      return streamDeploy(context, streams, reply, async (log, signal) =>
        deployedInfo(context, await deployer.restart(name, request.principal.name, log, signal)));
    });
    done();
  };
}

export function existingRelease(context: ServerContext, app: AppName, version: number): ReleaseRow {
  const row = context.store.releases.get(app, version);
  if (row) return row;
  const newest = context.store.releases.list(app, 1)[0];
  throw new Hop3Error('HOP3_NO_RELEASE', {
    what: `${app} has no release v${version}.`,
    next: newest ? `The newest is v${newest.version}; all of them: hop3 releases --app ${app}` : 'Nothing of it has gone live yet; its first push makes v1.',
  });
}
