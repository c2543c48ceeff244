import { finished, Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { asHop3Error, type Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import { API_PREFIX } from './api-types.ts';
import { auditActionOf } from './audit-actions.ts';
import type { AuditEntry } from './audit.ts';
import { addressOf } from './client-address.ts';
import type { ServerContext } from './context.ts';

/** Characters of an app's name; what is longer is none. */
const LONGEST_APP = 40;

declare module 'fastify' {
  interface FastifyRequest {
    /** What the audit log has of this request, once its token and body are found right. */
    audit: AuditEntry | undefined;
    /** True when whoever serves the request ends its entry: the answer begins before the action has ended. */
    auditHeld: boolean | undefined;
    /** What the request was refused with. */
    failure: Hop3Error | undefined;
  }
}

/** Every request of the scope that changes something leaves its entry; so does every one that its token does not allow. */
export function audited(scope: FastifyInstance, context: ServerContext): void {
  scope.addHook('preHandler', async (request) => {
    if (!request.is404) begin(context, request);
  });
  scope.addHook('onSend', async (request, reply, payload) => {
    if (request.is404) return payload;
    if (reply.statusCode === 401 || reply.statusCode === 403) tellRefusal(context, request);
    else settle(context, request, reply.statusCode, payload);
    return payload;
  });
}

/** The entry that whoever serves the request must end. */
export function holdAudit(request: FastifyRequest): AuditEntry | undefined {
  request.auditHeld = true;
  return request.audit;
}

/** A token that was shown and not accepted, or does not cover what was asked for. A request without one is how git always begins. */
export function tellRefusal(context: ServerContext, request: FastifyRequest, action = actionName(request)): void {
  const { headers, principal } = request;
  if (principal === undefined && (headers.authorization ?? '').trim() === '') return;
  const shown = principal ? { by: principal.name, token: principal.tokenId } : context.auth.claimed(headers.authorization);
  context.audit.refused(shown, { action, app: appIn(request), names: [], address: addressOf(request) }, request.failure?.code ?? 'HOP3_FORBIDDEN');
}

function begin(context: ServerContext, request: FastifyRequest): void {
  const about = auditActionOf(request.method, routeOf(request));
  if (about) request.audit = context.audit.begin(request.principal, { action: about.action, app: appIn(request), names: about.names(request), address: addressOf(request) });
}

function settle(context: ServerContext, request: FastifyRequest, status: number, payload: unknown): void {
  if (request.auditHeld) return;
  if (status >= 400) {
    // Refused before its body was found right: no names are taken from such a body.
    if (!request.audit) beginUnread(context, request);
    if (request.failure) request.audit?.fail(request.failure);
    else request.audit?.end('failed', String(status));
    return;
  }
  const { audit } = request;
  if (!audit) return;
  if (payload instanceof Readable) finished(payload, (error) => endStream(audit, error));
  else audit.end('done');
}

function endStream(audit: AuditEntry, error: NodeJS.ErrnoException | null | undefined): void {
  if (!error) audit.end('done');
  else if (error.code === 'ERR_STREAM_PREMATURE_CLOSE') audit.end('cancelled');
  else audit.fail(asHop3Error(error));
}

function beginUnread(context: ServerContext, request: FastifyRequest): void {
  const about = auditActionOf(request.method, routeOf(request));
  if (!about || request.principal === undefined) return;
  try {
    request.audit = context.audit.begin(request.principal, { action: about.action, app: appIn(request), names: [], address: addressOf(request) });
  } catch (error) {
    context.reportDefect('the audit log', error);
  }
}

function actionName(request: FastifyRequest): string {
  return auditActionOf(request.method, routeOf(request))?.action ?? `${request.method} ${routeOf(request)}`;
}

function routeOf(request: FastifyRequest): string {
  const url = request.routeOptions.url ?? '';
  return url.startsWith(API_PREFIX) ? url.slice(API_PREFIX.length) : url;
}

/** The app in the path, or the one that is to be made; as it was written. */
function appIn(request: FastifyRequest): string | null {
  const { app } = (request.params ?? {}) as { app?: string };
  if (app !== undefined) return printable(app).slice(0, LONGEST_APP);
  const body = request.body as { name?: unknown; app?: unknown } | null | undefined;
  const named = request.method !== 'POST' ? undefined : routeOf(request) === '/apps' ? body?.name : routeOf(request) === '/tokens' ? body?.app : undefined;
  return typeof named === 'string' ? printable(named).slice(0, LONGEST_APP) : null;
}
