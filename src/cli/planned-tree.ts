import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Hop3Error } from '../errors.ts';
import type { PlanInfo, PlanRequest } from '../server/api-types.ts';
import { PLANNED_FILES } from '../source-files.ts';
import { searchApp } from './app-name.ts';
import type { CommandContext } from './command-context.ts';

/** More than any of them has in practice; the server has the same limit or a lower one. */
const LARGEST = 1024 * 1024;

export interface PlannedTree {
  /** Absolute. */
  readonly dir: string;
  readonly plan: PlanInfo;
  /** Null when nothing says which app the directory is for; names in the expression then follow "app". */
  readonly app: string | null;
}

/**
 * Asks the server what a push of a directory would build, by default of this one. Changes nothing.
 * @param command for the message when the directory cannot be read: "plan"
 * @throws Hop3Error HOP3_USAGE, HOP3_UNREACHABLE; ServerError with what planning says
 */
export async function planTree(context: CommandContext, command: string, given: string | undefined, eject = false): Promise<PlannedTree> {
  const dir = resolve(context.cwd, given ?? '.');
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    throw new Hop3Error('HOP3_USAGE', { what: `${dir} cannot be read: ${error.code}.`, next: `Say the directory whose push is meant: hop3 ${command} <dir>` });
  });
  const request: PlanRequest = { files: await readFiles(dir), names: names.filter((name) => name !== '.git').sort(), ...(eject ? { eject } : {}) };
  const { found } = await searchApp(context.flags, context.env, dir);
  const client = await context.client();
  const plan = await client.send<PlanInfo>('POST', '/plan', found ? { app: found.app, ...request } : request);
  return { dir, plan, app: found?.app ?? null };
}

async function readFiles(dir: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const path of PLANNED_FILES) {
    const file = join(dir, path);
    const found = await stat(file).catch(() => null);
    if (!found?.isFile()) continue;
    if (found.size > LARGEST) throw new Hop3Error('HOP3_USAGE', { what: `${file} has ${found.size} bytes; ${LARGEST} is the most for such a file.` });
    files[path] = await readFile(file, 'utf8');
  }
  return files;
}

/** "1 (packaged by nixpkgs)", or null for a hop3.nix by hand. */
export function tierWords(plan: PlanInfo): string | null {
  return plan.tier === null ? null : `${plan.tier} (${plan.tier_text})`;
}
