import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Hop3Error } from '../../errors.ts';
import type { PlanInfo, PlanRequest } from '../../server/api-types.ts';
import { PLANNED_FILES } from '../../source-files.ts';
import { searchApp } from '../app-name.ts';
import type { Handler } from '../command-context.ts';
import { fields } from '../output.ts';

/** More than any of them has in practice; the server has the same limit or a lower one. */
const LARGEST = 1024 * 1024;

export const planCommand: Handler = async (context, [given]) => {
  const dir = resolve(context.cwd, given ?? '.');
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    throw new Hop3Error('HOP3_USAGE', { what: `${dir} cannot be read: ${error.code}.`, next: 'Say the directory whose push is meant: hop3 plan <dir>' });
  });
  const request: PlanRequest = { files: await readFiles(dir), names: names.filter((name) => name !== '.git').sort() };
  const { found } = await searchApp(context.flags, context.env, dir);
  const client = await context.client();
  const plan = await client.send<PlanInfo>('POST', '/plan', found ? { app: found.app, ...request } : request);
  context.out.answer(plan, () => describe(plan));
};

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

function describe(plan: PlanInfo): string {
  const head = fields([
    ['mode', plan.mode === 'template' ? `template ${plan.template}` : 'hand-crafted hop3.nix'],
    ['tier', plan.tier === null ? null : String(plan.tier)],
    ['package set', plan.package_set],
    ...plan.notices.map((notice) => ['notice', notice] as const),
  ]);
  return plan.mode === 'template' ? `${head}\n\n${plan.expression}` : head;
}
