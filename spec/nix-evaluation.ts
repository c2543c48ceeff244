import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { nixEnv, nixTrace } from '../src/nix/nix-command.ts';
import { nixString } from '../src/nix/quote.ts';
import { INSTALL_DIR } from '../src/paths.ts';
import { run, type Command } from '../src/run.ts';

export const HOST_SET = join(INSTALL_DIR, 'nix-templates', 'host');

/**
 * A nixpkgs tree that rendered expressions are evaluated against, where NIXPKGS_TREE names one; else null, and the reason
 * is printed.
 */
export function nixpkgsTree(): string | null {
  const tree = process.env['NIXPKGS_TREE'] ?? '';
  if (tree === '') console.log('skipped: NIXPKGS_TREE names no nixpkgs tree, so nothing is evaluated against one');
  else if (!existsSync(join(tree, 'pkgs', 'top-level', 'impure.nix'))) throw new Error(`NIXPKGS_TREE=${tree} is no nixpkgs tree`);
  else return realpathSync(tree);
  return null;
}

/** The package set of a tree as a Nix expression, also with a Nix that the tree is too new for. */
export function treePackages(tree: string, settings = '{ }'): string {
  return `import ${join(INSTALL_DIR, 'spec', 'nixpkgs-eval.nix')} { tree = /. + ${nixString(tree).text}; settings = ${settings}; }`;
}

/** A directory as a push makes it: `source`, and what was rendered beside it. */
export class EvaluationPlace {
  readonly root = mkdtempSync(join(tmpdir(), 'hop3-evaluate-'));
  readonly sourceDir = join(this.root, 'checkout', 'source');

  constructor(files: Readonly<Record<string, string>> = {}) {
    mkdirSync(this.sourceDir, { recursive: true });
    mkdirSync(join(this.root, 'tool-home'));
    this.add(files);
  }

  /** Writes files of the pushed tree. */
  add(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.sourceDir, name)), { recursive: true });
      writeFileSync(join(this.sourceDir, name), text);
    }
  }

  /** Writes a rendered expression; gives its path. */
  write(expression: string, name = 'hop3.nix'): string {
    const file = join(this.root, 'checkout', name);
    writeFileSync(file, expression);
    return file;
  }

  end(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Instantiates `package` on the host set, exactly as the server evaluates: null when it works, else nix's error line. */
export async function whyNotOnHost(place: EvaluationPlace, expression: string): Promise<string | null> {
  const file = place.write(expression);
  const packageSet = { kind: 'host', path: HOST_SET, id: 'host', title: 'host' } as const;
  const request = { expression: file, sourceDir: place.sourceDir, packageSet, rootLink: join(place.root, 'result'), givePkgs: expression.includes('fetchTarball') };
  return errorOf(nixTrace(request, [], { root: place.root, buildTimeout: 60, buildSilence: 60, evalTimeout: 120, allowUnsandboxedBuilds: false }));
}

/** The same for a nixpkgs tree; `settings` is nixpkgs' own `config`, as Nix. */
export async function whyNotOnTree(place: EvaluationPlace, expression: string, tree: string, settings?: string): Promise<string | null> {
  const args = [place.write(expression), '-A', 'package', '--arg', 'pkgs', treePackages(tree, settings)];
  return errorOf({ file: 'nix-instantiate', args, limit: 180, env: nixEnv(join(place.root, 'tool-home')) });
}

async function errorOf(command: Command): Promise<string | null> {
  let error: string | null = null;
  const finished = await run(command, { onLine: (line) => { error ??= /^error: .*\S/.exec(line)?.[0] ?? null; } });
  if (finished.code === 0 && /^\/nix\/store\/\S+\.drv/m.test(finished.stdout)) return null;
  return error ?? (finished.timedOut ? `took more than ${command.limit} s` : finished.tail.join('\n'));
}
