import { PassThrough, type Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { asHop3Error } from '../errors.ts';
import { StreamingLog, type PushLog } from '../log.ts';
import { cancelled } from '../pipeline/cancel.ts';
import { errorInfo, NDJSON, type DeployEvent, type LogEvent, type ReleaseInfo } from './api-types.ts';
import { holdAudit } from './audit-hooks.ts';
import type { ServerContext } from './context.ts';
import type { OpenStreams } from './open-streams.ts';
import { tokenOver, watchToken } from './token-watch.ts';

/**
 * Runs a deploy and answers with its log, a JSON object a line, ended by `done` or `error`. When the client goes, or
 * the server stops, the signal fires; the deploy decides what that means (before the switch: cancelled).
 */
export function streamDeploy(
  context: ServerContext,
  streams: OpenStreams,
  reply: FastifyReply,
  work: (log: PushLog, signal: AbortSignal) => Promise<ReleaseInfo | null>,
): FastifyReply {
  const out = new PassThrough();
  const { abort, end } = streams.begin();
  const audit = holdAudit(reply.request);
  const write = (event: DeployEvent): void => {
    if (!out.destroyed && !out.writableEnded) out.write(`${JSON.stringify(event)}\n`);
  };
  // A slow reader costs at most maxLogBytes of memory: the log cuts itself there.
  const log = new StreamingLog({ sinks: [(text) => write({ kind: 'log', text })], maxOutputBytes: context.settings.maxLogBytes });
  onClientGone(reply, () => abort.abort(cancelled.clientGone(reply.request.principal.name)));
  void (async () => {
    try {
      const release = await work(log, abort.signal);
      audit?.end('done');
      write({ kind: 'done', release });
    } catch (error) {
      const known = asHop3Error(error);
      audit?.fail(known);
      if (known.code === 'HOP3_INTERNAL') context.reportDefect('a deploy asked for through the API', error);
      write({ kind: 'error', error: errorInfo(known) });
    } finally {
      log.close();
      out.end();
      end();
    }
  })();
  return send(reply, out);
}

/** Milliseconds between two signs of life of a followed log. */
const PING_MS = 30_000;

/**
 * Answers with log lines as `follow` gives them, and with a `ping` now and then, until the client goes or the server stops. A slow
 * reader is waited for: what `onEvent` returns resolves when there is room again, or nobody reads any more.
 */
export function streamLines(
  context: ServerContext,
  streams: OpenStreams,
  reply: FastifyReply,
  follow: (onEvent: (event: LogEvent) => Promise<void> | null, signal: AbortSignal) => Promise<void>,
): FastifyReply {
  const out = new PassThrough();
  const { abort, end } = streams.begin();
  const write = (event: LogEvent): Promise<void> | null => {
    if (out.destroyed || out.writableEnded || out.write(`${JSON.stringify(event)}\n`)) return null;
    return roomAgain(out, abort.signal);
  };
  onClientGone(reply, () => abort.abort());
  // The first one also sends the header, so that a client of a silent app knows that it is connected.
  void write({ kind: 'ping' });
  const pinging = setInterval(() => {
    if (!out.writableNeedDrain) void write({ kind: 'ping' });
  }, PING_MS);
  const unwatch = watchToken(context, reply.request.principal, abort);
  void (async () => {
    try {
      await follow(write, abort.signal);
      const over = tokenOver(abort.signal);
      if (over) throw over;
    } catch (error) {
      const known = asHop3Error(error);
      if (known.code === 'HOP3_INTERNAL') context.reportDefect('following a log', error);
      void write({ kind: 'error', error: errorInfo(known) });
    } finally {
      clearInterval(pinging);
      unwatch();
      out.end();
      end();
    }
  })();
  return send(reply, out);
}

function roomAgain(out: PassThrough, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      out.off('drain', done);
      out.off('close', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    out.once('drain', done);
    out.once('close', done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}

function send(reply: FastifyReply, body: Readable): FastifyReply {
  // A proxy in between must not collect the lines.
  return reply.header('content-type', `${NDJSON}; charset=utf-8`).header('x-accel-buffering', 'no').send(body);
}

function onClientGone(reply: FastifyReply, then: () => void): void {
  // Gone before the handler began: no event tells of it any more.
  if (reply.raw.closed && !reply.raw.writableFinished) return then();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) then();
  });
}
