import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { existingApp } from '../api-access.ts';
import { streamDeploy } from '../api-stream.ts';
import { releaseInfo } from '../api-views.ts';
import type { ServerContext } from '../context.ts';
import type { OpenStreams } from '../open-streams.ts';
import { existingRelease } from './releases.ts';

const OneRelease = Type.Object({ app: Type.String(), version: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) });
const Nothing = Type.Object({}, { additionalProperties: false });

/** Building a release again. It changes nothing, but takes as long as a build and streams like one. */
export function verifyRoutes(context: ServerContext, streams: OpenStreams): FastifyPluginCallbackTypebox {
  return (api, _options, done) => {
    api.post('/apps/:app/releases/:version/verify', { config: { access: 'app' }, schema: { params: OneRelease, body: Nothing } }, (request, reply) => {
      const release = existingRelease(context, existingApp(context, request).name, request.params.version);
      return streamDeploy(context, streams, reply, async (log, signal) => {
        await context.verifyRelease(release, request.principal.name, log, signal);
        return releaseInfo(release);
      });
    });
    done();
  };
}
