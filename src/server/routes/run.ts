import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Hop3Error } from '../../errors.ts';
import type { AppName } from '../../names.ts';
import { liveEnvironment, requireLive, type LiveRelease } from '../../pipeline/live-release.ts';
import { describeExit, type Finished } from '../../run.ts';
import type { StartFrame } from '../../run-frames.ts';
import { limitsOf } from '../../pipeline/limits.ts';
import { runOneOff, type OneOffStreams } from '../../runtime/one-off.ts';
import { existingApp } from '../api-access.ts';
import { holdAudit } from '../audit-hooks.ts';
import type { ServerContext } from '../context.ts';
import type { OpenStreams } from '../open-streams.ts';
import { serveRun } from '../run-session.ts';
import { watchToken } from '../token-watch.ts';
import { takeConnection } from '../upgrade.ts';

/** Seconds that one command may take: a day, since somebody may sit at its terminal. */
const LIMIT = 86_400;
/** Commands of one app at a time. */
const MOST = 10;

export function runRoutes(context: ServerContext, streams: OpenStreams): FastifyPluginCallbackTypebox {
  const running = new Map<AppName, number>();
  const count = (app: AppName, by: number) => {
    const now = (running.get(app) ?? 0) + by;
    if (now === 0) running.delete(app);
    else running.set(app, now);
  };
  return (api, _options, done) => {
    api.post('/apps/:app/run', { config: { access: 'app' } }, async (request, reply) => {
      const { name: app } = existingApp(context, request);
      const live = requireLive(context, app);
      if ((running.get(app) ?? 0) >= MOST) throw tooMany(app);
      const { socket, head } = takeConnection(request, reply);
      const audit = holdAudit(request);
      const { abort, end } = streams.begin();
      const unwatch = watchToken(context, request.principal, abort);
      count(app, 1);
      const started = performance.now();
      const run = async (start: StartFrame, io: OneOffStreams, signal: AbortSignal): Promise<Finished> => {
        const finished = await runCommand(context, app, live, start, io, signal);
        audit?.end(finished.cancelled ? 'cancelled' : 'done', finished.cancelled ? null : describeExit(finished));
        log(request, app, live, finished, performance.now() - started);
        return finished;
      };
      const liveName = (): string | null => {
        const row = context.store.releases.live(app);
        return row && `v${row.version}`;
      };
      try {
        await serveRun(socket, head, { release: live.name, run, live: liveName }, abort.signal, (error) => context.reportDefect(`hop3 run of ${app}`, error));
      } finally {
        // A session that ended before its command began.
        audit?.end('cancelled');
        unwatch();
        count(app, -1);
        end();
      }
    });
    done();
  };
}

function runCommand(context: ServerContext, app: AppName, live: LiveRelease, start: StartFrame, streams: OneOffStreams, signal: AbortSignal): Promise<Finished> {
  const env = liveEnvironment(context, app, live);
  return runOneOff({
    paths: context.paths, spec: { app, closure: live.built.closure, limits: limitsOf(context.settings, live.built.config) }, command: start.command, streams, signal, limit: LIMIT,
    env: start.terminal ? { ...env, TERM: start.terminal.type } : env,
  });
}

/** Without the command: it may hold a password. */
function log(request: FastifyRequest, app: AppName, live: LiveRelease, finished: Finished, ms: number): void {
  const how = finished.cancelled ? 'ended with its connection' : finished.timedOut ? 'ended by its limit' : describeExit(finished);
  request.log.info({ app, release: live.name, by: request.principal.name, ms, how }, 'hop3 run');
}

function tooMany(app: AppName): Hop3Error {
  return new Hop3Error('HOP3_RUN_BUSY', {
    what: `${MOST} commands run for ${app} already, and no more are allowed at a time.`,
    next: 'Wait until one of them has ended.',
  });
}
