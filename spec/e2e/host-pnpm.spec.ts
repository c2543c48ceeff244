// limit: 400
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { APPS, HostWorld, read, type Built } from './host-world.ts';
import { npmRegistry } from './npm-registry.ts';
import { nixAnswers } from './nix-world.ts';

interface Context { world: HostWorld; npmrc: string }

/** The hash that a build with a hash of nothing prints. */
function got(built: Built): string {
  const hash = /got:\s+(\S+)/.exec(built.log)?.[1];
  if (hash === undefined) throw new Error(`nix printed no hash:\n${built.log}`);
  return hash;
}

const pnpm = suite<Context>('the host package set: pnpm');
pnpm.before.each((context) => {
  context.world = new HostWorld();
  cpSync(join(APPS, 'test-apps-nix/node-pnpm'), context.world.source, { recursive: true });
  context.world.write('.npmrc', context.npmrc);
});
pnpm.after.each(({ world }) => world.end());

/** The example's packages under a hash, by the functions of one nixpkgs release or another. */
const installed = (hash: string, fetch: string, inputs: string, more = '') => `pkgs.stdenv.mkDerivation (finalAttrs: {
  pname = "pages"; version = "1.0"; src = ./.; inherit salt;
  pnpmDeps = ${fetch} { inherit (finalAttrs) pname version src; hash = ${hash}; };
  nativeBuildInputs = [ pkgs.nodejs ${inputs} ];
  dontBuild = true; installPhase = "cp -R . $out"; ${more}
})`;
const NEW = ['(args: pkgs.fetchPnpmDeps (args // { fetcherVersion = 3; }))', 'pkgs.pnpm pkgs.pnpmConfigHook'] as const;
const OLD = ['pkgs.pnpm_10.fetchDeps', 'pkgs.pnpm_10.configHook'] as const;

pnpm('packages are fetched under one hash, the same on every fetch, and installed offline by either release\'s names', async ({ world }) => {
  const first = await world.build(installed('lib.fakeHash', ...NEW));
  assert.match(first.log, /hash mismatch in fixed-output derivation '\/nix\/store\/\S+-pages-pnpm-deps\.drv'/);
  const hash = got(first);
  for (const [fetch, inputs] of [NEW, OLD]) {
    const built = await world.build(installed(`"${hash}"`, fetch, inputs));
    assert.match(read(built, 'node_modules/accepts/package.json'), '"name": "accepts"');
    const ran = spawnSync('node', ['-e', 'import("accepts").then(() => console.log("imported"))'], { cwd: built.path, encoding: 'utf8' });
    assert.is(ran.stdout.trim(), 'imported', ran.stderr);
  }
  // Under another name each is fetched once more.
  const anew = (fetch: string) => `(args: ${fetch} (args // { pname = "anew"; }))`;
  for (const fetch of [NEW[0], OLD[0]]) assert.is(got(await world.build(installed('lib.fakeHash', anew(fetch), NEW[1]))), hash);
});

pnpm('pnpmInstallFlags, dontPnpmConfigure, and what is missing is told', async ({ world }) => {
  const hash = got(await world.build(installed('lib.fakeHash', ...NEW)));
  const off = await world.build(installed(`"${hash}"`, ...NEW, 'dontPnpmConfigure = true;'));
  read(off, 'package.json');
  assert.not.ok(existsSync(join(off.path, 'node_modules')));
  const noPnpm = await world.build(installed(`"${hash}"`, NEW[0], 'pkgs.pnpmConfigHook', 'preConfigure = "PATH=${pkgs.coreutils}/bin:${pkgs.bash}/bin";'));
  assert.match(noPnpm.log, "Error: 'pnpm' binary not found in PATH");
  assert.match((await world.build(installed('""', 'pkgs.fetchPnpmDeps', NEW[1]))).log, '`fetcherVersion` is not set');
  world.write('package.json', '{ "dependencies": { "accepts": "^1.3.8", "escape-html": "^1.0.3", "ms": "^2.0.0" } }');
  const outdated = await world.build(installed(`"${hash}"`, ...NEW));
  assert.is.not(outdated.code, 0);
  assert.match(outdated.log, 'ERR_PNPM_OUTDATED_LOCKFILE');
});

pnpm('another pnpm than the machine\'s is refused by name', async ({ world }) => {
  const built = await world.build('pkgs.pnpm_8');
  if (built.code === 0) return console.log('skipped: the machine has pnpm 8');
  assert.match(built.log, /the host package set has no pnpm_8: this machine has pnpm \d+\.\S+; use pnpm_\d+ or pnpm, npm install --global pnpm@8, or use a real nixpkgs/);
});

