import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Hop3Error } from '../errors.ts';
import { parseAppName, type AppName } from '../names.ts';
import type { GlobalFlags } from './flags.ts';
import { readGitRemote } from './git-remote.ts';

/** An app and where its name was found. */
export interface FoundApp {
  readonly app: AppName;
  readonly from: string;
}

export interface Search {
  readonly found: FoundApp | null;
  /** Every place in order, with what was there. */
  readonly steps: readonly string[];
}

/**
 * Which app a command is about: `--app`, HOP3_APP, a file .hop3-app upward, hop3.toml ([cli] app, then [metadata] id),
 * the git remote hop3. The first that says something counts; a bad name there is an error, not a reason to look on.
 */
export async function searchApp(flags: GlobalFlags, env: NodeJS.ProcessEnv, cwd: string): Promise<Search> {
  const steps: string[] = [];
  for (const [place, look] of places(flags, env, cwd)) {
    const name = await look();
    steps.push(`${place}: ${name === null ? 'nothing' : name.value}${name?.where ? ` (${name.where})` : ''}`);
    if (name !== null) return { found: { app: parseAppName(name.value), from: name.where ?? place }, steps };
  }
  return { found: null, steps };
}

/** @throws Hop3Error HOP3_NO_APP_GIVEN that lists the ways to say it */
export async function findApp(flags: GlobalFlags, env: NodeJS.ProcessEnv, cwd: string): Promise<FoundApp> {
  const { found } = await searchApp(flags, env, cwd);
  if (found) return found;
  throw new Hop3Error('HOP3_NO_APP_GIVEN', {
    what: 'Which app? Nothing here says.',
    why: 'Looked at --app, HOP3_APP, .hop3-app, hop3.toml and the git remote "hop3" (add --why to see each).',
    next: 'Say --app <name>. `hop3 apps` lists them.',
  });
}

interface Named {
  readonly value: string;
  readonly where?: string;
}

function places(flags: GlobalFlags, env: NodeJS.ProcessEnv, cwd: string): [string, () => Promise<Named | null>][] {
  return [
    ['--app', async () => (flags.app === undefined ? null : { value: flags.app })],
    ['HOP3_APP', async () => (env['HOP3_APP'] ? { value: env['HOP3_APP'] } : null)],
    ['.hop3-app', () => upward(cwd, '.hop3-app', (text) => text.trim() || null)],
    ['hop3.toml [cli] app', () => fromToml(cwd, 'cli', 'app')],
    ['hop3.toml [metadata] id', () => fromToml(cwd, 'metadata', 'id')],
    ['git remote hop3', async () => {
      const app = (await readGitRemote(cwd))?.app;
      return app ? { value: app } : null;
    }],
  ];
}

async function fromToml(cwd: string, table: string, key: string): Promise<Named | null> {
  // The default export is there in either form: as a package, and as a file of the bundle.
  const { default: toml } = await import('toml');
  return upward(cwd, 'hop3.toml', (text) => {
    try {
      const value = (toml.parse(text) as Record<string, Record<string, unknown> | undefined>)[table]?.[key];
      return typeof value === 'string' ? value : null;
    } catch {
      // A broken hop3.toml is told by the push and by `hop3 plan`; here it only has no name to give.
      return null;
    }
  });
}

/** The nearest file of that name in `dir` or above. */
async function upward(dir: string, name: string, read: (text: string) => string | null): Promise<Named | null> {
  const file = join(dir, name);
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text !== null) {
    const value = read(text);
    return value === null ? null : { value, where: file };
  }
  const above = dirname(dir);
  return above === dir ? null : upward(above, name, read);
}
