import { lstat, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readConfig } from '../config/read.ts';
import { Hop3Error } from '../errors.ts';
import { readEjected } from '../nix/eject.ts';
import type { Tier } from '../nix/model.ts';
import { assess, UNKNOWN, type Assurance } from '../nix/tiers.ts';
import { CONFIG_PLACES } from '../source-files.ts';
import { makePlan } from './plan.ts';

/** One app of a tree of apps. */
export interface TierRow extends Assurance {
  /** Its directory, as it was reached from the one given. */
  readonly dir: string;
  /** `[metadata] id`, else the directory's name. */
  readonly app: string;
  readonly mode: 'template' | 'hand-crafted' | null;
  readonly template: string | null;
  /** Null for a hop3.nix by hand, of which only its author knows. */
  readonly tier: Tier | null;
  /** Why it could not be planned; then the rest is unknown. */
  readonly problem: Hop3Error | null;
}

/** Directories that hold no app of their own, and may hold very many files. */
const PASSED_OVER = new Set(['node_modules', 'vendor', 'result']);

/**
 * Every app below a directory, itself included, in the order of their paths: a directory with a hop3.toml (or where else it may
 * lie) or a hop3.nix. Plans and renders only: no server, no nix. Links are not followed.
 * @param host true where the package set is `host`
 * @throws what readdir throws for `dir` itself
 */
export async function listTiers(dir: string, host: boolean): Promise<TierRow[]> {
  const rows: TierRow[] = [];
  await visit(dir, false, async (found) => { rows.push(await judge(found, host)); });
  return rows;
}

/** @param claimed true for `src` of an app whose hop3.toml lies there */
async function visit(dir: string, claimed: boolean, take: (dir: string) => Promise<void>): Promise<void> {
  const entries = (await readdir(dir, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const places: string[] = [];
  for (const place of CONFIG_PLACES) if (await isFile(join(dir, place))) places.push(dirname(place).split('/')[0]!);
  const isApp = !claimed && (places.length > 0 || (await isFile(join(dir, 'hop3.nix'))));
  if (isApp) await take(dir);
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name.startsWith('.') || PASSED_OVER.has(entry.name)) continue;
    const inside = (isApp && places.includes(entry.name)) || (claimed && entry.name === 'hop3');
    await visit(join(dir, entry.name), inside, take).catch((error: NodeJS.ErrnoException) => {
      // What may not be read is no app of the reader's; anything else is a defect.
      if (error.code !== 'EACCES' && error.code !== 'ENOENT') throw error;
    });
  }
}

async function judge(dir: string, host: boolean): Promise<TierRow> {
  let app = basename(dir);
  try {
    const config = await readConfig(dir);
    app = config.metadata.id ?? app;
    const hop3Nix = await readFile(join(dir, 'hop3.nix'), 'utf8').catch(() => null);
    const plan = makePlan({ app, config, hop3Nix, names: await readdir(dir) });
    if (plan.kind === 'template') {
      return { dir, app, mode: plan.kind, template: plan.template, tier: plan.tier, ...assess(plan, config.nix?.keys ?? {}, host), problem: null };
    }
    const ejected = readEjected(hop3Nix!);
    return { dir, app, mode: plan.kind, template: null, tier: null, ...UNKNOWN, reasons: ejected ? [`ejected from ${ejected.template} on ${ejected.date}`] : [], problem: null };
  } catch (error) {
    if (!(error instanceof Hop3Error)) throw error;
    return { dir, app, mode: null, template: null, tier: null, ...UNKNOWN, problem: error };
  }
}

async function isFile(path: string): Promise<boolean> {
  return lstat(path).then((found) => found.isFile(), () => false);
}
