import { relative, resolve } from 'node:path';
import { Hop3Error } from '../../errors.ts';
import { listTiers, type TierRow } from '../../pipeline/tiers.ts';
import type { Handler } from '../command-context.ts';
import { table } from '../output.ts';

/** Every app below the directories, judged here: no server is asked. Ends like the first app that cannot be planned. */
export const tiers: Handler = async (context, dirs) => {
  const host = context.env['HOP3_NIXPKGS'] === 'host';
  const rows = new Map<string, TierRow>();
  for (const given of dirs.length === 0 ? ['.'] : dirs) {
    const dir = resolve(context.cwd, given);
    const found = await listTiers(dir, host).catch((error: NodeJS.ErrnoException) => {
      throw new Hop3Error('HOP3_USAGE', { what: `${dir} cannot be read: ${error.code ?? error.message}.`, next: 'Say directories that hold apps: hop3 nix tiers <dir>' });
    });
    for (const row of found) rows.set(row.dir, row);
  }
  const all = [...rows.values()];
  const where = (row: TierRow): string => {
    const path = relative(context.cwd, row.dir) || '.';
    return path.startsWith('..') ? row.dir : path;
  };
  context.out.answer({ apps: all.map((row) => asJson(row, where(row))) }, () => table(
    ['app', 'template', 'tier', 'reproducible', 'auditable', 'architectures', 'directory'],
    all.map((row) => [
      row.app, row.problem ? '(cannot be planned)' : row.template ?? 'hop3.nix', row.tier === null ? '-' : String(row.tier),
      yesNo(row.reproducible), yesNo(row.auditable), row.architectures?.join(', ') ?? '-', where(row),
    ]),
  ));
  for (const row of all) {
    if (row.problem) context.out.note(`${where(row)}: ${row.problem.what} [${row.problem.code}]`);
    else if (row.reasons.length > 0 && row.reproducible !== true) context.out.note(`${where(row)}: ${row.reasons.join('; ')}`);
  }
  if (all.length === 0) context.out.note('No hop3.toml and no hop3.nix there or below.');
  else if (!host) context.out.note('Reproducible: with a pinned nixpkgs. With HOP3_NIXPKGS=host no build is.');
  return all.find((row) => row.problem)?.problem?.exitCode ?? 0;
};

function asJson(row: TierRow, directory: string): object {
  const { app, mode, template, tier, reproducible, auditable, architectures, reasons, problem } = row;
  return {
    app, directory, mode, template, tier, reproducible, auditable, architectures, reasons,
    problem: problem && { code: problem.code, what: problem.what },
  };
}

function yesNo(value: boolean | null): string {
  return value === null ? '-' : value ? 'yes' : 'no';
}
