import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Hop3Error } from '../errors.ts';
import { parseAppName, type AppName } from '../names.ts';
import { didYouMean } from '../nearest.ts';
import type { AppRow } from '../store/apps.ts';
import { isAdmin, mayUse, type Principal } from './auth.ts';
import { addressOf } from './client-address.ts';
import type { ServerContext } from './context.ts';

/** Who may use a route: any valid token, a token that covers the app in the path, or an administrator's. */
export type Access = 'token' | 'app' | 'admin';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    principal: Principal;
  }
}

/**
 * Puts every route of the scope behind a token, before its body is read. A route that does not say who may use it is
 * refused when the server starts, so none can be left open by forgetting.
 */
export function guard(scope: FastifyInstance, context: ServerContext): void {
  scope.addHook('onRoute', (route) => {
    if (!route.config?.access) throw new TypeError(`${String(route.method)} ${route.url} does not say who may use it (config.access)`);
  });
  scope.addHook('onRequest', async (request) => {
    request.principal = await context.auth.authenticate(request.headers.authorization, addressOf(request));
    const access = request.routeOptions.config.access;
    if (access === 'admin') requireAdmin(request);
    if (access === 'app') requireApp(request);
  });
}

function requireAdmin(request: FastifyRequest): void {
  if (isAdmin(request.principal)) return;
  throw new Hop3Error('HOP3_FORBIDDEN', {
    what: `${request.method} ${request.routeOptions.url ?? ''} is for administrators; this token is for the app ${request.principal.app} alone.`,
    next: 'Use the admin token (its file stands in `hop3 server info` on the server), or ask who has it.',
  });
}

function requireApp(request: FastifyRequest): void {
  const app = appOf(request);
  if (mayUse(request.principal, app)) return;
  throw new Hop3Error('HOP3_FORBIDDEN', {
    what: `This token is for the app ${request.principal.app}, not for ${app}.`,
    next: `Say --app ${request.principal.app}, or use a token for ${app}.`,
  });
}

/** The app in the path, checked as a name only. */
export function appOf(request: FastifyRequest): AppName {
  return parseAppName((request.params as { app: string }).app);
}

/**
 * The app in the path.
 * @throws Hop3Error HOP3_NO_APP with the nearest name among those the caller may see
 */
export function existingApp(context: ServerContext, request: FastifyRequest): AppRow {
  const name = appOf(request);
  const row = context.store.apps.get(name);
  if (row) return row;
  const seen = visibleApps(context, request.principal).map((app) => app.name);
  throw new Hop3Error('HOP3_NO_APP', {
    what: `There is no app "${name}".${didYouMean(name, seen)}`,
    next: 'List what there is with `hop3 apps`, or make it with `hop3 app create` or a first push.',
  });
}

export function visibleApps(context: ServerContext, principal: Principal): AppRow[] {
  return context.store.apps.list().filter((app) => mayUse(principal, app.name));
}
