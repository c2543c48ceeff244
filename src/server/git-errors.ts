import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Hop3Error } from '../errors.ts';
import { classify } from './api-errors.ts';
import type { ServerContext } from './context.ts';

/** An error as plain text: git prints each line after `remote: ` when a request before the push itself fails. */
export function errorText(error: Hop3Error): string {
  return `${[error.what, error.why, error.next, `[${error.code}]`].filter(Boolean).join('\n')}\n`;
}

/** Errors of the git addresses, before their answer has begun. */
export function gitErrorHandler(context: Pick<ServerContext, 'reportDefect'>) {
  return (thrown: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void => {
    const { known: error, status } = classify(thrown);
    request.failure = error;
    if (status >= 500) context.reportDefect(`${request.method} ${request.routeOptions.url ?? ''}`, error.cause ?? thrown);
    if (status === 401) reply.header('www-authenticate', 'Basic realm="Hop3"');
    // A body that nobody reads would keep the connection busy for as long as a stranger likes.
    if (request.method !== 'GET') reply.header('connection', 'close');
    reply.code(status).type('text/plain; charset=utf-8').send(errorText(error));
  };
}
