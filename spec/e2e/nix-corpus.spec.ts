// limit: 500
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readConfig } from '../../src/config/read.ts';
import { nixEnv } from '../../src/nix/nix-command.ts';
import { INSTALL_DIR } from '../../src/paths.ts';
import { makePlan } from '../../src/pipeline/plan.ts';
import { run } from '../../src/run.ts';
import { EvaluationPlace, nixpkgsTree, whyNotOnHost, whyNotOnTree } from '../nix-evaluation.ts';
import { nixAnswers } from './nix-world.ts';

/** Files that an application's own folder has beside its hop3.toml, and that are looked at when its package is evaluated. */
const BESIDE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  isso: { 'requirements.txt': `isso==0.13.1 --hash=sha256:${'0'.repeat(64)}\n` },
  wordpress: { 'wp-config.php': '<?php\n', 'wp-install.php': '<?php\n' },
};

/** The host set has a small part of nixpkgs: an app whose package or builder is not in it cannot be evaluated there. */
const NOT_ON_HOST = /^error: (?:attribute '[A-Za-z0-9_-]+' missing|the host package set has no )/;

/** What a current nixpkgs refuses, and why: nothing else may fail. */
const NOT_ON_TREE: Readonly<Record<string, RegExp>> = {
  // Written for nixos-25.05, which its nixpkgs-rev names; later releases mark its pnpm 9 as insecure.
  etherpad: /pnpm-9.* is marked as insecure|Refusing to evaluate package 'pnpm-9/,
};

interface Case {
  readonly app: string;
  readonly dir: string;
}

const corpus = process.env['HOP3_CORPUS'] ?? '';
const own = ['real-apps-nix-gen', 'test-apps-nix'].map((name) => join(INSTALL_DIR, 'apps', name));
const tree = nixpkgsTree();
const table: string[] = [];

async function planned({ app, dir }: Case) {
  const config = await readConfig(dir);
  const plan = makePlan({ app, config, hop3Nix: null, names: readdirSync(dir).sort() });
  if (plan.kind !== 'template') throw new TypeError('not a template');
  return plan;
}

const real = suite('real hop3.toml files as Nix');

/** The applications of a directory that name a template. */
function templated(parent: string): Case[] {
  const cases = existsSync(parent) ? readdirSync(parent).sort().map((app) => ({ app, dir: join(parent, app) })) : [];
  const file = (dir: string) => join(dir, 'hop3.toml');
  return cases.filter(({ dir }) => existsSync(file(dir)) && /^template\s*=/m.test(readFileSync(file(dir), 'utf8')));
}

for (const one of [...templated(corpus), ...own.flatMap(templated)]) {
  const { app, dir } = one;
  real(`${basename(join(dir, '..'))}/${app} plans, renders the same twice, parses, and evaluates where its packages are`, async () => {
    const plan = await planned(one);
    assert.is((await planned(one)).expression, plan.expression);
    const place = new EvaluationPlace(BESIDE[app]);
    try {
      await run({ file: 'cp', args: ['-r', `${dir}/.`, place.sourceDir], limit: 60 });
      const parsed = await run({ file: 'nix-instantiate', args: ['--parse', place.write(plan.expression)], limit: 60, env: nixEnv() });
      assert.is(parsed.code, 0, parsed.tail.join('\n'));
      const onHost = await whyNotOnHost(place, plan.expression);
      const onTree = tree === null ? null : await whyNotOnTree(place, plan.expression, tree);
      table.push([app.padEnd(18), plan.template.padEnd(18), (onHost ?? 'evaluates').padEnd(70), tree === null ? 'no tree' : onTree ?? 'evaluates'].join('  '));
      if (onHost !== null) assert.match(onHost, NOT_ON_HOST);
      if (onTree !== null) {
        assert.match(onTree, NOT_ON_TREE[app] ?? /^evaluates$/);
        // The expression itself is right: it evaluates where the operator lets such a package in.
        assert.is(await whyNotOnTree(place, plan.expression, tree!, '{ allowInsecurePredicate = _: true; }'), null);
      }
    } finally {
      place.end();
    }
  });
}

real.after(() => {
  console.log(['', `${'app'.padEnd(18)}  ${'template'.padEnd(18)}  ${'host set'.padEnd(70)}  nixpkgs tree`, ...table].join('\n'));
});

if (!existsSync(corpus)) console.log(`skipped: no corpus at "${corpus}" (HOP3_CORPUS): only this project's own examples are tried`);
if (nixAnswers()) real.run();
