import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resolvePackageSet } from '../../src/nix/package-set.ts';
import { readRuntime } from '../../src/nix/runtime-json.ts';
import { addRoot, closureOf, isValidPath, removeRoot } from '../../src/nix/store.ts';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import type { StorePath } from '../../src/names.ts';
import { caught } from '../caught.ts';
import { configWith } from '../nix-config.ts';
import { HOSTILE } from '../nix-hostile.ts';
import { nixAnswers, NixWorld } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);
process.env['NIX_REMOTE'] ??= 'daemon';

const wrapping = suite<{ world: NixWorld; data: string }>('nix: a wrapped package, built with the host set and started');

wrapping.before.each(async (context) => {
  context.world = new NixWorld();
  context.world.packageSet = await resolvePackageSet({ root: context.world.root, nixpkgs: { kind: 'host' } }, context.world.log);
  context.data = join(context.world.root, 'data');
  mkdirSync(context.data);
});
wrapping.after.each(({ world }) => world.end());

/** Builds the app whose package is python3 and whose program prints the environment and the arguments it was started with. */
async function build(world: NixWorld, keys: Record<string, unknown>) {
  const nix = { 'nixpkgs-package': 'python3', 'exec-target': 'python3', 'exec-args': ['-c', `'import json,os,sys; print(json.dumps([dict(os.environ), sys.argv[1:]]))'`], ...keys };
  const { expression } = renderTemplate(configWith('nixpkgs-wrapper', nix, { id: 'py-app' }), 'demo');
  return world.buildRendered(expression);
}

function start(storePath: string, data: string, env: Record<string, string> = {}): { env: Record<string, string>; args: string[]; code: number | null; stderr: string } {
  const runtime = JSON.parse(readFileSync(join(storePath, 'hop3/runtime.json'), 'utf8')) as { workers: { web: string }; env: Record<string, string> };
  const ran = spawnSync('/bin/sh', ['-c', `exec ${runtime.workers.web}`], { cwd: data, encoding: 'utf8', env: { PATH: '/usr/bin:/bin', HOME: data, ...runtime.env, ...env } });
  const [environment, args] = ran.status === 0 ? (JSON.parse(ran.stdout) as [Record<string, string>, string[]]) : [{}, []];
  return { env: environment, args, code: ran.status, stderr: ran.stderr };
}

wrapping('variables, arguments, files and pre-exec arrive as the table of keys says', async ({ world, data }) => {
  const { storePath, expressionEnv } = await build(world, {
    'local-vars': { PORT: '${PORT:-8080}', WHO: '${WHO:-nobody}' },
    'env-exports': { URL: 'http://h:${PORT}/', MESSAGE: 'a \\"b\\" $WHO' },
    'conditional-env': [{ name: 'DB', 'condition-var': 'DB', value: 'pg://${WHO}' }],
    'env-exports-raw': { TOOL: '${tool}/x' },
    'let-extra': { tool: 'pkgs.python3' },
    'runtime-env': { LITERAL: '${HOME} $PWD', STORE: '${py_app}/share' },
    'extra-paths': ['${pkg}/bin', '$out/share'],
    'pre-exec': ['# a comment\nmkdir -p work', 'cat conf/deep/app.ini > work/seen', 'PKGBIN/python3 -c "open(\'work/ran\', \'w\')"'],
    'config-files': [
      { path: 'conf/deep/app.ini', format: 'ini', sections: { server: { port: '${PORT}', secret: '$(printf "%s" s3)' }, db: { host: '${DB}' } } },
      { path: 'config.php', format: 'raw', 'create-if-missing': true, 'raw-content': "<?php $AUTOCONFIG = ['a' => '']; `ls` \\d ${PORT}\n" },
    ],
  });
  const closure = await closureOf(storePath);
  const runtime = await readRuntime(storePath, expressionEnv, closure);
  const python = closure.find((path) => path.includes('python3'))!;
  assert.equal(runtime.env, { LITERAL: '${HOME} $PWD', STORE: `${python}/share` });
  assert.equal(runtime.path, [`${storePath}/bin`, `${python}/bin`, `${storePath}/share`]);

  const first = start(storePath, data, { PORT: '9000', WHO: 'me' });
  assert.is(first.code, 0, first.stderr);
  assert.is(first.env['URL'], 'http://h:9000/');
  assert.is(first.env['MESSAGE'], 'a "b" me');
  assert.is(first.env['DB'], 'pg://me');
  assert.is(first.env['TOOL'], `${python}/x`);
  assert.is(first.env['LITERAL'], '${HOME} $PWD');
  assert.is(readFileSync(join(data, 'work/seen'), 'utf8'), '[server]\nport = 9000\nsecret = s3\n\n[db]\nhost = pg://me\n');
  assert.is(readFileSync(join(data, 'config.php'), 'utf8'), "<?php $AUTOCONFIG = ['a' => '']; `ls` \\d 9000\n");
  assert.ok(existsSync(join(data, 'work/ran')));

  const second = start(storePath, data, { DB: 'given' });
  assert.is(second.env['DB'], 'given');
  assert.match(readFileSync(join(data, 'conf/deep/app.ini'), 'utf8'), 'port = 8080');
  // create-if-missing: the first start's file stays.
  assert.match(readFileSync(join(data, 'config.php'), 'utf8'), '9000');
});

