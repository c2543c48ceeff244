import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { caught } from '../caught.ts';
import { derivation, nixAnswers, NixWorld } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

const building = suite<{ world: NixWorld }>('nix: building an expression');
building.before.each((context) => { context.world = new NixWorld(); });
building.after.each(({ world }) => world.end());

building('gives the store path, the env beside it, a GC root, and the builder\'s lines as they come', async ({ world }) => {
  const result = await world.build(`{ package = ${derivation('echo one step; echo made > $out')}; env = { LEVEL = "info"; }; }`);
  assert.match(result.storePath, /^\/nix\/store\/.*-demo$/);
  assert.is(readFileSync(result.storePath, 'utf8'), 'made\n');
  assert.equal(result.expressionEnv, { LEVEL: 'info' });
  assert.is(readlinkSync(join(world.root, 'result')), result.storePath);
  assert.ok(world.shown.includes('       one step\n'), world.shown.join(''));
});

building('an env that another file of the tree gives is read too', async ({ world }) => {
  writeFileSync(join(world.sourceDir, 'app.nix'), `{ package = ${derivation('echo made > $out')}; env = { LEVEL = "info"; }; }`);
  assert.equal((await world.build('import ./app.nix')).expressionEnv, { LEVEL: 'info' });
});

building('reads the pushed tree and <nixpkgs>, and gives pkgs to an expression that asks for it', async ({ world }) => {
  writeFileSync(join(world.sourceDir, 'page.html'), 'hello');
  const text = `{ pkgs }: { package = ${derivation('printf "%s" "$page$tool" > $out', 'page = builtins.readFile ./page.html; tool = pkgs.tool;')}; }`;
  const { storePath } = await world.build(text);
  assert.is(readFileSync(storePath, 'utf8'), 'hellofrom the set');
});

building('the source as a whole has the same store path wherever it is checked out', async ({ world }) => {
  const text = (salt: string) => `{ package = derivation { name = "demo"; system = builtins.currentSystem; builder = "/bin/sh"; src = ./.; salt = "${salt}"; args = [ "-c" "echo $src > $out; exit 0" ]; }; }`;
  const other = new NixWorld();
  try {
    const salt = String(Date.now());
    assert.is((await world.build(text(salt))).storePath, (await other.build(text(salt))).storePath);
  } finally {
    other.end();
  }
});

