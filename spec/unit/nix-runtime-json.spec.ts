import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { silentLog } from '../../src/log.ts';
import type { StorePath } from '../../src/names.ts';
import { readRuntime } from '../../src/nix/runtime-json.ts';
import { caught } from '../caught.ts';

/** A directory that plays the store: `out` is the build, `lib` another path of its closure, `other` somebody else's. */
class Store {
  readonly dir = mkdtempSync(join(tmpdir(), 'hop3-runtime-'));
  readonly out = join(this.dir, 'out');
  readonly closure = [this.out, join(this.dir, 'lib')];

  constructor() {
    for (const path of ['out/hop3', 'lib', 'other']) mkdirSync(join(this.dir, path), { recursive: true });
  }

  file(path: string, text = ''): string {
    mkdirSync(dirname(join(this.dir, path)), { recursive: true });
    writeFileSync(join(this.dir, path), text);
    return join(this.dir, path);
  }

  link(path: string, target: string): void {
    mkdirSync(dirname(join(this.dir, path)), { recursive: true });
    symlinkSync(target, join(this.dir, path));
  }

  read(value: unknown, expressionEnv = {}) {
    this.file('out/hop3/runtime.json', typeof value === 'string' ? value : JSON.stringify(value));
    return this.again(expressionEnv);
  }

  again(expressionEnv = {}) {
    return readRuntime(this.out as StorePath, expressionEnv, this.closure);
  }
}

const runtime = suite<{ store: Store }>('nix: runtime.json');
runtime.before.each((context) => { context.store = new Store(); });
runtime.after.each(({ store }) => rmSync(store.dir, { recursive: true }));

runtime('a whole one; runtime.json wins over the expression\'s env', async ({ store }) => {
  store.file('out/site/index.html');
  const site = join(store.out, 'site');
  const read = await store.read(
    { workers: { web: 'serve --port $PORT', 'mail-queue': 'work', static: site }, env: { A: '1', M: 'two\nlines' }, path: ['/x/bin'] },
    { A: '0', B: '2' },
  );
  assert.equal(read, { workers: { web: 'serve --port $PORT', 'mail-queue': 'work' }, static: site, env: { A: '1', B: '2', M: 'two\nlines' }, path: ['/x/bin'] });
});

runtime('share/hop3/runtime.json is found too, and a link within the closure is followed', async ({ store }) => {
  store.link('out/share/hop3/runtime.json', store.file('lib/runtime.json', '{"workers":{"web":"x"}}'));
  assert.equal((await store.again()).workers, { web: 'x' });
});

runtime('a missing file: where it was looked for, and what to write', async ({ store }) => {
  const error = await caught(store.again());
  assert.is(error.code, 'HOP3_RUNTIME_MISSING');
  assert.match(error.next ?? '', 'builtins.toJSON');
});

runtime('a link out of the build is not read, whatever it holds', async ({ store }) => {
  store.link('out/hop3/runtime.json', store.file('other/admin.token', 'canary'));
  const error = await caught(store.again());
  assert.is(error.code, 'HOP3_RUNTIME_TYPE');
  assert.not.match(`${error.what}${error.why}`, 'canary');
});

runtime('not JSON: line and column, in each way a text can stop', async ({ store }) => {
  for (const [text, place] of [
    ['{\n  "workers": {\n    web: "x" }\n}', ':3:5'], ['{"a": 1,}', ':1:9'], ['', ':1:1'], ['{"a": "b\nc"}', ':1:7'], ['[1 2]', ':1:4'],
    ['{"a" 1}', ':1:6'], ['{"a": tru}', ':1:7'], ['{} x', ':1:4'], ['[1, 2', ':1:6'], ['{"a": [}', ':1:8'], ["{'a': 1}", ':1:2'], ['['.repeat(100_000), ':1:100001'],
  ]) {
    const error = await caught(store.read(text));
    assert.is(error.code, 'HOP3_RUNTIME_JSON');
    assert.is(error.what, `hop3/runtime.json${place} is not JSON.`);
  }
});

runtime('wrong types, by their path', async ({ store }) => {
  for (const [value, what] of [
    [[], 'it should be an object, and is a list.'],
    [{ workers: [] }, 'workers should be an object of texts, and is a list.'],
    [{ workers: { web: 8080 } }, 'workers.web should be text, and is 8080.'],
    [{ workers: { web: 'x' }, env: { PORT: 80 } }, 'env.PORT should be text, and is 80.'],
    [{ workers: { web: 'x' }, path: '/bin' }, 'path should be a list of directories, and is "/bin".'],
    [{ workers: { web: 'x' }, path: [1] }, 'path.0 should be text, and is 1.'],
  ] as const) {
    const error = await caught(store.read(value));
    assert.is(error.code, 'HOP3_RUNTIME_TYPE');
    assert.is(error.what, `hop3/runtime.json: ${what}`);
  }
});

