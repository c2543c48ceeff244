import { Hop3Error } from '../errors.ts';

export interface GitRemote {
  /** `http://host:port`, without user and path. */
  readonly server: string;
  readonly token: string | null;
  readonly app: string | null;
}

/** The git remote named hop3 of the repository around `dir`; null without one, or without git. */
export async function readGitRemote(dir: string): Promise<GitRemote | null> {
  // Loaded here: most commands find what they need before they ask git.
  const { runOk } = await import('../run.ts');
  const command = {
    file: 'git', args: ['remote', 'get-url', 'hop3'], limit: 10, cwd: dir,
    // The person's own git configuration counts here (insteadOf, safe.directory).
    env: { HOME: process.env['HOME'] ?? '/nonexistent' },
  };
  try {
    return parseRemote((await runOk(command)).trim());
  } catch (error) {
    if (error instanceof Hop3Error) return null;
    throw error;
  }
}

/** `http://hop3:<token>@host:7000/shop.git` in its parts; null for what is no HTTP address. */
export function parseRemote(text: string): GitRemote | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  const app = /^\/([^/]+?)(?:\.git)?\/?$/.exec(url.pathname)?.[1] ?? null;
  return { server: url.origin, token: url.password === '' ? null : decodeURIComponent(url.password), app };
}
