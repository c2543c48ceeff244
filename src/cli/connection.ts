import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Hop3Error } from '../errors.ts';
import { Client } from './client.ts';
import type { GlobalFlags } from './flags.ts';
import { readGitRemote } from './git-remote.ts';
import { loginFile, readLogin } from './saved-login.ts';

/** Which server, which token, and where each was found. */
export interface Connection {
  readonly server: string;
  readonly serverFrom: string;
  readonly token: string | null;
  readonly tokenFrom: string;
}

/**
 * Finds the server and a token for it. A token is used only with the server it was given for: a saved one with its
 * server, the admin token's file with a server on this machine, a git remote's with the remote's host. HOP3_API_TOKEN
 * goes wherever the person points.
 */
export async function findConnection(flags: GlobalFlags, env: NodeJS.ProcessEnv, cwd: string): Promise<Connection> {
  const saved = await readLogin(loginFile(env));
  const admin = await readAdminToken(env);
  const local = localServer(env);
  const remote = flags.server || env['HOP3_SERVER'] ? null : saved.server || admin ? null : await readGitRemote(cwd);
  const [server, serverFrom] =
    flags.server ? [origin(flags.server, '--server'), '--server']
    : env['HOP3_SERVER'] ? [origin(env['HOP3_SERVER'], 'HOP3_SERVER'), 'HOP3_SERVER']
    : saved.server ? [saved.server, loginFile(env)]
    : admin ? [local, env['HOP3_LISTEN'] ? 'HOP3_LISTEN' : 'the default']
    : remote ? [remote.server, 'the git remote hop3']
    : [local, env['HOP3_LISTEN'] ? 'HOP3_LISTEN' : 'the default'];
  const [token, tokenFrom] = await findToken(server, { env, cwd, saved: saved.tokens, admin });
  return { server, serverFrom, token, tokenFrom };
}

interface TokenSources {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly saved: Readonly<Record<string, string>>;
  readonly admin: { readonly file: string; readonly token: string } | null;
}

async function findToken(server: string, { env, cwd, saved, admin }: TokenSources): Promise<[string | null, string]> {
  if (env['HOP3_API_TOKEN']) return [env['HOP3_API_TOKEN'], 'HOP3_API_TOKEN'];
  if (Object.hasOwn(saved, server)) return [saved[server]!, loginFile(env)];
  if (admin && isLocal(server)) return [admin.token, admin.file];
  const remote = await readGitRemote(cwd);
  if (remote?.token && remote.server === server) return [remote.token, 'the git remote hop3'];
  return [null, 'nowhere'];
}

/** A client with a token. @throws Hop3Error HOP3_NO_CREDENTIALS that lists where one was looked for */
export function clientFor(connection: Connection, signal: AbortSignal): Client {
  if (connection.token === null) {
    throw new Hop3Error('HOP3_NO_CREDENTIALS', {
      what: `There is no token for ${connection.server}.`,
      why: 'Looked at HOP3_API_TOKEN, the saved login, the admin token file of this machine, and the git remote "hop3".',
      next: `Set HOP3_API_TOKEN, or run: hop3 login --server ${connection.server}`,
    });
  }
  return new Client({ server: connection.server, token: connection.token, signal });
}

async function readAdminToken(env: NodeJS.ProcessEnv): Promise<{ file: string; token: string } | null> {
  const file = env['HOP3_ADMIN_TOKEN_FILE'] || join(env['HOP3_ROOT'] || '/var/lib/hop3', 'admin.token');
  const text = await readFile(file, 'utf8').catch(() => null);
  const token = text?.trim();
  return token ? { file, token } : null;
}

function localServer(env: NodeJS.ProcessEnv): string {
  const listen = env['HOP3_LISTEN'] || '127.0.0.1:7000';
  return `${env['HOP3_TLS_CERT'] ? 'https' : 'http'}://${listen.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:')}`;
}

function isLocal(server: string): boolean {
  const { hostname } = new URL(server);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
}

function origin(text: string, from: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new Hop3Error('HOP3_USAGE', { what: `${from} is "${text}", which is no address.`, next: 'It looks like http://127.0.0.1:7000 or https://hop3.example.org.' });
  }
  return url.origin;
}
