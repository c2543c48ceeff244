import { readdir, readFile, lstat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AppConfig } from '../config/model.ts';
import { Hop3Error } from '../errors.ts';
import { tierText } from '../nix/tiers.ts';
import type { FixedOutput } from '../nix/model.ts';
import type { Job } from './job.ts';
import type { Source } from './model.ts';
import { makePlan, refuseSystem } from './plan.ts';

/** An expression in a file, ready for nix. */
export interface Rendered {
  readonly expressionFile: string;
  readonly expression: string;
  /** What a template's expression fetches under a hash of hop3.toml; missing for a hop3.nix. */
  readonly hashes?: readonly FixedOutput[];
}

/** More than any expression by hand or by template; a larger file is a mistake (a committed archive under that name). */
const LARGEST_EXPRESSION = 1024 * 1024;

/**
 * Plans the tree and puts the expression where nix reads it: hop3.nix where it lies, a rendered one beside the source,
 * so that the source's own bytes (and with them its store path) stay the tree's.
 */
export async function renderPlan(job: Job, source: Source, config: AppConfig): Promise<Rendered> {
  const hop3Nix = await readHop3Nix(source);
  const plan = makePlan({ app: job.app, config, hop3Nix, names: (await readdir(source.dir)).sort(), unsandboxed: job.settings.allowUnsandboxedBuilds });
  if (plan.kind === 'hand-crafted') {
    job.log.phase('Hand-crafted mode: hop3.nix');
    for (const notice of plan.notices) job.log.line(notice);
    return { expressionFile: join(source.dir, plan.expressionFile), expression: hop3Nix! };
  }
  refuseSystem(plan);
  job.log.phase(`Template mode: ${plan.template} (${tierText(plan.tier)})`);
  for (const notice of plan.notices) job.log.line(notice);
  const expressionFile = join(dirname(source.dir), 'hop3.nix');
  await writeFile(expressionFile, plan.expression);
  return { expressionFile, expression: plan.expression, hashes: plan.hashes };
}

async function readHop3Nix(source: Source): Promise<string | null> {
  const file = join(source.dir, 'hop3.nix');
  const stat = await lstat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (!stat) return null;
  if (!stat.isFile() || stat.size > LARGEST_EXPRESSION) {
    throw new Hop3Error('HOP3_EXPRESSION_FILE', {
      what: stat.isFile() ? `hop3.nix has ${stat.size} bytes; ${LARGEST_EXPRESSION} is the most.` : 'hop3.nix is not a regular file.',
      next: 'Commit hop3.nix itself, as a text file.',
    });
  }
  return readFile(file, 'utf8');
}
