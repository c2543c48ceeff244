import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { Hop3Error } from '../../errors.ts';
import type { AppName } from '../../names.ts';
import type { BuildRow } from '../../store/builds.ts';
import { existingApp } from '../api-access.ts';
import type { BuildInfo } from '../api-types.ts';
import { buildInfo } from '../api-views.ts';
import type { ServerContext } from '../context.ts';

const Limit = Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 1000, default: 15 }) }, { additionalProperties: false });
const OneBuild = Type.Object({ app: Type.String(), number: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) });

const Nothing = Type.Object({}, { additionalProperties: false });

export function buildRoutes(context: ServerContext): FastifyPluginCallbackTypebox {
  return (api, _options, done) => {
    api.get('/apps/:app/builds', { config: { access: 'app' }, schema: { querystring: Limit } }, (request): { builds: BuildInfo[] } => ({
      builds: context.store.builds.list(existingApp(context, request).name, request.query.limit).map((row) => buildInfo(context, row)),
    }));

    api.get('/apps/:app/builds/:number', { config: { access: 'app' }, schema: { params: OneBuild } }, (request): BuildInfo =>
      buildInfo(context, existingBuild(context, existingApp(context, request).name, request.params.number)));

    api.get('/apps/:app/builds/:number/log', { config: { access: 'app' }, schema: { params: OneBuild } }, async (request, reply) => {
      const build = existingBuild(context, existingApp(context, request).name, request.params.number);
      const file = context.paths.buildLog(build.app, build.number);
      const size = await stat(file).then((found) => found.size, () => null);
      if (size === null) {
        throw new Hop3Error('HOP3_NO_BUILD', { what: `The log of build b${build.number} of ${build.app} is not kept any more.` });
      }
      // A running build's log grows while it is read: what stood there at the start is answered.
      const body = size === 0 ? '' : createReadStream(file, { end: size - 1 });
      return reply.type('text/plain; charset=utf-8').send(body);
    });

    api.post('/apps/:app/builds/:number/cancel', { config: { access: 'app' }, schema: { params: OneBuild, body: Nothing } }, async (request): Promise<BuildInfo> => {
      const { app, number } = existingBuild(context, existingApp(context, request).name, request.params.number);
      await context.deployer.cancel(app, number, request.principal.name);
      return buildInfo(context, existingBuild(context, app, number));
    });
    done();
  };
}

function existingBuild(context: ServerContext, app: AppName, number: number): BuildRow {
  const row = context.store.builds.get(app, number);
  if (row) return row;
  const newest = context.store.builds.list(app, 1)[0];
  throw new Hop3Error('HOP3_NO_BUILD', {
    what: `${app} has no build b${number}.`,
    next: newest ? `The newest is b${newest.number}; all of them: hop3 builds --app ${app}` : 'Nothing was pushed to it yet.',
  });
}
