import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { followLogs, readLogs, type LogEntry } from '../../runtime/logs.ts';
import { existingApp } from '../api-access.ts';
import { streamLines } from '../api-stream.ts';
import type { LogLineInfo } from '../api-types.ts';
import type { ServerContext } from '../context.ts';
import type { OpenStreams } from '../open-streams.ts';
import { existingRelease } from './releases.ts';

/** A process type (`web`) or one process (`web.1`). */
const Worker = Type.Optional(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_-]*(\\.[0-9]+)?$', maxLength: 100 }));
const Query = Type.Object(
  {
    lines: Type.Integer({ minimum: 0, maximum: 10_000, default: 100 }),
    worker: Worker,
    release: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  },
  { additionalProperties: false },
);
const Follow = Type.Object({ worker: Worker, lines: Type.Integer({ minimum: 0, maximum: 10_000, default: 10 }) }, { additionalProperties: false });

export function logRoutes(context: ServerContext, streams: OpenStreams): FastifyPluginCallbackTypebox {
  return (api, _options, done) => {
    api.get('/apps/:app/logs', { config: { access: 'app' }, schema: { querystring: Query } }, (request): { lines: LogLineInfo[] } => {
      const { name } = existingApp(context, request);
      const { lines, worker, release } = request.query;
      if (release !== undefined) existingRelease(context, name, release);
      const wanted = { worker, lines, release: release === undefined ? undefined : `v${release}` };
      return { lines: readLogs(context.paths, name, wanted).map(lineInfo) };
    });

    api.get('/apps/:app/logs/follow', { config: { access: 'app' }, schema: { querystring: Follow } }, (request, reply) => {
      const { name } = existingApp(context, request);
      return streamLines(context, streams, reply, (onEvent, signal) =>
        followLogs(context.paths, name, request.query, (entry) => onEvent({ kind: 'line', ...lineInfo(entry) }), signal));
    });
    done();
  };
}

function lineInfo({ time, worker, release, line }: LogEntry): LogLineInfo {
  return { worker, release, at: new Date(time).toISOString(), text: line };
}