wrapping('hostile literals reach the process byte for byte', async ({ world, data }) => {
  const texts = HOSTILE.filter((text) => !/\$\{[a-z]/.test(text));
  const { storePath, expressionEnv } = await build(world, { 'runtime-env': Object.fromEntries(texts.map((text, index) => [`T${index}`, text])) });
  const runtime = await readRuntime(storePath, expressionEnv, await closureOf(storePath));
  assert.equal(texts.map((_text, index) => runtime.env[`T${index}`]), texts);
  const { env } = start(storePath, data);
  assert.equal(texts.map((_text, index) => env[`T${index}`]), texts);
});

wrapping('a failing step and a missing variable end the start with their own words', async ({ world, data }) => {
  const failing = await build(world, { 'pre-exec': ['false', 'touch never'] });
  assert.is(start(failing.storePath, data).code, 1);
  assert.not.ok(existsSync(join(data, 'never')));
  const missing = await build(world, { 'env-exports': { ADMIN: '${ADMIN:?demo: ADMIN not injected — refusing}' } });
  assert.match(start(missing.storePath, data).stderr, 'demo: ADMIN not injected — refusing');
});

wrapping('a quote that is not closed fails the build, not the start', async ({ world }) => {
  const error = await caught(build(world, { 'pre-exec': ['echo "open'] }));
  assert.is(error.code, 'HOP3_BUILD_FAILED');
  assert.match(error.why ?? '', /hop3-start: line \d+: unexpected EOF/);
});

wrapping('install-files and install-extra', async ({ world, data }) => {
  mkdirSync(join(world.sourceDir, 'conf d'));
  writeFileSync(join(world.sourceDir, 'conf d', "it's.txt"), 'from the tree');
  const keys = { 'install-files': ["conf d/it's.txt"], 'install-extra': 'mkdir -p $out/extra\necho "${pkg}" > $out/extra/pkg\n', 'pre-exec': ["cp \"APPDIR/conf d/it's.txt\" copied"] };
  const { storePath } = await build(world, keys);
  assert.is(start(storePath, data).code, 0);
  assert.is(readFileSync(join(data, 'copied'), 'utf8'), 'from the tree');
  assert.match(readFileSync(join(storePath, 'extra/pkg'), 'utf8'), /python3/);
});

wrapping('a writable copy keeps what the app wrote and takes over a changed package', async ({ world, data }) => {
  const app = (version: number) => `pkgs.runCommand "tree" { } "mkdir -p $out/bin; ${version === 1 ? 'echo old > $out/dropped; ' : ''}echo ${version} > $out/version; printf '#!/bin/sh\\necho [{},[]]\\n' > $out/bin/run; chmod +x $out/bin/run"`;
  const { expression } = renderTemplate(configWith('nixpkgs-wrapper', {
    'nixpkgs-package': 'hello', 'exec-target': 'run', 'writable-home-at-runtime': true, 'writable-home-env-var': 'APP_HOME',
    'pre-exec': ['echo mine >> "$APP_HOME/written"'],
  }, { id: 'home' }), 'demo');
  const built = (version: number) => world.buildRendered(expression.replace('hop3_package = pkgs.hello;', `hop3_package = ${app(version)};`));
  const home = (file: string) => join(data, '.home-home', file);
  const one = start((await built(1)).storePath, data);
  assert.is(one.code, 0, one.stderr);
  assert.is(readFileSync(home('version'), 'utf8'), '1\n');
  const two = start((await built(2)).storePath, data);
  assert.is(two.code, 0, two.stderr);
  assert.is(readFileSync(home('version'), 'utf8'), '2\n');
  assert.not.ok(existsSync(home('dropped')));
  assert.is(readFileSync(home('written'), 'utf8'), 'mine\nmine\n');
});

wrapping('roots and validity of store paths', async ({ world }) => {
  const { storePath } = await build(world, {});
  assert.ok(await isValidPath(storePath));
  assert.not.ok(await isValidPath(storePath.replace(/[0-9a-z]{32}/, '0'.repeat(32)) as StorePath));
  const link = join(world.root, 'roots', '1');
  await addRoot(link, storePath);
  const roots = spawnSync('nix-store', ['-q', '--roots', storePath], { encoding: 'utf8' }).stdout;
  assert.match(roots, link);
  await removeRoot(link);
  await removeRoot(link);
  assert.not.ok(existsSync(link));
  mkdirSync(join(world.root, 'no-root'));
  let refused = false;
  await removeRoot(join(world.root, 'no-root')).catch(() => { refused = true; });
  assert.ok(refused);
  rmSync(join(world.root, 'no-root'), { recursive: true });
});

wrapping('a pinned nixpkgs that the store has is used without the network, and rooted', async ({ world }) => {
  const tree = join(world.root, 'source');
  mkdirSync(tree);
  writeFileSync(join(tree, 'default.nix'), `{ ... }: { tool = "${world.root}"; }`);
  const sha256 = spawnSync('nix-hash', ['--type', 'sha256', '--base32', tree], { encoding: 'utf8' }).stdout.trim();
  spawnSync('nix-store', ['--add-fixed', '--recursive', 'sha256', tree]);
  const set = await resolvePackageSet({ root: world.root, nixpkgs: { kind: 'revision', rev: 'b'.repeat(40), sha256 } }, world.log);
  assert.is(set.kind, 'pin');
  assert.is(set.title, 'nixpkgs bbbbbbbbbbbb');
  assert.is(readFileSync(join(set.path, 'default.nix'), 'utf8'), readFileSync(join(tree, 'default.nix'), 'utf8'));
  assert.match(spawnSync('nix-store', ['-q', '--roots', set.path], { encoding: 'utf8' }).stdout, join(world.root, 'tool-home'));
});

wrapping('a pin that cannot be fetched is an error with the ways out', async ({ world }) => {
  const nixpkgs = { kind: 'revision', rev: 'c'.repeat(40), sha256: `0${'1'.repeat(51)}` } as const;
  const proxy = process.env['https_proxy'];
  // Port 9 of this machine: no answer, whatever network there is.
  process.env['https_proxy'] = 'http://127.0.0.1:9';
  try {
    const error = await caught(resolvePackageSet({ root: world.root, nixpkgs }, world.log));
    assert.is(error.code, 'HOP3_NIXPKGS_UNREACHABLE');
    assert.match(error.next ?? '', 'HOP3_NIXPKGS=host');
  } finally {
    if (proxy === undefined) delete process.env['https_proxy'];
    else process.env['https_proxy'] = proxy;
  }
});

if (nixAnswers()) wrapping.run();
