// limit: 300
import { existsSync } from 'node:fs';
import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { silentLog } from '../../src/log.ts';
import type { AppName } from '../../src/names.ts';
import { resolvePackageSet } from '../../src/nix/package-set.ts';
import { StoreSweep } from '../../src/pipeline/sweep.ts';
import { StoreSizes } from '../../src/nix/store-sizes.ts';
import { Paths } from '../../src/paths.ts';
import { AddonHost } from '../../src/pipeline/addon-host.ts';
import type { Host } from '../../src/pipeline/job.ts';
import { Gate } from '../../src/pipeline/turns.ts';
import { bringBack } from '../../src/pipeline/verify.ts';
import { readSettings } from '../../src/settings.ts';
import { Store } from '../../src/store/store.ts';
import { caught } from '../caught.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { expression, site, told } from './tiny-apps.ts';
import { CHECKOUT, exec, until, World, type Ran, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);

/** A start script around Debian's Python that serves a file of the pushed tree. */
const WRAPPED = {
  'hop3.toml': `[metadata]
id = "pages"
version = "1.2"

[nix]
template = "nixpkgs-wrapper"
nixpkgs-package = "python3"
exec-target = "python3"
exec-args = ["-m", "http.server", "\\"$PORT\\"", "--bind", "\\"$BIND_ADDRESS\\"", "--directory", "\\"APPDIR/conf d\\""]
install-files = ["conf d/index.html"]

[healthcheck]
path = "/"
`,
  'conf d/index.html': 'served from the tree\n',
};

/** The number that a uuid of the kernel takes the place of is another one in every build. */
const RANDOM = expression(`let
    number = pkgs.runCommand "number" { } "cat /proc/sys/kernel/random/uuid > $out";
  in pkgs.runCommand "lottery" { } ''
    mkdir -p $out/hop3 $out/public
    ln -s \${number} $out/public/number.txt
    echo "{\\"workers\\":{\\"static\\":\\"$out/public\\"}}" > $out/hop3/runtime.json
  ''`);

const test = suite<{ world: World }>('hop3 nix');
test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world?.stop(); });

async function storePathOf(world: World, app: string, build: number): Promise<string> {
  const shown = await world.hop3('builds', 'show', `b${build}`, '--app', app, '--json');
  assert.is(shown.code, 0, shown.output);
  return (JSON.parse(shown.stdout) as { store_path: string }).store_path;
}

async function pushed(repo: Repo): Promise<Ran> {
  const ran = await repo.push();
  assert.is(ran.code, 0, ran.output);
  return ran;
}