runtime('values that could not run', async ({ store }) => {
  for (const [value, what] of [
    [{ workers: { 'Web': 'x' } }, 'has a worker called "Web"'],
    [{ workers: { '../x': 'x' } }, 'has a worker called "../x"'],
    [{ workers: { ['w'.repeat(33)]: 'x' } }, 'has a worker called'],
    [{ workers: { web: ' ' } }, 'workers.web is empty'],
    [{ workers: { web: 'a\nb' } }, 'workers.web has a line end'],
    [{ workers: { web: 'a\0b' } }, 'workers.web has a line end or a NUL'],
    [{ workers: { web: 'x' }, env: { 'A B': 'x' } }, 'env has a variable called "A B"'],
    [{ workers: { web: 'x' }, env: { A: 'x\0' } }, 'env.A has a NUL'],
    [{ workers: { web: 'x' }, path: ['bin'] }, 'path[0] is not an absolute path: "bin"'],
    [{ workers: { web: 'x' }, path: ['/a:/b'] }, 'path[0] has a colon'],
  ] as const) {
    const error = await caught(store.read(value));
    assert.is(error.code, 'HOP3_RUNTIME_TYPE');
    assert.ok(error.what.includes(what), error.what);
  }
});

runtime('no worker at all', async ({ store }) => {
  for (const value of [{}, { env: {} }, { workers: {} }]) assert.is((await caught(store.read(value))).code, 'HOP3_RUNTIME_WORKERS');
});

runtime('a file of megabytes is not read', async ({ store }) => {
  assert.match((await caught(store.read(' '.repeat(1024 * 1024 + 1)))).what, '1048576 is the most');
});

runtime('keys that nothing reads are said', async ({ store }) => {
  store.file('out/hop3/runtime.json', '{"workers":{"web":"x"},"worker":{}}');
  const lines: string[] = [];
  await readRuntime(store.out as StorePath, {}, store.closure, { ...silentLog, line: (text) => lines.push(text) });
  assert.equal(lines, ['ignored: hop3/runtime.json worker (not a key of runtime.json)']);
});

runtime('static directories: inside, through links of the closure, and each way out', async ({ store }) => {
  store.file('other/secret', 'canary');
  store.file('lib/site/a.css');
  store.link('out/linked', join(store.dir, 'lib/site'));
  assert.is((await store.read({ workers: { static: join(store.out, 'linked') } })).static, join(store.out, 'linked'));

  store.file('out/file');
  store.link('out/escape', join(store.dir, 'other'));
  store.link('out/site/deep/a', join(store.dir, 'other/secret'));
  store.link('out/later/a', join(store.dir, 'other/not-yet'));
  store.link('out/hops/a', 'b');
  store.link('out/hops/b', '/nonexistent/x');
  store.link('out/through/a', join(store.dir, 'lib/inner'));
  store.link('lib/inner/x', '/etc/passwd');
  for (const [directory, what] of [
    ['relative', 'is not an absolute path'], [join(store.dir, 'other'), "lies outside the release's own store paths"], ['/etc', 'lies outside'],
    [`${store.out}/../other`, 'lies outside'], [`${store.out}-evil`, 'lies outside'], [join(store.out, 'gone'), 'does not exist'], [join(store.out, 'file'), 'is not a directory'],
    [join(store.out, 'escape'), 'leads out of'], [join(store.out, 'site'), 'holds a symlink that leaves the release'],
    [join(store.out, 'later'), 'holds a symlink'], [join(store.out, 'hops'), 'holds a symlink'], [join(store.out, 'through'), 'holds a symlink'],
  ] as const) {
    const error = await caught(store.read({ workers: { static: directory } }));
    assert.is(error.code, 'HOP3_RUNTIME_STATIC');
    assert.ok(error.what.includes(what), `${directory}: ${error.what}`);
  }
});

runtime('a link in a circle and a dangling one inside harm nothing', async ({ store }) => {
  store.file('out/site/index.html');
  store.link('out/site/self', '.');
  store.link('out/site/gone', 'nothing-here');
  assert.is((await store.read({ workers: { static: join(store.out, 'site') } })).static, join(store.out, 'site'));
});

runtime('nested a hundred thousand levels deep: refused in words, wherever it stands', async ({ store }) => {
  const lists = '['.repeat(100_000) + ']'.repeat(100_000);
  const objects = '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000);
  for (const [text, words] of [
    [`{"workers":{"web":${lists}}}`, 'workers.web should be text, and is a list.'], [`{"workers":{"web":${objects}}}`, 'workers.web should be text, and is an object.'],
    [lists, 'it should be an object, and is a list.'], [objects, 'has no "workers".'],
  ] as const) {
    const error = await caught(store.read(text));
    assert.match(error.what, words);
  }
});

runtime.run();
