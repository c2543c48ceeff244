import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

interface Context { dir: string }
const layers = suite<Context>('the order of the layers', { dir: '' });

layers.before.each((context) => { context.dir = mkdtempSync(join(tmpdir(), 'hop3-layers-')); });
layers.after.each(({ dir }) => rmSync(dir, { recursive: true }));

function check(dir: string, files: Record<string, string>): { status: number | null; stderr: string } {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return spawnSync(process.execPath, ['scripts/check-layers.mjs', dir], { encoding: 'utf8' });
}

layers('imports that go down pass', ({ dir }) => {
  const { status, stderr } = check(dir, {
    'errors.ts': 'export {};',
    'store/db.ts': "import '../errors.ts';",
    'nix/build.ts': "import { a } from '../store/db.ts';\nimport type { Config } from '../config/model.ts';\nimport '../errors.ts';",
    'pipeline/flow.ts': "import {\n  a,\n} from '../nix/build.ts';\nimport fs from 'node:fs';",
    'cli/main.ts': "import type { View } from '../server/api-types.ts';\nconst up = await import('../runtime/supervisor-tree.ts');",
  });
  assert.is(status, 0, stderr);
});

layers('an import that goes up or across is refused with its file and line', ({ dir }) => {
  const { status, stderr } = check(dir, {
    'log.ts': "import './errors.ts';\nimport { Store } from './store/db.ts';",
    'store/db.ts': "export * from '../pipeline/flow.ts';",
    'nix/build.ts': "\n\nimport {\n  read,\n} from '../config/read.ts';",
    'cli/main.ts': "import { Store } from '../store/db.ts';\nvoid import('../server/main.ts');",
    'config/read.ts': "import type { X } from '../pipeline/model.ts';",
    'web/page.ts': "import '../store/db.ts';",
  });
  assert.is(status, 1);
  for (const place of ['log.ts:2', 'store/db.ts:1', 'nix/build.ts:5', 'cli/main.ts:1', 'cli/main.ts:2', 'config/read.ts:1', 'web/page.ts:1']) {
    assert.ok(stderr.includes(join(dir, place)), `${place} is missing in:\n${stderr}`);
  }
  assert.is(stderr.trim().split('\n').length, 7, stderr);
});

layers.run();
