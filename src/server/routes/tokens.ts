import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { Hop3Error } from '../../errors.ts';
import { parseAppName, printable, type AppName } from '../../names.ts';
import { didYouMean } from '../../nearest.ts';
import type { TokenRow } from '../../store/tokens.ts';
import type { NewTokenInfo, TokenInfo } from '../api-types.ts';
import { tokenInfo } from '../api-views.ts';
import { createToken } from '../auth.ts';
import type { ServerContext } from '../context.ts';

const NewToken = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 60, pattern: '^[^\\x00-\\x1f\\x7f-\\x9f]*$' }),
    /** One of app and admin; a token that may do everything must be asked for in so many words. */
    app: Type.Optional(Type.String()),
    admin: Type.Optional(Type.Boolean()),
    /** Seconds from now. */
    expires_in: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 * 365 * 86_400 })),
  },
  { additionalProperties: false },
);
const OneToken = Type.Object({ id: Type.String() });

/** Making, listing and revoking tokens is for administrators: a token for one app cannot make another one. */
export function tokenRoutes(context: ServerContext): FastifyPluginCallbackTypebox {
  const { tokens } = context.store;
  return (api, _options, done) => {
    api.get('/tokens', { config: { access: 'admin' } }, (): { tokens: TokenInfo[] } => ({ tokens: tokens.list().map(tokenInfo) }));

    api.post('/tokens', { config: { access: 'admin' }, schema: { body: NewToken } }, (request, reply): NewTokenInfo => {
      const { name, app, admin, expires_in } = request.body;
      const scope = scopeOf(context, app, admin === true);
      const expiresAt = expires_in === undefined ? null : Date.now() + expires_in * 1000;
      const made = createToken(context.store, { name, app: scope, expiresAt });
      reply.code(201);
      return { ...tokenInfo(tokens.find(made.id)!), token: made.text };
    });

    api.delete('/tokens/:id', { config: { access: 'admin' }, schema: { params: OneToken } }, (request) => {
      const { id } = request.params;
      const found = tokens.find(id) ?? byName(tokens.list(), id);
      if (found && tokens.revoke(found.id)) return { revoked: found.id };
      const valid = tokens.list().filter((token) => token.revokedAt === null);
      throw new Hop3Error('HOP3_NO_TOKEN', {
        what: found ? `The token ${found.id} was revoked before.` : `There is no token "${printable(id)}".${didYouMean(id, valid.flatMap((token) => [token.id, token.name]))}`,
        next: 'List them with `hop3 token list`.',
      });
    });
    done();
  };
}

/** A name stands for its token as long as only one valid token has it. */
function byName(rows: readonly TokenRow[], name: string): TokenRow | undefined {
  const named = rows.filter((row) => row.name === name && row.revokedAt === null);
  if (named.length < 2) return named[0];
  throw new Hop3Error('HOP3_USAGE', {
    what: `${named.length} tokens are named "${printable(name)}": ${named.map((row) => row.id).join(', ')}.`,
    next: 'Say which one by its id.',
  });
}

function scopeOf(context: ServerContext, app: string | undefined, admin: boolean): AppName | null {
  if ((app === undefined) !== admin) {
    throw new Hop3Error('HOP3_USAGE', {
      what: 'A token is either for one app or for an administrator.',
      next: 'Say app: "<name>", or admin: true (hop3 token create --app <name>, or --admin).',
    });
  }
  if (app === undefined) return null;
  const name = parseAppName(app);
  if (context.store.apps.get(name)) return name;
  throw new Hop3Error('HOP3_NO_APP', {
    what: `There is no app "${name}".${didYouMean(name, context.store.apps.list().map((row) => row.name))}`,
    next: `Make it first: hop3 app create --app ${name}`,
  });
}
