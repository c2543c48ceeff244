import type { FastifyInstance, FastifyPluginCallback } from 'fastify';
import { Hop3Error } from '../errors.ts';
import { guard } from './api-access.ts';
import { noSuchRoute } from './api-errors.ts';
import { errorInfo } from './api-types.ts';
import { validatorCompiler } from './api-validation.ts';
import { audited } from './audit-hooks.ts';
import type { ServerContext } from './context.ts';
import type { OpenStreams } from './open-streams.ts';
import { addonRoutes } from './routes/addons.ts';
import { appRoutes } from './routes/apps.ts';
import { auditRoutes } from './routes/audit.ts';
import { backupRoutes } from './routes/backup.ts';
import { buildRoutes } from './routes/builds.ts';
import { domainRoutes } from './routes/domains.ts';
import { cronRoutes } from './routes/cron.ts';
import { envRoutes } from './routes/env.ts';
import { logRoutes } from './routes/logs.ts';
import { packageRoutes } from './routes/packages.ts';
import { planRoutes } from './routes/plan.ts';
import { releaseRoutes } from './routes/releases.ts';
import { runRoutes } from './routes/run.ts';
import { serverRoutes } from './routes/server.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { verifyRoutes } from './routes/verify.ts';

/** Milliseconds in which a request's body must be here; none is larger than a few MiB. */
const BODY_TIMEOUT = 30_000;

/** The whole API: one scope, one guard, one validator. */
export function api(context: ServerContext, streams: OpenStreams): FastifyPluginCallback {
  return (scope, _options, done) => {
    scope.setValidatorCompiler(validatorCompiler);
    guard(scope, context);
    audited(scope, context);
    limitBodyTime(scope);
    scope.setNotFoundHandler(noSuchRoute);
    scope.register(appRoutes(context, streams));
    scope.register(releaseRoutes(context, streams));
    scope.register(envRoutes(context, streams));
    scope.register(domainRoutes(context));
    scope.register(buildRoutes(context));
    scope.register(addonRoutes(context, streams));
    scope.register(backupRoutes(context, streams));
    scope.register(logRoutes(context, streams));
    scope.register(runRoutes(context, streams));
    scope.register(cronRoutes(context, streams));
    scope.register(tokenRoutes(context));
    scope.register(auditRoutes(context));
    scope.register(planRoutes(context));
    scope.register(packageRoutes(context));
    scope.register(verifyRoutes(context, streams));
    scope.register(serverRoutes(context));
    done();
  };
}

/** The server as a whole sets no request time limit, since a push may take an hour; the API's small bodies get their own. */
function limitBodyTime(scope: FastifyInstance): void {
  const timers = new WeakMap<object, NodeJS.Timeout>();
  scope.addHook('onRequest', async (request, reply) => {
    const timer = setTimeout(() => {
      reply.header('connection', 'close');
      const late = new Hop3Error('HOP3_TIMEOUT', { what: `The request's body did not arrive within ${BODY_TIMEOUT / 1000} s.` });
      void reply.code(408).send({ error: errorInfo(late) });
    }, BODY_TIMEOUT);
    timer.unref();
    timers.set(request, timer);
    request.raw.once('close', () => clearTimeout(timer));
  });
  scope.addHook('preValidation', async (request) => {
    clearTimeout(timers.get(request));
  });
}
