// limit: 300
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nixEnv } from '../../src/nix/nix-command.ts';
import { nixFailure } from '../../src/nix/nix-failure.ts';
import { SUCCESSORS } from '../../src/nix/successors.ts';
import { run } from '../../src/run.ts';
import { EvaluationPlace, nixpkgsTree, treePackages } from '../nix-evaluation.ts';

const settings = { root: '/srv/hop3', buildTimeout: 60, buildSilence: 60, evalTimeout: 60, allowUnsandboxedBuilds: false };
const tree = nixpkgsTree();
const test = suite<{ place: EvaluationPlace }>("packages that a real nixpkgs no longer has, and the ones that are named in their place");

test.before((context) => { context.place = new EvaluationPlace(); });
test.after(({ place }) => { place.end(); });

/** Instantiates an expression whose package is this Nix text. */
async function instantiate(place: EvaluationPlace, text: string) {
  const file = place.write(`{ pkgs }:\n{ package = ${text}; }\n`);
  const lines: string[] = [];
  const finished = await run(
    { file: 'nix-instantiate', args: [file, '-A', 'package', '--arg', 'pkgs', treePackages(tree!)], limit: 120, env: nixEnv(`${place.root}/tool-home`) },
    { onLine: (line, stream) => { if (stream === 'stderr') lines.push(line.replaceAll(file, 'hop3.nix')); } },
  );
  return { finished, lines };
}

test('every successor is there, and is given out', async ({ place }) => {
  const inputs = SUCCESSORS.map((name) => `"\${pkgs.${name}}"`).join(' ');
  const { finished, lines } = await instantiate(place, `pkgs.runCommand "x" { inputs = [ ${inputs} ]; } ""`);
  assert.is(finished.code, 0, lines.join('\n'));
});

for (const [name, next] of [
  ['php81', 'php82'], ['nodejs_18', 'nodejs_22'], ['nodejs_20', 'nodejs_22'], ['nodejs_25', 'nodejs_24'], ['python310', 'python312'], ['ruby_3_1', 'ruby_3_3'], ['ruby_3_2', 'ruby_3_3'],
  ['jdk23', 'jdk21'], ['jdk24', 'jdk21'], ['pnpm_8', 'pnpm_10'], ['pnpm_9', 'pnpm_10'], ['gradle_6', 'gradle_8'], ['gradle_7', 'gradle_8'], ['go_1_22', 'Use go'], ['go_1_23', 'Use go'],
  ['nextcloud31', 'nextcloud32'], ['nodePackages.pnpm', 'pkgs.pnpm'], ['postgresql_13', 'postgresql_16'], ['mysql80', 'mariadb'],
] as const) {
  test(`${name}: ${next}`, async ({ place }) => {
    const { finished, lines } = await instantiate(place, `pkgs.runCommand "x" { } "\${pkgs.${name}}"`);
    assert.is.not(finished.code, 0, `${name} is there again`);
    const error = nixFailure({ finished, lines: lines.slice(-60), building: false, location: null, packageSet: 'the tree', settings });
    assert.ok(['HOP3_EVAL_MISSING', 'HOP3_EVAL_REMOVED', 'HOP3_EVAL_INSECURE'].includes(error.code), `${error.code}: ${error.what}`);
    assert.match(error.next ?? '', next);
  });
}

if (tree !== null) test.run();
