import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import type { PackageInfo } from '../api-types.ts';
import type { ServerContext } from '../context.ts';

const Query = Type.Object({ name: Type.String() }, { additionalProperties: false });

/** What the package set has: evaluated on the server, nothing is built. */
export function packageRoutes(context: ServerContext): FastifyPluginCallbackTypebox {
  return (api, _options, done) => {
    api.get('/packages', { config: { access: 'token' }, schema: { querystring: Query } }, async (request, reply): Promise<PackageInfo> => {
      const found = await context.checkPackage(request.query.name, whileConnected(reply));
      return {
        package: found.path, package_set: await context.packageSetTitle(), name: found.name, version: found.version, description: found.description,
        main_program: found.mainProgram, programs: found.programs,
        usable: !(found.broken || found.insecure || found.unfree || found.unsupported),
        broken: found.broken, insecure: found.insecure, unfree: found.unfree, unsupported: found.unsupported,
        vulnerabilities: found.vulnerabilities, licenses: found.licenses, prebuilt: found.prebuilt,
      };
    });
    done();
  };
}

/** Aborts when the client goes before its answer. */
function whileConnected(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}
