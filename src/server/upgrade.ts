import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Hop3Error } from '../errors.ts';
import { RUN_PROTOCOL } from '../run-frames.ts';

/** Bytes that came behind the header of a request which asks to go on in another protocol. */
const upgrades = new WeakMap<IncomingMessage, Buffer>();

/** Milliseconds that a client which was refused may keep its connection. */
const REFUSED_MS = 2000;

/**
 * Lets requests that ask for our protocol through to their route like every other one, so that token, app and errors are the same; the
 * route then takes the connection (takeConnection). A request for any other protocol (curl and Java ask for "h2c") is served as if it had
 * not asked, as HTTP wants it.
 */
export function acceptUpgrades(server: FastifyInstance): void {
  server.server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (request.headers.upgrade?.toLowerCase() !== RUN_PROTOCOL) {
      serveWithout(server, request, socket, head);
      return;
    }
    // A connection that breaks is told by its 'close'; without a listener the error would end the server.
    socket.on('error', () => {});
    upgrades.set(request, head);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => {
      socket.end();
      setTimeout(() => socket.destroy(), REFUSED_MS).unref();
    });
    server.routing(request, response);
  });
}

/** Reads the request once more, as the beginning of a new connection: Node has no other way back. */
function serveWithout(server: FastifyInstance, request: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/1.1`];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const [name, value] = request.rawHeaders.slice(at, at + 2) as [string, string];
    if (!['upgrade', 'connection', 'http2-settings'].includes(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  if (head.length > 0) socket.unshift(head);
  socket.unshift(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
  // A connection with TLS has its handshake behind it.
  server.server.emit(socket instanceof TLSSocket ? 'secureConnection' : 'connection', socket);
}

/**
 * Answers 101 and hands the connection to the route, which from then on owns it.
 * @throws Hop3Error HOP3_UPGRADE when the request did not ask for our protocol
 */
export function takeConnection(request: FastifyRequest, reply: FastifyReply): { readonly socket: Socket; readonly head: Buffer } {
  const head = upgrades.get(request.raw);
  if (head === undefined) {
    throw new Hop3Error('HOP3_UPGRADE', {
      what: 'This address speaks another protocol than plain HTTP.',
      next: `Ask for it with "Connection: Upgrade" and "Upgrade: ${RUN_PROTOCOL}"; docs/api.md has the rest. If a proxy stands in between, it must pass these on.`,
    });
  }
  reply.hijack();
  const { socket } = request.raw;
  reply.raw.detachSocket(socket);
  socket.setTimeout(0);
  socket.setNoDelay(true);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${RUN_PROTOCOL}\r\n\r\n`);
  return { socket, head };
}