const refused: readonly (readonly [title: string, text: string, code: string, what: RegExp])[] = [
  ['a syntax error', '{\n  package = 1\n}', 'HOP3_EVAL_SYNTAX', /^hop3\.nix:3:1: syntax error: unexpected '}'/],
  ['a name that nothing defines', '{ }:\n{ package = foo; }', 'HOP3_EVAL_UNDEFINED', /^hop3\.nix:2:13: nothing is called "foo"\.$/],
  ['no attribute package', '{ packages = 1; }', 'HOP3_EVAL_NO_PACKAGE', /derivation called "package"/],
  ['a package that is none', '{ package = 1; }', 'HOP3_EVAL_NO_PACKAGE', /derivation called "package"/],
  ['a package the set does not have', '{ pkgs ? import <nixpkgs> {} }:\n{ package = pkgs.etherpad; }', 'HOP3_EVAL_MISSING', /^hop3\.nix:2:13: there is no "etherpad" there\.$/],
  ['a file of the server', '{\n  package = derivation { name = builtins.readFile "/etc/passwd"; system = "x"; builder = "x"; };\n}', 'HOP3_EVAL_FORBIDDEN', /^hop3\.nix:2:\d+: the expression reads \/etc\/passwd while it is evaluated, and may not\.$/],
  ['a directory of the server', '{ package = builtins.readDir /var/lib; }', 'HOP3_EVAL_FORBIDDEN', /reads \/var\/lib/],
  ['a file above the tree', '{ package = import ../../secret.nix; }', 'HOP3_EVAL_FORBIDDEN', /reads \.\.\/\.\.\/secret\.nix while/],
  ['an address', '{ package = import (builtins.fetchTarball "https://example.org/x.tar.gz"); }', 'HOP3_EVAL_FORBIDDEN', /reads https:\/\/example\.org\/x\.tar\.gz/],
  ['recursion', '{ package = let x = x; in x; }', 'HOP3_EVAL_RECURSION', /recurses without end/],
  ['recursion that fills the stack', '{ package = let f = n: 1 + f n; in f 1; }', 'HOP3_EVAL_RECURSION', /recurses without end/],
  ['another <name>', '{ package = import <nixos> {}; }', 'HOP3_EVAL_NIXPKGS', /<nixos> is not known here/],
  ['a throw in the user\'s words', '{ package = throw "no such region"; }', 'HOP3_EVAL_FAILED', /no such region\.$/],
  ['env that is no set of texts', `{ package = ${derivation('echo > $out')}; env = { PORT = 8080; }; }`, 'HOP3_EVAL_ENV', /env\.PORT should be text, and is 8080/],
  ['a builder that fails', `{ package = ${derivation('echo the cause is here; exit 3')}; }`, 'HOP3_BUILD_FAILED', /^Building demo failed with exit code 3\.$/],
  ['a builder that makes nothing', `{ package = ${derivation('true')}; }`, 'HOP3_BUILD_FAILED', /did not write \$out/],
  ['a wrong hash', `{ package = ${derivation('echo x > $out', 'outputHashAlgo = "sha256"; outputHashMode = "flat"; outputHash = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";')}; }`, 'HOP3_BUILD_HASH', /^demo has another hash than the expression says\. It is now sha256-/],
  ['the wish for no sandbox', `{ package = ${derivation('echo > $out', '__noChroot = true;')}; }`, 'HOP3_BUILD_UNSANDBOXED', /outside the sandbox/],
];

for (const [title, text, code, what] of refused) {
  building(`refuses ${title}`, async ({ world }) => {
    const error = await caught(world.build(text));
    assert.is(error.code, code, `${error.what}\n${error.why}`);
    assert.match(error.what, what);
    assert.not.match(`${error.what}${error.why}${error.next}`, world.root);
    assert.not.ok(existsSync(join(world.root, 'result')) && code.startsWith('HOP3_EVAL') && code !== 'HOP3_EVAL_ENV');
  });
}

building('the failing builder\'s last lines are in the message, and a dependency is named by itself', async ({ world }) => {
  const error = await caught(world.build(`let dep = ${derivation('echo compiling; echo "error: undefined variable x"; exit 4')}; in { package = ${derivation('cat $dep', 'dep = dep;')}; }`));
  // What a compiler says does not count as nix's own words.
  assert.is(error.code, 'HOP3_BUILD_FAILED');
  assert.match(error.why ?? '', '> error: undefined variable x');
  assert.not.match(world.shown.join(''), 'nix log');
});

building('a symlink out of the tree is not followed', async ({ world }) => {
  mkdirSync(join(world.root, 'server'));
  writeFileSync(join(world.root, 'server', 'admin.token'), 'canary');
  symlinkSync(join(world.root, 'server', 'admin.token'), join(world.sourceDir, 'data.txt'));
  const error = await caught(world.build('{ package = throw (builtins.readFile ./data.txt); }'));
  assert.is(error.code, 'HOP3_EVAL_FORBIDDEN');
  assert.not.match(`${error.what}${error.why}${world.shown.join('')}`, 'canary');
});

building("another app's store path is not readable", async ({ world }) => {
  const { storePath } = await world.build(`{ package = ${derivation('echo canary > $out')}; }`);
  for (const read of [`builtins.readFile ${storePath}`, `builtins.readFile "${storePath}"`, `builtins.readFile (builtins.storePath ${storePath})`]) {
    const error = await caught(world.build(`{ package = throw (${read}); }`));
    assert.is(error.code, 'HOP3_EVAL_FORBIDDEN', error.what);
  }
});

