// limit: 400
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readConfig } from '../../src/config/read.ts';
import { Hop3Error } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import { ejectedText, readEjected } from '../../src/nix/eject.ts';
import { nixEnv } from '../../src/nix/nix-command.ts';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { instantiate } from '../../src/nix/verify.ts';
import { INSTALL_DIR } from '../../src/paths.ts';
import { run } from '../../src/run.ts';
import { readSettings } from '../../src/settings.ts';
import { EvaluationPlace, HOST_SET, nixpkgsTree, treePackages } from '../nix-evaluation.ts';
import { nixAnswers } from './nix-world.ts';

process.env['NIX_REMOTE'] ??= 'daemon';

const corpus = process.env['HOP3_CORPUS'] ?? '';
const tree = nixpkgsTree();
const compared: Record<string, number> = { host: 0, tree: 0 };

/** The store path of `package` on the host set, as the server evaluates; null where the set does not have what it takes. */
async function onHost(place: EvaluationPlace, file: string): Promise<string | null> {
  const text = readFileSync(file, 'utf8');
  const request = {
    expression: file, sourceDir: place.sourceDir, rootLink: '', givePkgs: text.includes('fetchTarball'),
    packageSet: { kind: 'host', path: HOST_SET, id: 'host', title: 'host' } as const,
  };
  const settings = readSettings({ HOP3_ROOT: place.root, HOP3_NIXPKGS: 'host' });
  try {
    return (await instantiate(request, text, { settings, log: silentLog, signal: new AbortController().signal })).join(' ');
  } catch (error) {
    if (error instanceof Hop3Error && error.code.startsWith('HOP3_EVAL_')) return null;
    throw error;
  }
}

/** The same on a nixpkgs tree. */
async function onTree(place: EvaluationPlace, file: string): Promise<string | null> {
  if (tree === null) return null;
  const args = ['--eval', '--json', file, '-A', 'package.outPath', '--arg', 'pkgs', treePackages(tree)];
  const finished = await run({ file: 'nix-instantiate', args, limit: 180, env: nixEnv(join(place.root, 'tool-home')) });
  return finished.code === 0 ? (JSON.parse(finished.stdout) as string) : null;
}

const test = suite('an ejected hop3.nix is the same build as its template');

const parents = [corpus, ...['real-apps-nix-gen', 'test-apps-nix'].map((name) => join(INSTALL_DIR, 'apps', name))];
for (const parent of parents.filter((dir) => existsSync(dir))) {
  for (const app of readdirSync(parent).sort()) {
    const dir = join(parent, app);
    const file = join(dir, 'hop3.toml');
    if (!existsSync(file) || !/^template\s*=/m.test(readFileSync(file, 'utf8'))) continue;
    test(`${basename(parent)}/${app}`, async () => {
      const config = await readConfig(dir);
      const place = new EvaluationPlace();
      try {
        await run({ file: 'cp', args: ['-r', `${dir}/.`, place.sourceDir], limit: 60 });
        const beside = place.write(renderTemplate(config, app, 'beside').expression);
        const before = { host: await onHost(place, beside), tree: await onTree(place, beside) };

        const ejected = ejectedText(renderTemplate(config, app, 'around'), '0.0.0', new Date(0));
        assert.equal(readEjected(ejected), { template: config.nix!.template, date: '1970-01-01' });
        const around = join(place.sourceDir, 'hop3.nix');
        writeFileSync(around, ejected);
        // What a working tree has and a pushed one has not.
        mkdirSync(join(place.sourceDir, '.git'));
        writeFileSync(join(place.sourceDir, '.git', 'HEAD'), 'ref: refs/heads/main\n');
        const after = { host: await onHost(place, around), tree: await onTree(place, around) };
        assert.equal(after, before);
        for (const set of ['host', 'tree'] as const) if (after[set] !== null) compared[set]! += 1;
      } finally {
        place.end();
      }
    });
  }
}

test('most of them were compared', () => {
  console.log(`store paths compared: ${compared['host']} on the host set, ${compared['tree']} on a nixpkgs tree`);
  assert.ok(compared['host']! >= 3);
  if (tree !== null) assert.ok(compared['tree']! >= 5);
});

if (!existsSync(corpus)) console.log(`skipped: no corpus at "${corpus}" (HOP3_CORPUS): only this project's own examples are tried`);
if (nixAnswers()) test.run();
