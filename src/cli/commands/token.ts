import { hostname, userInfo } from 'node:os';
import { Hop3Error } from '../../errors.ts';
import type { NewTokenInfo, TokenInfo } from '../../server/api-types.ts';
import type { Handler } from '../command-context.ts';
import { table } from '../output.ts';
import { parseSpan, stamp, when } from '../time.ts';

export const createToken: Handler = async (context, _args, options) => {
  const admin = options['admin'] === true;
  if (admin && context.flags.app !== undefined) throw usage('--app and --admin exclude each other: a token is for one app, or for everything.');
  const expires = typeof options['expires'] === 'string' ? parseSpan(options['expires']) : undefined;
  if (expires === null) throw usage(`--expires ${String(options['expires'])} is no span. Write 12h, 30d or 8w.`);
  // An administrator's token must be asked for; a directory may well say which app is meant.
  const app = admin ? undefined : await context.app();
  const client = await context.client();
  const token = await client.send<NewTokenInfo>('POST', '/tokens', {
    name: options['name'] ?? `${userInfo().username}@${hostname()}`.slice(0, 60),
    ...(admin ? { admin: true } : { app }),
    ...(expires === undefined ? {} : { expires_in: expires }),
  });
  context.out.answer(token, () => token.token);
  context.out.note(`The token ${token.id} (${token.name}) ${token.app === null ? 'may do everything' : `is for ${token.app} alone`}${token.expires_at ? ` until ${stamp(token.expires_at)}` : ''}. Its text is not shown again.`);
  if (token.app !== null) context.out.note(`  git remote add hop3 ${client.server.replace('://', `://hop3:<token>@`)}/${token.app}.git`);
};

export const listTokens: Handler = async (context) => {
  const client = await context.client();
  const { tokens } = await client.get<{ tokens: TokenInfo[] }>('/tokens');
  context.out.answer({ tokens }, () => table(['id', 'name', 'for', 'made', 'last used', 'ends'], tokens.map((token) => [
    token.id, token.name, token.app ?? 'everything (admin)', when(token.created_at),
    token.last_used_at ? when(token.last_used_at) : 'never', state(token),
  ])));
};

function state(token: TokenInfo): string {
  if (token.revoked_at) return `revoked ${when(token.revoked_at)}`;
  if (!token.expires_at) return 'never';
  return Date.parse(token.expires_at) <= Date.now() ? `expired ${when(token.expires_at)}` : when(token.expires_at);
}

export const revokeToken: Handler = async (context, [id]) => {
  const client = await context.client();
  const answer = await client.send<{ revoked: string }>('DELETE', `/tokens/${encodeURIComponent(id!)}`);
  context.out.answer(answer, () => '');
  context.out.note(`Revoked ${answer.revoked}: it opens nothing from now on.`);
};

function usage(what: string): Hop3Error {
  return new Hop3Error('HOP3_USAGE', { what });
}
