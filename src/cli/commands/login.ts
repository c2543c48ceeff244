import { Hop3Error } from '../../errors.ts';
import type { ServerInfo } from '../../server/api-types.ts';
import { askHidden, readStdin } from '../ask.ts';
import { Client } from '../client.ts';
import type { CommandContext, Handler } from '../command-context.ts';
import { loginFile, readLogin, writeLogin } from '../saved-login.ts';

export const login: Handler = async (context) => {
  const { server } = await context.connection();
  const token = await readToken(context, server);
  const client = new Client({ server, token, signal: context.signal });
  const info = await client.get<ServerInfo>('/server');
  const file = loginFile(context.env);
  const saved = await readLogin(file);
  await writeLogin(file, { server, tokens: { ...saved.tokens, [server]: token } });
  context.out.answer({ server, version: info.version, file }, () => '');
  context.out.note(`Logged in to ${server} (Hop3 ${info.version}); the token is kept in ${file}, readable by you alone.`);
  const { protocol, hostname } = new URL(server);
  if (protocol === 'http:' && !/^(localhost|127\..*|\[::1\])$/.test(hostname)) {
    context.out.note('Note: this server is reached over plain HTTP; whoever can listen in on the way can read the token.');
  }
};

export const logout: Handler = async (context) => {
  const file = loginFile(context.env);
  const saved = await readLogin(file);
  const { server } = await context.connection();
  const tokens = Object.fromEntries(Object.entries(saved.tokens).filter(([known]) => known !== server));
  const had = Object.hasOwn(saved.tokens, server);
  if (had) await writeLogin(file, { server: saved.server === server ? null : saved.server, tokens });
  context.out.answer({ server, logged_out: had }, () => '');
  context.out.note(had ? `Forgot the token for ${server}. It stays valid; \`hop3 token revoke\` ends one.` : `There was no saved token for ${server}.`);
};

async function readToken(context: CommandContext, server: string): Promise<string> {
  const text = context.canAsk ? await askHidden(`Token for ${server}: `, context.signal) : (await readStdin(4096)).toString('utf8');
  const token = text.trim();
  if (/^[\x21-\x7e]{8,500}$/.test(token)) return token;
  throw new Hop3Error('HOP3_USAGE', { what: 'That is no token.', next: 'Give its text on standard input: hop3 login < file' });
}
