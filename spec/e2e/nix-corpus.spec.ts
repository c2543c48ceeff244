import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readConfig } from '../../src/config/read.ts';
import { renderTemplate, supportedTemplates } from '../../src/nix/templates/index.ts';
import { caught } from '../caught.ts';

const corpus = process.env['HOP3_CORPUS'] ?? '';
const apps = existsSync(corpus) ? readdirSync(corpus) : [];
const real = suite('real hop3.toml files as Nix');

for (const app of apps) {
  real(`${app} is rendered, the same twice, and Nix can parse it; or its template is named as missing`, async () => {
    const config = await readConfig(join(corpus, app));
    if (!supportedTemplates.includes(config.nix?.template ?? '')) {
      assert.is((await caught(() => renderTemplate(config, app))).code, 'HOP3_TEMPLATE_UNSUPPORTED');
      return;
    }
    const { expression } = renderTemplate(config, app);
    assert.is(renderTemplate(config, app).expression, expression);
    const dir = mkdtempSync(join(tmpdir(), 'hop3-corpus-'));
    try {
      writeFileSync(join(dir, 'hop3.nix'), expression);
      const parsed = spawnSync('nix-instantiate', ['--parse', join(dir, 'hop3.nix')], { encoding: 'utf8', maxBuffer: 1 << 24 });
      assert.is(parsed.status, 0, parsed.stderr);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
}

if (apps.length === 0) console.log(`skipped: no corpus at "${corpus}" (HOP3_CORPUS)`);
else if (spawnSync('nix-instantiate', ['--version']).error) console.log('skipped: nix is not installed');
else real.run();
