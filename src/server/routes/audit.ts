import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { Hop3Error } from '../../errors.ts';
import { parseAppName, type AppName } from '../../names.ts';
import type { AuditInfo } from '../api-types.ts';
import { auditInfo } from '../api-views.ts';
import { isAdmin, mayUse, type Principal } from '../auth.ts';
import type { ServerContext } from '../context.ts';

const Query = Type.Object(
  { app: Type.Optional(Type.String()), before: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })), limit: Type.Integer({ minimum: 1, maximum: 1000, default: 50 }) },
  { additionalProperties: false },
);

/** The audit log: all of it for administrators; for an app's token what was done to its app, since that app was made. */
export function auditRoutes(context: ServerContext): FastifyPluginCallbackTypebox {
  const { store } = context;
  return (api, _options, done) => {
    api.get('/audit', { config: { access: 'token' }, schema: { querystring: Query } }, (request): { entries: AuditInfo[] } => {
      const { app, before, limit } = request.query;
      const wanted = visibleApp(request.principal, app === undefined ? null : parseAppName(app));
      // An earlier app of that name was somebody else's.
      const since = isAdmin(request.principal) || wanted === null ? undefined : store.apps.get(wanted)?.createdAt;
      return { entries: store.audit.list({ app: wanted ?? undefined, before, since, limit }).map(auditInfo) };
    });
    done();
  };
}

/** Null: all of them. */
function visibleApp(principal: Principal, wanted: AppName | null): AppName | null {
  if (wanted === null || mayUse(principal, wanted)) return wanted ?? principal.app;
  throw new Hop3Error('HOP3_FORBIDDEN', {
    what: `This token is for the app ${principal.app}, not for ${wanted}.`,
    next: `Say --app ${principal.app}, or use a token for ${wanted}.`,
  });
}
