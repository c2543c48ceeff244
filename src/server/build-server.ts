import { maxHeaderSize } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { LogController, type ConnectionError, type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { Hop3Error } from '../errors.ts';
import { readTlsFiles } from '../tls-files.ts';
import { api } from './api.ts';
import { errorHandler, noSuchRoute } from './api-errors.ts';
import { API_PREFIX, errorInfo, type ErrorBody } from './api-types.ts';
import { connectionLimits, limitConnections } from './connections.ts';
import type { ServerContext } from './context.ts';
import { gitRoutes } from './git.ts';
import { endLostPeers } from './lost-peers.ts';
import { OpenStreams } from './open-streams.ts';
import { acceptUpgrades } from './upgrade.ts';

/** Bytes of a JSON body; a route that takes more says so itself. Room for eight variables of the largest size. */
const BODY_LIMIT = 1024 * 1024;
/** Milliseconds in which a request's header must be here. Bodies have limits of their own: a push may take an hour. */
const HEADERS_TIMEOUT = 20_000;
/** Milliseconds between two looks for headers that are late. */
const LOOK_MS = 5000;
/** Bytes of a request that are read before they are asked for. With Node's own 16 kB a large push comes in pieces of 11 kB on average. */
const READ_AHEAD = 256 * 1024;
const HTTP_OPTIONS = { headersTimeout: HEADERS_TIMEOUT, requestTimeout: 0, connectionsCheckingInterval: LOOK_MS, highWaterMark: READ_AHEAD };
/** Milliseconds that open streams (deploys, followed logs) get to end when the server stops. */
const STREAMS_LIMIT = 5000;

/** What is not HTTP gets an answer in the usual shape and the end of its connection. */
function refuseGarbage(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, known } = garbageAnswer(error.code);
  const body = JSON.stringify({ error: errorInfo(known) } satisfies ErrorBody);
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function garbageAnswer(code: string): { status: string; known: Hop3Error } {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: '408 Request Timeout', known: new Hop3Error('HOP3_TIMEOUT', { what: `The request's header did not arrive within ${HEADERS_TIMEOUT / 1000} s.` }) };
    case 'HPE_HEADER_OVERFLOW':
      return { status: '431 Request Header Fields Too Large', known: new Hop3Error('HOP3_USAGE', { what: `The request's header is larger than ${maxHeaderSize / 1024} KiB.` }) };
    default:
      return { status: '400 Bad Request', known: new Hop3Error('HOP3_USAGE', { what: 'This is not an HTTP request that can be read.' }) };
  }
}

/**
 * The server that ships, and the one that specs use: git, API and `/healthz`, not yet listening. `close()` ends open
 * streams first.
 */
export function buildServer(context: ServerContext, logger: FastifyServerOptions['logger'] = false): FastifyInstance {
  const streams = new OpenStreams();
  const handleError = errorHandler(context);
  const { tls } = context.settings;
  const server = Fastify({
    logger,
    // One line a request, written below, instead of Fastify's two.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    // One of the two is for the server that is made.
    // Where a connection is opened and nothing is said, it is closed within about this time and the next look.
    http: HTTP_OPTIONS,
    ...(tls && { https: { ...readTlsFiles(tls), ...HTTP_OPTIONS, handshakeTimeout: HEADERS_TIMEOUT, minVersion: 'TLSv1.2' } }),
    // Every name in an address is checked by its route; a longer one is no name of ours.
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: handleError,
    clientErrorHandler: refuseGarbage,
  });
  server.setErrorHandler(handleError);
  server.setNotFoundHandler(noSuchRoute);
  server.addHook('onRequest', async (_request, reply) => {
    // Plain texts and JSON for programs: a browser shall neither guess a type, nor keep, nor frame them.
    reply.header('x-content-type-options', 'nosniff');
    reply.header('cache-control', 'no-store');
    reply.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
  });
  server.addHook('onResponse', async (request, reply) => {
    if (request.url === '/healthz') return;
    request.log.info({
      method: request.method, path: request.url.split('?', 1)[0], status: reply.statusCode,
      ms: Math.round(reply.elapsedTime), by: request.principal?.name ?? null,
    });
  });
  server.addHook('preClose', async () => {
    await streams.close(STREAMS_LIMIT);
  });

  server.get('/healthz', async (_request, reply) => {
    context.store.ping();
    return reply.type('text/plain; charset=utf-8').send('ok');
  });
  server.register(api(context, streams), { prefix: API_PREFIX });
  server.register(gitRoutes(context));
  endLostPeers(server.server);
  limitConnections(server.server, connectionLimits(context.settings.maxConnections));
  acceptUpgrades(server);
  return server;
}
