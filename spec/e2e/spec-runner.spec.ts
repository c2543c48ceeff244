// alone
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

interface Context { dir: string }
const runner = suite<Context>('spec/run.mjs', { dir: '' });

runner.before.each((context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'hop3-runner-'));
  for (const folder of ['spec/unit', 'spec/e2e']) mkdirSync(join(context.dir, folder), { recursive: true });
  for (const file of ['run.mjs', 'run-unit.mjs', 'run-summary.mjs', 'run-checkout.mjs', 'run-leftovers.mjs']) cpSync(join('spec', file), join(context.dir, 'spec', file));
  symlinkSync(resolve('node_modules'), join(context.dir, 'node_modules'));
  writeFileSync(join(context.dir, 'package.json'), '{"type": "module"}');
});
runner.after.each(({ dir }) => rmSync(dir, { recursive: true }));

function run(dir: string, files: Record<string, string>, env: Record<string, string> = {}): { lines: string[]; last: string; status: number | null; all: string } {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, 'spec', name), `import { suite } from 'uvu';\nimport * as assert from 'uvu/assert';\n${text}`);
  const { stdout, status } = spawnSync(process.execPath, ['spec/run.mjs'], { cwd: dir, encoding: 'utf8', timeout: 60_000, env: { ...process.env, ...env } });
  const lines = stdout.trimEnd().split('\n');
  return { lines, last: lines.at(-1)!, status, all: stdout };
}

runner('counts the tests of both kinds on the last line', ({ dir }) => {
  const { last, status } = run(dir, {
    'unit/a.spec.ts': "const a = suite('a'); a('one', () => {}); a('two', () => {}); a.run();",
    'e2e/b.spec.ts': "const b = suite('b'); b('one', () => {}); b.run(); void assert;",
  });
  assert.is(last, '3 passed, 0 failed');
  assert.is(status, 0);
});

runner('a file that forgot .run(), one that cannot be imported and a stray rejection are failures', ({ dir }) => {
  const { all, last, status } = run(dir, {
    'unit/a.spec.ts': "const a = suite('a'); a('one', () => {});",
    'unit/b.spec.ts': "throw new Error('broken import');",
    'unit/c.spec.ts': "const c = suite('c'); c('one', () => { void Promise.reject(new Error('nobody waits')); }); c.run();",
    'e2e/d.spec.ts': "const d = suite('d'); d('one', () => {});",
  });
  assert.match(all, /FAIL {2}spec\/unit\/a\.spec\.ts[^]*ran no test: is `\.run\(\)` missing\?/);
  assert.match(all, /FAIL {2}spec\/unit\/b\.spec\.ts[^]*broken import/);
  assert.match(all, /FAIL {2}spec\/unit\/c\.spec\.ts[^]*nobody waits/);
  assert.match(all, /FAIL {2}spec\/e2e\/d\.spec\.ts/);
  assert.is(last, '1 passed, 4 failed');
  assert.is(status, 1);
});

runner('a spec that never ends is ended at its limit, and what it left behind with it', ({ dir }) => {
  const { all, last, status } = run(dir, {
    'e2e/a.spec.ts': "// limit: 2\nconst a = suite('a'); a('hangs', async () => { setInterval(() => {}, 1000); await new Promise(() => {}); }); a.run();",
    'e2e/b.spec.ts': "import { spawn } from 'node:child_process';\nconst b = suite('b'); b('leaks', () => { spawn('setsid', ['sleep', '77'], { detached: true, stdio: 'ignore' }).unref(); }); b.run();",
    'e2e/c.spec.ts': "console.log('skipped: no moon tonight');",
  });
  assert.match(all, /was ended after its limit of 2 s/);
  assert.match(all, /left 1 processes behind, ended now:\n +\d+ sleep 77/);
  assert.match(all, /ok {4}spec\/e2e\/c\.spec\.ts[^]*skipped: no moon tonight/);
  assert.is(last, '1 passed, 2 failed');
  assert.is(status, 1);
});

runner('two e2e specs run side by side, and one that says so by itself', ({ dir }) => {
  // The specs may run in a copy.
  const order = JSON.stringify(join(dir, 'order'));
  const noted = (name: string) => `import { appendFileSync } from 'node:fs';
const s = suite('${name}'); s('waits', async () => { appendFileSync(${order}, '${name}< '); await new Promise((done) => setTimeout(done, 1500)); appendFileSync(${order}, '${name}> '); }); s.run(); void assert;`;
  const { last } = run(dir, { 'e2e/a.spec.ts': `// alone\n${noted('a')}`, 'e2e/b.spec.ts': noted('b'), 'e2e/c.spec.ts': noted('c') }, { SPEC_LANES: '2' });
  assert.is(last, '3 passed, 0 failed');
  assert.match(readFileSync(join(dir, 'order'), 'utf8'), /^[bc]< [bc]< [bc]> [bc]> a< a> $/);
});

runner('a filter that fits nothing is a failure', ({ dir }) => {
  const { stdout, status } = spawnSync(process.execPath, ['spec/run.mjs', 'unit', 'no-such'], { cwd: dir, encoding: 'utf8' });
  assert.match(stdout, /No spec matches "no-such"/);
  assert.ok(stdout.endsWith('\n0 passed, 1 failed\n'));
  assert.is(status, 1);
});

runner.run();
