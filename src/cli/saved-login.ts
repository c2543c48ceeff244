import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Hop3Error } from '../errors.ts';

/** What `hop3 login` keeps: the server used last, and a token for each server. */
export interface SavedLogin {
  readonly server: string | null;
  readonly tokens: Readonly<Record<string, string>>;
}

export function loginFile(env: NodeJS.ProcessEnv): string {
  const base = env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? '/nonexistent', '.config');
  return join(base, 'hop3', 'config.json');
}

/** @throws Hop3Error HOP3_USAGE for a file that is no such JSON */
export async function readLogin(file: string): Promise<SavedLogin> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return { server: null, tokens: {} };
  try {
    const value = JSON.parse(text) as { server?: unknown; tokens?: unknown };
    const tokens = Object.entries(value.tokens ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return { server: typeof value.server === 'string' ? value.server : null, tokens: Object.fromEntries(tokens) };
  } catch {
    throw new Hop3Error('HOP3_USAGE', { what: `${file} is not readable as JSON.`, next: 'Delete it and log in again: hop3 login' });
  }
}

export async function writeLogin(file: string, login: SavedLogin): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${process.pid}.new`;
  await writeFile(fresh, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 });
  await rename(fresh, file);
}
