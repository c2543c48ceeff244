import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readConfig } from '../../src/config/read.ts';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { INSTALL_DIR } from '../../src/paths.ts';

const GOLDEN = join(INSTALL_DIR, 'spec', 'golden');
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';

/** Renders every application of a directory and compares it with the golden file of its name. */
function compareAll(title: string, apps: string, goldenDir: string): void {
  const golden = suite(title);
  const templated: string[] = [];
  for (const app of readdirSync(apps).sort()) {
    if (!existsSync(join(apps, app, 'hop3.toml'))) continue;
    if (!/^template\s*=/m.test(readFileSync(join(apps, app, 'hop3.toml'), 'utf8'))) continue;
    templated.push(`${app}.nix`);
    golden(`${app} (UPDATE_GOLDEN=1 writes it anew)`, async () => {
      const { expression } = renderTemplate(await readConfig(join(apps, app)), app);
      const file = join(goldenDir, `${app}.nix`);
      if (UPDATE) write(file, expression);
      assert.ok(existsSync(file), `${file} is missing: run with UPDATE_GOLDEN=1 and look at it`);
      assert.fixture(expression, readFileSync(file, 'utf8'));
    });
  }
  golden('no golden file is left of an application that is gone', () => {
    const there = existsSync(goldenDir) ? readdirSync(goldenDir) : [];
    assert.equal(there.filter((name) => !templated.includes(name)), []);
  });
  golden.run();
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

for (const kind of ['real-apps-nix-gen', 'test-apps-nix']) {
  compareAll(`nix: what apps/${kind} renders to`, join(INSTALL_DIR, 'apps', kind), join(GOLDEN, kind));
}

const corpus = process.env['HOP3_CORPUS'] ?? '';
if (existsSync(corpus)) compareAll('nix: what real hop3.toml files render to', corpus, join(GOLDEN, 'corpus'));
else console.log(`skipped: no corpus at "${corpus}" (HOP3_CORPUS), so its golden files are not compared`);
