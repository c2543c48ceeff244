import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { CronStatus } from '../../pipeline/cron.ts';
import { LineCutter } from '../../program-output.ts';
import { existingApp } from '../api-access.ts';
import { streamDeploy } from '../api-stream.ts';
import type { CronInfo } from '../api-types.ts';
import type { ServerContext } from '../context.ts';
import type { OpenStreams } from '../open-streams.ts';

const Line = Type.Object({ app: Type.String(), name: Type.String({ maxLength: 100 }) });

export function cronRoutes(context: ServerContext, streams: OpenStreams): FastifyPluginCallbackTypebox {
  return (api, _options, done) => {
    api.get('/apps/:app/cron', { config: { access: 'app' } }, (request): { cron: CronInfo[] } => ({
      cron: context.cron.list(existingApp(context, request).name).map(cronInfo),
    }));

    api.post('/apps/:app/cron/:name', { config: { access: 'app' }, schema: { params: Line } }, (request, reply) => {
      const { name: app } = existingApp(context, request);
      const { name } = request.params;
      return streamDeploy(context, streams, reply, async (log, signal) => {
        const cutter = new LineCutter();
        log.phase(`Running cron.${name}`);
        try {
          await context.cron.runNow(app, name, (chunk) => { for (const line of cutter.push(chunk)) log.output(line); }, signal);
        } finally {
          const rest = cutter.rest();
          if (rest !== '') log.output(rest);
        }
        return null;
      });
    });
    done();
  };
}

function cronInfo({ line, next, last }: CronStatus): CronInfo {
  return {
    name: line.name, schedule: line.schedule, command: line.command, timeout: line.timeout, next_at: next?.toISOString() ?? null,
    running: last !== null && last.endedAt === null,
    last: last && {
      release: last.release, started_at: new Date(last.startedAt).toISOString(), ended_at: last.endedAt === null ? null : new Date(last.endedAt).toISOString(),
      ok: last.ok, outcome: last.outcome,
    },
  };
}