const HE = 'sha512-F/1DnUGPopORZi0ni+CvrCgHQ5FyEAHRLSApuYWMmrbSwoN2Mn/7k+Gl38gJnR7yyDZk6WLXwiGod1JOWNDKGw==';

const npm = suite<Context>('the host package set: npm');
npm.before.each((context) => {
  context.world = new HostWorld();
  const packages = {
    '': { name: 'pages', version: '1.0.0', bin: { pages: 'cli.js' }, dependencies: { 'escape-html': '1.0.3' }, devDependencies: { he: '1.2.0' } },
    'node_modules/escape-html': {
      version: '1.0.3', integrity: 'sha512-NiSupZ4OeuGwr68lGIeym/ksIZMJodUGOSCZ/FSnTxcrekbvqrgdUxlJOMpijaKZVjAJrWrGs/6Jy8OMuyj9ow==',
    },
    'node_modules/he': {
      version: '1.2.0', integrity: HE, dev: true, bin: { he: 'bin/he' }, resolved: 'https://registry.example.org/he/-/he-1.2.0.tgz',
    },
  };
  context.world.write('.npmrc', context.npmrc);
  context.world.write('package.json', JSON.stringify({ ...packages[''], scripts: { build: 'printf "<b>" | he --encode > built.txt' } }));
  context.world.write('package-lock.json', JSON.stringify({ name: 'pages', version: '1.0.0', lockfileVersion: 3, requires: true, packages }));
  context.world.write('cli.js', 'console.log(require("escape-html")("<i>"))\n');
});
npm.after.each(({ world }) => world.end());
/** The app built, its command run, and what its build script wrote. */
function checkApp(built: Built): void {
  assert.is(read(built, 'lib/node_modules/pages/built.txt'), '&#x3C;b&#x3E;\n');
  assert.is(spawnSync(join(built.path, 'bin/pages'), { encoding: 'utf8' }).stdout, '&lt;i&gt;\n');
  assert.equal(readdirSync(join(built.path, 'lib/node_modules/pages/node_modules')).filter((name) => !name.startsWith('.')), ['escape-html']);
}

npm('buildNpmPackage: packages under one hash, the build script, the command, and nothing of development', async ({ world }) => {
  const of = (hash: string) => world.build(`pkgs.buildNpmPackage { pname = "pages"; version = "1.0"; src = ./.; npmDepsHash = ${hash}; inherit salt; }`);
  const first = await of('lib.fakeHash');
  assert.match(first.log, /hash mismatch in fixed-output derivation '\/nix\/store\/\S+-pages-1\.0-npm-deps\.drv'/);
  checkApp(await of(`"${got(first)}"`));
});

npm('importNpmLock: the lock file\'s own hashes do, and no other is asked for', async ({ world }) => {
  checkApp(await world.build(`pkgs.buildNpmPackage {
    pname = "pages"; version = "1.0"; src = ./.; inherit salt;
    npmDeps = pkgs.importNpmLock { npmRoot = ./.; }; npmConfigHook = pkgs.importNpmLock.npmConfigHook;
  }`));
});

npm('a lock file that changed, one without hashes and a missing one are told', async ({ world }) => {
  const of = (deps: string) => world.build(`pkgs.buildNpmPackage { pname = "pages"; version = "1.0"; src = ./.; inherit salt; ${deps} }`);
  const hash = got(await of('npmDepsHash = lib.fakeHash;'));
  const lock = read({ code: 0, path: world.source, log: '' }, 'package-lock.json');
  world.write('package-lock.json', `${lock}\n`);
  assert.match((await of(`npmDepsHash = "${hash}";`)).log, 'ERROR: npmDepsHash is out of date');
  const wrong = lock.replace(HE, HE.replace('F/1D', 'AAAA'));
  world.write('package-lock.json', wrong);
  assert.match((await world.build('pkgs.fetchNpmDeps { src = ./.; hash = lib.fakeHash; name = "deps"; inherit salt; }')).log, /error: \S+he-1\.2\.0\.tgz is not what the lock file has/);
  world.write('package-lock.json', lock.replace(`"integrity":"${HE}",`, ''));
  assert.match((await world.build('pkgs.fetchNpmDeps { src = ./.; hash = lib.fakeHash; name = "deps"; inherit salt; }')).log, 'error: node_modules/he has no hash in the lock file');
});

const registry = nixAnswers() ? npmRegistry() : null;
if (registry !== null) {
  const give = (context: Context) => { context.npmrc = `registry=${registry}\n`; };
  pnpm.before(give);
  npm.before(give);
  pnpm.run();
  npm.run();
}
