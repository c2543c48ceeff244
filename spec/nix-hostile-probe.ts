import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { nixEnv } from '../src/nix/nix-command.ts';
import { INSTALL_DIR } from '../src/paths.ts';
import type { EvaluationPlace } from './nix-evaluation.ts';

/** In every planted text: tells a text of ours from all others. */
export const MARK = 'Q7x';

/** A text that holds a mark, and the attribute it came from. */
export interface Marked {
  readonly name: string;
  readonly text: string;
}

/**
 * Evaluates rendered expressions, all by one Nix, and gives for each the texts with a mark in them that its derivations are
 * made of: scripts, names, arguments, addresses. Nothing is built.
 * @param packages the package set as Nix
 */
export function markedTexts(place: EvaluationPlace, packages: string, expressions: readonly string[]): Marked[][] {
  const files = expressions.map((expression, index) => place.write(probed(expression), `app-${index}.nix`));
  const probe = join(INSTALL_DIR, 'spec', 'nix-hostile-probe.nix');
  return nixValue(place, `import ${probe} { pkgs = ${packages}; mark = "${MARK}"; files = [ ${files.join(' ')} ]; }`) as Marked[][];
}

/** What a Nix expression is worth, as JSON. */
export function nixValue(place: EvaluationPlace, expression: string): unknown {
  const file = place.write(expression, 'asked.nix');
  const ask = (...mode: string[]) => spawnSync('nix-instantiate', ['--eval', '--strict', '--json', ...mode, file], {
    encoding: 'utf8', maxBuffer: 1 << 29, env: { ...process.env, ...nixEnv() },
  });
  const first = ask();
  // An expression that reads a file of the tree reads it from the store, so there it must be.
  const { status, stdout, stderr } = first.status !== 0 && first.stderr.includes('is not valid') ? ask('--read-write-mode') : first;
  if (status !== 0) throw new Error(stderr.slice(0, 4000));
  return JSON.parse(stdout);
}

/** The expression with everything that it binds for itself beside `package`. */
function probed(expression: string): string {
  const names = [...expression.matchAll(/^ {2}(hop3_[a-z_]+) =/gm)].map((match) => match[1]);
  const body = '\nin\n{\n';
  const at = expression.lastIndexOf(body);
  if (at < 0) throw new Error(`not an expression of a template:\n${expression.slice(0, 1000)}`);
  return `${expression.slice(0, at)}${body}  hop3_probe = { inherit ${names.join(' ')}; };\n${expression.slice(at + body.length)}`;
}
