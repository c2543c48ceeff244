import type { FastifyRequest } from 'fastify';

/** Where a request comes from. Of a client that reset its connection at once the kernel knows no address any more. */
export function addressOf(request: FastifyRequest): string {
  return request.socket.remoteAddress ?? 'unknown';
}
