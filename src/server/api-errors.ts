import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { asHop3Error, Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import { errorInfo, type ErrorBody } from './api-types.ts';
import type { ServerContext } from './context.ts';

/** Answers every error of the server in the one envelope; what is no Hop3Error is reported as a defect. */
export function errorHandler(context: Pick<ServerContext, 'reportDefect'>) {
  return (error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void => {
    const { known, status } = classify(error);
    if (known.code === 'HOP3_INTERNAL') context.reportDefect(`${request.method} ${request.routeOptions.url ?? ''}`, error);
    if (status === 401) reply.header('www-authenticate', 'Bearer realm="hop3"');
    request.failure = known;
    reply.code(status).send({ error: errorInfo(known) } satisfies ErrorBody);
  };
}

/** Fastify's own refusals (bad JSON, too large, wrong media type) keep their status; anything else unknown is a defect. */
export function classify(error: FastifyError | Error): { known: Hop3Error; status: number } {
  if (error instanceof Hop3Error) return { known: error, status: error.status };
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (status !== undefined && status >= 400 && status < 500) {
    const known = new Hop3Error('HOP3_USAGE', { what: `The request cannot be used: ${printable(error.message).replace(/\.?$/, '.')}`, cause: error });
    return { known, status };
  }
  const known = asHop3Error(error);
  return { known, status: known.status };
}

export function noSuchRoute(request: FastifyRequest): never {
  const path = request.url.split('?', 1)[0] ?? '';
  throw new Hop3Error('HOP3_NO_ROUTE', {
    what: `There is nothing at ${request.method} ${printable(path)}.`,
    next: 'The API stands below /api/v1, a repository at /<app>.git.',
  });
}
