import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readConfig } from '../../src/config/read.ts';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { INSTALL_DIR } from '../../src/paths.ts';

const EXAMPLES = join(INSTALL_DIR, 'apps', 'real-apps-nix-gen');
const GOLDEN = join(INSTALL_DIR, 'spec', 'golden');
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';

const golden = suite('nix: what our own examples render to');

for (const app of readdirSync(EXAMPLES)) {
  golden(`${app} (UPDATE_GOLDEN=1 writes it anew)`, async () => {
    const { expression } = renderTemplate(await readConfig(join(EXAMPLES, app)), app);
    const file = join(GOLDEN, `${app}.nix`);
    if (UPDATE) writeFileSync(file, expression);
    assert.ok(existsSync(file), `${file} is missing: run with UPDATE_GOLDEN=1 and look at it`);
    assert.fixture(expression, readFileSync(file, 'utf8'));
  });
}

golden.run();
