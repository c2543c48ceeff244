import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { Hop3Error } from '../../errors.ts';
import { printable, type AppName } from '../../names.ts';
import { isLogPosition } from '../../runtime/log-tail.ts';
import { followLogs, readLogs, type LogEntry, type LogFilter, type LogPositions } from '../../runtime/logs.ts';
import { existingApp } from '../api-access.ts';
import { streamLines } from '../api-stream.ts';
import type { LogLineInfo } from '../api-types.ts';
import type { ServerContext } from '../context.ts';
import type { OpenStreams } from '../open-streams.ts';
import { existingRelease } from './releases.ts';

/** A process type (`web`) or one process (`web.1`, `cron.nightly`). */
const Worker = Type.Optional(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_-]*(\\.[A-Za-z0-9_-]+)?$', maxLength: 100 }));
const Release = Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }));
/** A text, not a pattern: a regular expression can be written that takes the server's time for hours. */
const Text = Type.Optional(Type.String({ minLength: 1, maxLength: 500 }));
/** Seconds back from now, or a moment. */
const Since = Type.Optional(Type.String({ pattern: '^([0-9]{1,9}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,16}(Z|[+-][0-9]{2}:[0-9]{2}))$' }));

const lines = (fallback: number) => Type.Integer({ minimum: 0, maximum: 10_000, default: fallback });
const Query = Type.Object({ lines: lines(100), worker: Worker, release: Release, grep: Text, since: Since }, { additionalProperties: false });
const Follow = Type.Object({ lines: lines(10), worker: Worker, release: Release, grep: Text, since: Since }, { additionalProperties: false });

/** What a follower was told of its positions. */
const From = Type.Object({ from: Type.Record(Type.String(), Type.String({ maxLength: 60 })) }, { additionalProperties: false });

export function logRoutes(context: ServerContext, streams: OpenStreams): FastifyPluginCallbackTypebox {
  return (api, _options, done) => {
    api.get('/apps/:app/logs', { config: { access: 'app' }, schema: { querystring: Query } }, async (request): Promise<{ lines: LogLineInfo[]; complete: boolean }> => {
      const { name } = existingApp(context, request);
      const { entries, complete } = await readLogs(context.paths, name, wanted(context, name, request.query));
      return { lines: entries.map(lineInfo), complete };
    });

    const follow = (request: FastifyRequest, reply: FastifyReply, query: Static<typeof Follow>, from?: LogPositions) => {
      const { name, createdAt } = existingApp(context, request);
      const options = { ...wanted(context, name, query), from };
      // Another app may have the name by then.
      const stillThere = () => context.store.apps.get(name)?.createdAt === createdAt;
      return streamLines(context, streams, reply, async (onEvent, signal) => {
        await followLogs(context.paths, name, options, {
          onLine: (entry) => onEvent({ kind: 'line', ...lineInfo(entry) }),
          onPositions: (places) => onEvent({ kind: 'position', places }),
        }, signal, stillThere);
        if (!signal.aborted) throw new Hop3Error('HOP3_NO_APP', { what: `${name} was destroyed.` });
      });
    };
    api.get('/apps/:app/logs/follow', { config: { access: 'app' }, schema: { querystring: Follow } }, (request, reply) => follow(request, reply, request.query));
    api.post('/apps/:app/logs/follow', { config: { access: 'app' }, schema: { querystring: Follow, body: From } }, (request, reply) => follow(request, reply, request.query, knownPositions(request.body.from)));
    done();
  };
}

/** @throws Hop3Error HOP3_USAGE for what no `position` of this server looks like */
function knownPositions(given: Readonly<Record<string, string>>): LogPositions {
  const entries = Object.entries(given).map(([place, position]) => {
    if (isLogPosition(position)) return [place, position] as const;
    throw new Hop3Error('HOP3_USAGE', { what: `body.from: "${printable(position)}" is no position.`, next: 'Give back what the events of kind "position" said, or follow without it.' });
  });
  return Object.fromEntries(entries);
}

/** @throws Hop3Error HOP3_NO_RELEASE */
function wanted(context: ServerContext, app: AppName, query: Static<typeof Query>): LogFilter & { lines: number } {
  const { worker, release, grep } = query;
  if (release !== undefined) existingRelease(context, app, release);
  return { lines: query.lines, worker, release: release === undefined ? undefined : `v${release}`, text: grep, since: query.since === undefined ? undefined : moment(query.since) };
}

function moment(since: string): number {
  if (/^\d+$/.test(since)) return Date.now() - Number(since) * 1000;
  const time = Date.parse(since);
  if (Number.isNaN(time)) throw new Hop3Error('HOP3_USAGE', { what: `query.since: "${since}" is no moment.`, next: 'For example 2026-11-23T05:12:00Z, or 600 for ten minutes ago.' });
  return time;
}

function lineInfo({ time, worker, release, line }: LogEntry): LogLineInfo {
  return { worker, release, at: new Date(time).toISOString(), text: line };
}