test('generate prints the expression alone, and the rest beside it', async ({ world }) => {
  const repo = await world.repo('pages', WRAPPED);
  const made = await world.hop3('nix', 'generate', repo.dir);
  assert.is(made.code, 0, made.output);
  assert.match(made.stdout, /^# Rendered by Hop3 from \[nix\] template = "nixpkgs-wrapper"/);
  assert.match(made.stderr, 'Template nixpkgs-wrapper, tier 1 (packaged by nixpkgs); package set host');
  const parsed = await exec('nix-instantiate', ['--parse', '-'], { input: made.stdout, env: world.env });
  assert.is(parsed.code, 0, parsed.output);
  const json = JSON.parse((await world.hop3('nix', 'generate', repo.dir, '--json')).stdout);
  assert.is(json.expression, made.stdout);
  assert.is(json.reproducible, false, 'the host set is not pinned');
  assert.match((await world.hop3('plan', repo.dir)).stdout, 'tier:         1 (packaged by nixpkgs)');
});

test('an ejected hop3.nix builds what the template built, and is never written over', async ({ world }) => {
  const repo: Repo = await world.repo('shop', { ...WRAPPED, 'hop3.toml': WRAPPED['hop3.toml'].replace('id = "pages"\n', '') });
  assert.match(told(await pushed(repo)), '-----> Template mode: nixpkgs-wrapper (tier 1: packaged by nixpkgs)');
  assert.is((await world.get('shop')).body, 'served from the tree\n');

  const file = join(repo.dir, 'hop3.nix');
  const written = await exec(join(CHECKOUT, 'bin/hop3'), ['nix', 'eject'], { cwd: repo.dir, env: world.env });
  assert.is(written.code, 0, written.output);
  assert.is(written.stdout, `${file}\n`);
  const text = await readFile(file, 'utf8');
  assert.match(text, /^# Ejected by Hop3 \d+\.\d+\.\d+ from template nixpkgs-wrapper on \d{4}-\d\d-\d\d\.\n/);
  assert.is((await world.hop3('builds', '--app', 'shop', '--json')).stdout.match(/"number"/g)!.length, 1, 'nothing was deployed');

  await writeFile(file, 'mine');
  const refused = await world.hop3('nix', 'eject', repo.dir, '--app', 'shop');
  assert.is(refused.code, 6);
  assert.match(refused.stderr, `${file} is there already; nothing was written.\n       To replace it: hop3 nix eject --force\n       [HOP3_FILE_EXISTS]`);
  assert.is(await readFile(file, 'utf8'), 'mine');
  assert.is((await world.hop3('nix', 'eject', repo.dir, '--app', 'shop', '--force')).code, 0);
  assert.is(await readFile(file, 'utf8'), text);
  assert.equal((await readdir(repo.dir)).sort(), ['.git', 'conf d', 'hop3.nix', 'hop3.toml']);

  await repo.commit('ejected');
  const again = told(await pushed(repo));
  assert.match(again, /\[nix\] is ignored: hop3\.nix was ejected from nixpkgs-wrapper on \d{4}-\d\d-\d\d/);
  assert.is(await storePathOf(world, 'shop', 2), await storePathOf(world, 'shop', 1));
});

test('nor does hop3.nix itself become part of what a template makes of the whole tree', async ({ world }) => {
  if (!existsSync('/usr/bin/php')) return console.log('skipped: PHP is not installed, so no template takes the whole tree here');
  const repo = await world.repo('greeter', { 'hop3.toml': '[nix]\ntemplate = "php-app"\n', 'index.php': '<?php echo "files: ", implode(" ", array_diff(scandir(__DIR__), [".", ".."])), "\\n";' });
  await pushed(repo);
  const before = await world.get('greeter');
  assert.match(before.body, 'index.php');
  assert.is((await world.hop3('nix', 'eject', repo.dir)).code, 0);
  await repo.commit('ejected');
  assert.match(told(await pushed(repo)), '[nix] is ignored: hop3.nix was ejected from php-app on ');
  assert.is(await storePathOf(world, 'greeter', 2), await storePathOf(world, 'greeter', 1));
  assert.is((await world.get('greeter')).body, before.body);
  const verified = await world.hop3('nix', 'verify', 'v2', '--app', 'greeter');
  assert.is(verified.code, 0, verified.output);
  assert.match(verified.stderr, /-----> Building again: \/nix\/store\/\w{32}-greeter-app/, 'the app itself is compared, not its start script alone');
});

test('what cannot be ejected is said', async ({ world }) => {
  const byHand = await world.repo('byhand', site('by hand'));
  const refused = await world.hop3('nix', 'eject', byHand.dir, '--app', 'byhand', '--force');
  assert.is(refused.code, 2);
  assert.match(refused.stderr, 'There is no hop3.toml, so there is nothing to eject.\n       hop3.nix is what a push builds already: change it as you like.');
  assert.match(await readFile(join(byHand.dir, 'hop3.nix'), 'utf8'), 'runCommand "site"');
  const nameless = await world.repo('nameless', { 'hop3.toml': '[nix]\ntemplate = "nixpkgs-wrapper"\nnixpkgs-package = "python3"\nexec-target = "python3"\n' });
  await nameless.git('remote', 'remove', 'hop3');
  const unknown = await world.hop3('nix', 'eject', nameless.dir);
  assert.is(unknown.code, 3);
  assert.match(unknown.stderr, 'names inside the expression follow it.\n       Say --app <name>');
  assert.equal((await readdir(nameless.dir)).sort(), ['.git', 'hop3.toml']);
});

test('tiers lists a tree of apps without a server', async ({ world }) => {
  await world.repo('listed/one', WRAPPED);
  await world.repo('listed/two', site('two'));
  await world.repo('listed/wrong', { 'hop3.toml': '[nix]\ntemplate = "nixpkgs-wraper"\n' });
  const env = { ...world.env, HOP3_SERVER: 'http://127.0.0.1:1', HOP3_NIXPKGS: '' };
  const listed = await exec(join(CHECKOUT, 'bin/hop3'), ['nix', 'tiers', 'work/listed'], { env, cwd: world.home });
  assert.is(listed.stdout, [
    'APP    TEMPLATE             TIER  REPRODUCIBLE  AUDITABLE  ARCHITECTURES                DIRECTORY',
    'pages  nixpkgs-wrapper      1     yes           yes        aarch64-linux, x86_64-linux  work/listed/one',
    'two    hop3.nix             -     -             -          -                            work/listed/two',
    'wrong  (cannot be planned)  -     -             -          -                            work/listed/wrong', '',
  ].join('\n'));
  assert.match(listed.stderr, /^work\/listed\/wrong: hop3\.toml:2:12: .*"nixpkgs-wraper"\. Did you mean "nixpkgs-wrapper"\? \[HOP3_CONFIG\]$/m);
  assert.match(listed.stderr, 'Reproducible: with a pinned nixpkgs.');
  assert.is.not(listed.code, 0, 'one of them cannot be pushed');
  const json = await exec(join(CHECKOUT, 'bin/hop3'), ['nix', 'tiers', 'work/listed/one', 'work/listed/one/', '--json'], { env: { ...env, HOP3_NIXPKGS: 'host' }, cwd: world.home });
  assert.is(json.code, 0, json.output);
  assert.equal(JSON.parse(json.stdout), { apps: [{
    app: 'pages', directory: 'work/listed/one', mode: 'template', template: 'nixpkgs-wrapper', tier: 1, reproducible: false, auditable: true,
    architectures: ['aarch64-linux', 'x86_64-linux'], reasons: ['the package set is host: its programs change with the distribution'], problem: null,
  }] });
  const nowhere = await exec(join(CHECKOUT, 'bin/hop3'), ['nix', 'tiers', 'nowhere'], { env, cwd: world.home });
  assert.is(nowhere.code, 2);
  assert.match(nowhere.stderr, 'nowhere cannot be read: ENOENT.');
});

test('check tells what a package is, and what is near one that is not there', async ({ world }) => {
  const found = await world.hop3('nix', 'check', 'pkgs.python3');
  assert.is(found.code, 0, found.output);
  assert.match(found.stdout, /^package: +python3\nversion: /);
  assert.match(found.stdout, /\nusable: +yes\n/);
  const inside = JSON.parse((await world.hop3('nix', 'check', 'python3Packages.requests', '--json')).stdout);
  assert.is(inside.package, 'python3Packages.requests');
  assert.is(inside.main_program, null);
  const silent = await world.hop3('nix', 'check', 'python3Packages.requests');
  assert.match(silent.stderr, 'requests does not say which of its programs is the main one, so lib.getExe only guesses. Give [nix] exec-target');

  const missing = await world.hop3('nix', 'check', 'pyton3');
  assert.is(missing.code, 3);
  assert.match(missing.stderr, /The package set has no "pyton3" \(host: .*\)\.\n {7}Near it: python3\b.*\n {7}\[HOP3_NO_PACKAGE\]/);
  assert.match((await world.hop3('nix', 'check', 'python3Packages.reqests')).stderr, 'Near it: python3Packages.requests');
  assert.match((await world.hop3('nix', 'check', 'python3Packages')).stderr, /"python3Packages" is a set of names \(\d+\), and no package\.\n {7}Say which one: python3Packages\.<name>/);
  assert.match((await world.hop3('nix', 'check', 'fetchurl')).stderr, '"fetchurl" is a function, and no package.');
});

test('check evaluates names, never Nix that somebody sends', async ({ world }) => {
  for (const name of ['', 'a b', 'a;b', '${builtins.readFile "/etc/passwd"}', 'x" ]; y', '../../etc', 'a..b', 'a.', '[', 'a'.repeat(300), 'a\nb', '-E']) {
    const answer = await world.api(`/api/v1/packages?name=${encodeURIComponent(name)}`, { token: await world.token() });
    assert.is(answer.status, 400, `${name}: ${answer.body}`);
    assert.match(answer.body, 'cannot be the name of a package');
  }
  assert.is((await world.api('/api/v1/packages?name=python3')).status, 401);
});

test('verify builds a release again: the same, or different with the paths that are', async ({ world }) => {
  const repo = await world.repo('lottery', RANDOM);
  await pushed(repo);
  const lost = await world.hop3('nix', 'verify', 'v1', '--app', 'lottery');
  assert.is(lost.code, 9, lost.output);
  assert.match(lost.stderr, '-----> Verifying v1');
  assert.match(lost.stderr, /-----> Building again: \/nix\/store\/\w{32}-number\n(?: {7}.*\n)* {7}came out different\n/);
  assert.match(lost.stderr, / !     v1 is not bit-identical: 1 of 2 store paths came out different\.\n {7}\/nix\/store\/\w{32}-number\n/);
  assert.match(lost.stderr, '[HOP3_NOT_IDENTICAL]');
  assert.is((await world.get('lottery', '/number.txt')).status, 200, 'what is live stays');

  await repo.commit('steady', { 'hop3.nix': RANDOM['hop3.nix']!.replace('cat /proc/sys/kernel/random/uuid', 'echo 7') });
  await pushed(repo);
  const same = await world.hop3('nix', 'verify', 'v2', '--app', 'lottery');
  assert.is(same.code, 0, same.output);
  assert.is(same.stdout, 'v2 of lottery is bit-identical.\n');
  assert.match(same.stderr, /-----> v2 is bit-identical: 2 store paths built again, and nothing differs\n/);
  const json = await world.hop3('nix', 'verify', '2', '--app', 'lottery', '--json', '--quiet');
  assert.equal([JSON.parse(json.stdout).identical, JSON.parse(json.stdout).release.version, json.stderr], [true, 2, '']);
  assert.is((await world.hop3('builds', '--app', 'lottery', '--json')).stdout.match(/"number"/g)!.length, 2, 'a verification is no build of the app');
});

test('a template is verified too', async ({ world }) => {
  const verified = await world.hop3('nix', 'verify', 'v1', '--app', 'shop');
  assert.is(verified.code, 0, verified.output);
});

test('a derivation that was garbage is found again by the commit, as long as that still gives it', async ({ world }) => {
  // The daemon lets no ordinary user collect the derivation of something that is kept, so this asks what would follow.
  const settings = readSettings(world.env);
  const paths = new Paths(world.root);
  const store = Store.open(paths.database, paths.secretKey);
  const packageSet = await resolvePackageSet(settings, silentLog);
  const host: Host = { settings, paths, store, addons: new AddonHost({ settings, paths, store }), packageSet: async () => packageSet, sizes: new StoreSizes(), sweep: new StoreSweep({ store, reportDefect: (where, error) => { throw new Error(where, { cause: error }); } }), sweepPorts: async () => {}, builds: new Gate(1), barrier: null, reportDefect: (where, error) => { throw new Error(where, { cause: error }); } };
  const signal = new AbortController().signal;
  try {
    const release = (app: string, version: number) => store.releases.get(app as AppName, version)!;
    await bringBack(host, release('lottery', 2), packageSet, 'ann', silentLog, signal);
    await bringBack(host, release('shop', 1), packageSet, 'ann', silentLog, signal);
    const lost = await caught(bringBack(host, { ...release('lottery', 2), commit: release('lottery', 1).commit, tree: release('lottery', 1).tree }, packageSet, 'ann', silentLog, signal));
    assert.is(lost.code, 'HOP3_VERIFY_LOST');
    assert.is(lost.what, 'How v2 was built is lost: its commit gives another store path today.');
    assert.match(lost.why ?? '', /^Hop3 or Nix has changed since\.\nthen: {2}\/nix\/store\/.*-lottery\ntoday: \/nix\/store\/.*-lottery$/);
    assert.equal((await readdir(paths.checkouts)).filter((name) => !name.includes('.kept.')), [], 'nothing is left behind');
  } finally {
    store.close();
  }
});

test('Ctrl-C ends the rebuild on the server', async ({ world }) => {
  const repo = await world.repo('slow', site('slow', 4));
  await pushed(repo);
  const derivation = (await exec('nix-store', ['-q', '--deriver', await storePathOf(world, 'slow', 1)], { env: world.env })).stdout.trim();
  const commands = async () => Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  const rebuilding = async () => (await commands()).some((words) => words.includes(`${derivation}\0--check`));
  let seen = false;
  let shown = '';
  const ended = await exec(join(CHECKOUT, 'bin/hop3'), ['nix', 'verify', 'v1', '--app', 'slow'], {
    env: world.env,
    onOutput: (text, child) => {
      const before = shown;
      shown += text;
      // A second one would end the command before it has said anything.
      if (!shown.includes('Building again') || before.includes('Building again')) return;
      void until('the rebuild', rebuilding).then(() => {
        seen = true;
        child.kill('SIGINT');
      }, () => {});
    },
  });
  assert.is(ended.code, 130, ended.output);
  assert.match(ended.stderr, 'Interrupted.\n       Nothing was changed; the server ends what it was building again.');
  assert.ok(seen, 'it was under way');
  await until('the end of the rebuild', async () => !(await rebuilding()));
  assert.is((await world.get('slow')).body, 'slow\n');
  const again = await world.hop3('nix', 'verify', 'v1', '--app', 'slow');
  assert.is(again.code, 0, again.output);
});

test('only who may see an app verifies it, and only what there is', async ({ world }) => {
  const made = await world.hop3('token', 'create', '--app', 'slow', '--name', 'theirs');
  const theirs = { ...world.env, HOP3_API_TOKEN: made.stdout.trim() };
  const hop3 = (...args: string[]) => exec(join(CHECKOUT, 'bin/hop3'), args, { env: theirs, cwd: world.home });
  const other = await hop3('nix', 'verify', 'v1', '--app', 'shop');
  assert.is(other.code, 5, other.output);
  assert.match(other.stderr, 'This token is for the app slow, not for shop.');
  assert.is((await hop3('nix', 'verify', 'v1', '--app', 'slow')).code, 0);
  assert.is((await hop3('nix', 'check', 'python3')).code, 0, 'any token may ask about packages');
  const stranger = await world.api('/api/v1/apps/slow/releases/1/verify', { method: 'POST', body: {} });
  assert.is(stranger.status, 401);
  const none = await world.hop3('nix', 'verify', 'v9', '--app', 'slow');
  assert.is(none.code, 3);
  assert.match(none.stderr, 'slow has no release v9.');
  assert.is((await lstat(join(world.root, 'apps/slow/current'))).isSymbolicLink(), true);
});

test.run();