building('an evaluation without end is ended at its limit, trace and all', async ({ world }) => {
  world.settings = { ...world.settings, evalTimeout: 2 };
  const loop = `{ package = builtins.foldl' (a: b: builtins.seq (builtins.foldl' (c: d: c + d) 0 (builtins.genList (x: builtins.trace "round" x) 2000)) a) 0 (builtins.genList (x: x) 100000000); }`;
  const error = await caught(world.build(loop));
  assert.is(error.code, 'HOP3_EVAL_TIMEOUT');
  assert.match(error.what, 'Nix evaluated the expression for 2 s');
});

building('an evaluation that eats memory is ended without touching the server\'s', async ({ world }) => {
  const error = await caught(world.build(`{ package = builtins.foldl' (a: b: a ++ [ b ]) [ ] (builtins.genList (x: x) 700000000); }`));
  assert.is(error.code, 'HOP3_EVAL_MEMORY', error.what);
  assert.not.match(world.shown.join(''), 'GC Warning');
});

building('a silent build and a long one are ended, and the message names the limit', async ({ world }) => {
  world.settings = { ...world.settings, buildSilence: 1 };
  const silent = await caught(world.build(`{ package = ${derivation('sleep 60; echo > $out')}; }`));
  assert.is(silent.code, 'HOP3_BUILD_TIMEOUT');
  assert.match(silent.what, 'Building demo printed nothing for 1 s');
  assert.match(silent.next ?? '', 'HOP3_BUILD_SILENCE');
  world.settings = { ...world.settings, buildSilence: 60, buildTimeout: 2 };
  const long = await caught(world.build(`{ package = ${derivation('while :; do echo working; sleep 0.2; done')}; }`));
  assert.match(long.what, 'Building demo took more than 2 s');
  assert.match(long.next ?? '', 'HOP3_BUILD_TIMEOUT');
});

building('100 MB of builder output are cut and take no memory', async ({ world }) => {
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => { most = Math.max(most, process.memoryUsage().rss); }, 50);
  try {
    await world.build(`{ package = ${derivation('head -c 100000000 /dev/zero | tr "\\\\0" x | fold -w 1000; echo > $out')}; }`);
  } finally {
    clearInterval(watch);
  }
  assert.ok(world.shown.join('').length < 3 * 1024 * 1024);
  assert.match(world.shown.join(''), 'is not shown');
  assert.ok(most - before < 150 * 1024 * 1024, `grew by ${(most - before) / 1e6} MB`);
});

building('a cancelled build leaves no process behind after 5 s', async ({ world }) => {
  const mark = `${400_000 + (process.pid % 100_000)}`;
  const stop = new AbortController();
  const work = caught(world.build(`{ package = ${derivation(`echo begun; trap "" TERM; sleep ${mark} & sleep ${mark}`)}; }`, stop.signal));
  while (!world.shown.join('').includes('begun')) await delay(50);
  const sleeps = () => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid) === `sleep ${mark}`);
  while (sleeps().length < 2) await delay(20);
  stop.abort();
  assert.is((await work).code, 'HOP3_CANCELLED');
  for (let waited = 0; sleeps().length > 0 && waited < 5000; waited += 100) await delay(100);
  assert.equal(sleeps(), []);
});

building('a build that was cancelled before it began', async ({ world }) => {
  assert.is((await caught(world.build(`{ package = ${derivation('echo > $out')}; }`, AbortSignal.abort()))).code, 'HOP3_CANCELLED');
});

building('without a daemon the message says how to start it', async ({ world }) => {
  const before = process.env['NIX_REMOTE'];
  process.env['NIX_REMOTE'] = `unix://${join(world.root, 'no.sock')}`;
  try {
    const error = await caught(world.build(`{ package = ${derivation('echo > $out')}; }`));
    assert.is(error.code, 'HOP3_NIX_DAEMON');
    assert.match(error.next ?? '', 'systemctl start nix-daemon');
  } finally {
    process.env['NIX_REMOTE'] = before;
  }
});

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  } catch {
    return '';
  }
}

process.env['NIX_REMOTE'] ??= 'daemon';
if (nixAnswers() && spawnSync('prlimit', ['--version']).status === 0) building.run();
