// limit: 300
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ComposerRepository } from './composer-repository.ts';
import { HostWorld, read } from './host-world.ts';
import { nixAnswers } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

const php = suite<{ world: HostWorld }>('the host package set: PHP');
php.before.each((context) => { context.world = new HostWorld(); });
php.after.each(({ world }) => world.end());

/** What a PHP of the set prints for this code, in the build sandbox. */
const prints = (expression: string, code: string): string =>
  `pkgs.runCommand "php-prints" { inherit salt; nativeBuildInputs = [ (${expression}) ]; } ''php -r '${code}' > $out 2>&1''`;

php('an extension that is asked for is loaded, once, whether Debian has it compiled in, as a module, or by default', async ({ world }) => {
  const asked = 'pkgs.php82.withExtensions ({ enabled, all }: enabled ++ [ all.xml all.tokenizer all.openssl all.mbstring all.pdo_sqlite all.xsl ])';
  const built = await world.build(prints(asked, 'foreach (["xml", "tokenizer", "openssl", "mbstring", "pdo_sqlite", "xsl"] as $e) echo $e, extension_loaded($e) ? " yes" : " NO", "\\n";'));
  // Nothing else: a module that is loaded twice prints a warning into every output.
  assert.is(read(built), 'xml yes\ntokenizer yes\nopenssl yes\nmbstring yes\npdo_sqlite yes\nxsl yes\n');
});

php('calls of withExtensions add to each other, and bring what an extension needs', async ({ world }) => {
  const stacked = '(pkgs.php.withExtensions ({ all, ... }: [ all.xsl ])).withExtensions ({ enabled, all }: enabled ++ [ all.pdo_sqlite ])';
  const built = await world.build(prints(stacked, 'echo json_encode(array_map("extension_loaded", ["xsl", "dom", "pdo_sqlite", "pdo", "intl", "sockets"]));'));
  assert.is(read(built), '[true,true,true,true,false,false]');
});

php('buildEnv takes settings; without them PHP has its own for production, and sessions have a place', async ({ world }) => {
  const code = 'echo ini_get("memory_limit"), " ", ini_get("display_errors") ?: "0", " ", ini_get("variables_order"), " [", ini_get("session.save_path"), "]";';
  assert.is(read(await world.build(prints('pkgs.php82', code))), '128M 0 GPCS []');
  const own = 'pkgs.php82.buildEnv { extensions = { enabled, all }: enabled; extraConfig = "memory_limit = 200M"; }';
  assert.is(read(await world.build(prints(own, code))), '200M 0 GPCS []');
});

php('a name that nixpkgs does not have is missing here too; one that Debian lacks is named with its package', async ({ world }) => {
  for (const name of ['json', 'pdo_pgsq', 'phar']) {
    const built = await world.build(`pkgs.php82.withExtensions ({ enabled, all }: enabled ++ [ all.${name} ])`);
    assert.match(built.log, `attribute '${name}' missing`);
  }
  if (spawnSync('php', ['-m'], { encoding: 'utf8' }).stdout.includes('zmq')) return;
  const built = await world.build('(pkgs.php82.withExtensions ({ enabled, all }: enabled ++ [ all.zmq ])).overrideAttrs { inherit salt; }');
  assert.match(built.log, 'error: the host package set lacks PHP extensions: apt-get install php8.2-zmq, or use a real nixpkgs');
});

php('another PHP than the distribution\'s is refused by name', async ({ world }) => {
  const built = await world.build('pkgs.php84');
  assert.match(built.log, "the host package set has no php84: this distribution's PHP is 8.2. Write php82 or plain php, or use a real nixpkgs");
});

const composer = suite<{ world: HostWorld; repository: ComposerRepository }>('the host package set: composer');
composer.before.each(async (context) => {
  context.world = new HostWorld();
  context.repository = await ComposerRepository.start();
});
composer.after.each(async ({ world, repository }) => {
  world.end();
  await repository.end();
});

composer('composer runs in a build by all of its names', async ({ world }) => {
  const built = await world.build(`pkgs.runCommand "composer-version" { inherit salt; } ''
    export COMPOSER_HOME=$TMPDIR
    for program in \${pkgs.php.packages.composer} \${pkgs.php82Packages.composer} \${pkgs.php82.packages.composer}; do $program/bin/composer --version; done > $out
  ''`);
  assert.is(read(built).split('\n').filter((line) => line.startsWith('Composer version 2.')).length, 3);
});

composer('buildComposerProject2 fetches under a hash, and builds without a network', async ({ world, repository }) => {
  for (const [name, text] of Object.entries(await repository.project({ bin: ['bin/shop'] }))) world.write(name, text);
  world.write('index.php', "<?php require __DIR__ . '/vendor/autoload.php'; echo Acme\\Greeting::text();\n");
  const project = (hash: string) => `(pkgs.php82.withExtensions ({ enabled, all }: enabled)).buildComposerProject2 (finalAttrs: {
    pname = "shop"; version = "1.0"; src = builtins.path { name = "source"; path = ./.; filter = path: type: baseNameOf path != "hop3.nix"; };
    vendorHash = ${hash};
    composerStrictValidation = false;
    preConfigure = "cmp composer.lock $composerVendor/composer.lock && echo same lock file";
    postInstall = "echo \${salt} > $out/share/php/shop/salt";
  })`;
  const without = await world.build(project('lib.fakeHash'));
  const got = /got:\s+(sha256-\S+)/.exec(without.log)?.[1];
  assert.match(without.log, 'shop-composer-vendor-1.0');
  assert.ok(got, without.log);
  const built = await world.build(project(`"${got}"`));
  assert.match(built.log, 'same lock file');
  assert.is(built.code, 0, built.log);
  assert.is(spawnSync('php', [`${built.path}/share/php/shop/index.php`], { encoding: 'utf8' }).stdout, 'greetings from a package');
});

composer('a lock file that is missing is asked for', async ({ world, repository }) => {
  world.write('composer.json', (await repository.project())['composer.json']);
  const built = await world.build('pkgs.php.mkComposerVendor { pname = "no-lock"; version = "1"; src = ./.; vendorHash = lib.fakeHash; inherit salt; }');
  assert.match(built.log, 'error: the source has no composer.lock.');
});

composer('strict validation ends the build where composer finds fault, and can be left out', async ({ world, repository }) => {
  for (const [name, text] of Object.entries(await repository.project({ license: undefined }))) world.write(name, text);
  const vendor = (strict: boolean) => `pkgs.php.mkComposerVendor {
    pname = "strict"; version = "1"; src = ./.; vendorHash = lib.fakeHash; composerStrictValidation = ${strict}; inherit salt; }`;
  assert.match((await world.build(vendor(true))).log, 'error: composer finds fault with composer.json or composer.lock');
  assert.match((await world.build(vendor(false))).log, 'hash mismatch');
});

if (nixAnswers()) {
  if (existsSync('/usr/bin/php8.2')) php.run();
  else console.log('skipped: PHP 8.2 is not installed (scripts/ensure-tools.sh --for test)');
  if (existsSync('/usr/bin/composer')) composer.run();
  else console.log('skipped: composer is not installed (scripts/ensure-tools.sh --for test)');
}
