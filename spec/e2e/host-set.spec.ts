import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HostWorld, read } from './host-world.ts';
import { nixAnswers } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

const set = suite<{ world: HostWorld }>('the host package set');
set.before.each((context) => { context.world = new HostWorld(); });
set.after.each(({ world }) => world.end());

set('mkDerivation runs the phases in nixpkgs\' order, with the hooks around each', async ({ world }) => {
  const phases = ['Unpack', 'Patch', 'Configure', 'Build', 'Check', 'Install', 'Fixup', 'InstallCheck'];
  const hooks = phases.flatMap((phase) => [`pre${phase}`, `post${phase}`]);
  world.write('Makefile', 'all:\n\techo compiled > built\ncheck:\n\techo "in the tests"\ninstall:\n\tinstall -D built $(DESTDIR)$(out)/share/built\n');
  const built = await world.build(`pkgs.stdenv.mkDerivation {
    pname = "phases"; version = "1"; src = ./.; inherit salt;
    doCheck = true; doInstallCheck = true;
    ${hooks.map((hook) => `${hook} = "echo hook ${hook}";`).join(' ')}
  }`);
  assert.is(read(built, 'share/built'), 'compiled\n');
  assert.equal(built.log.split('\n').filter((line) => line.startsWith('hook ')).map((line) => line.slice(5)), hooks);
  assert.ok(built.log.indexOf('hook preCheck') < built.log.indexOf('in the tests'));
});

set('check is off, and a phase can be left out or replaced', async ({ world }) => {
  const built = await world.build(`pkgs.stdenv.mkDerivation {
    name = "fewer-phases"; inherit salt; dontUnpack = true; dontFixup = true;
    checkPhase = "echo checked";
    buildPhase = "echo from my buildPhase";
    installPhase = "runHook preInstall; mkdir $out; echo $PWD > $out/where; runHook postInstall";
    postInstall = "echo $name > $out/name";
  }`);
  assert.is(read(built, 'name'), 'fewer-phases\n');
  assert.match(built.log, /from my buildPhase/);
  assert.not.match(built.log, /checked|fixupPhase|unpackPhase/);
});

set('a failing phase says which one it was', async ({ world }) => {
  const built = await world.build('pkgs.stdenv.mkDerivation { name = "fails"; inherit salt; dontUnpack = true; installPhase = "echo cannot do it; exit 3"; }');
  assert.is.not(built.code, 0);
  assert.match(built.log, /cannot do it\nerror: installPhase failed with exit code 3\n/);
  const quietly = await world.build('pkgs.stdenv.mkDerivation { name = "fails-quietly"; inherit salt; dontUnpack = true; buildPhase = "false; echo went on"; failureHook = "echo my failureHook"; }');
  assert.match(quietly.log, /Running phase: buildPhase\nerror: buildPhase failed with exit code 1\nmy failureHook\nerror: builder for/);
});

set('an archive is unpacked and patched; configure gets the prefix; env reaches the builder', async ({ world }) => {
  mkdirSync(join(world.source, 'tool-1.0'));
  world.write('tool-1.0/configure', '#!/bin/sh\necho "$@" "$LEVEL" > flags\n');
  chmodSync(join(world.source, 'tool-1.0/configure'), 0o755);
  world.write('tool-1.0/word', 'before\n');
  world.write('word.patch', '--- a/word\n+++ b/word\n@@ -1 +1 @@\n-before\n+after\n');
  spawnSync('tar', ['-C', world.source, '-czf', join(world.source, 'tool-1.0.tar.gz'), 'tool-1.0']);
  const built = await world.build(`pkgs.stdenv.mkDerivation (finalAttrs: {
    pname = "tool"; version = "1.0"; src = ./tool-1.0.tar.gz; inherit salt;
    patches = [ ./word.patch ]; configureFlags = [ "--with-x" ]; env.LEVEL = "high";
    installPhase = "mkdir $out; cp word flags $out/; echo \${finalAttrs.pname} > $out/pname";
  })`);
  assert.is(read(built, 'word'), 'after\n');
  assert.is(read(built, 'flags'), `--prefix=${built.path} --with-x high\n`);
  assert.is(read(built, 'pname'), 'tool\n');
});

set('a long text with every kind of quote arrives unchanged by passAsFile', async ({ world }) => {
  const text = `${'x'.repeat(200_000)} "double" 'single' \`tick\` $HOME \\n ünïcode`;
  const quoted = JSON.stringify(text).replaceAll('$', '\\$');
  const built = await world.build(`pkgs.runCommand "long" { inherit salt; passAsFile = [ "text" ]; text = ${quoted}; } "cp $textPath $out"`);
  assert.is(read(built), text);
});

set('writeShellApplication has its inputs on PATH and stops at the first error', async ({ world }) => {
  const built = await world.build(`pkgs.writeShellApplication {
    name = "greet"; runtimeInputs = [ (pkgs.writeShellScriptBin "who" "echo world \${salt}") ]; runtimeEnv.GREETING = "good day";
    text = "echo \\"$GREETING $(who)\\"; false; echo not reached";
  }`);
  assert.is(built.code, 0, built.log);
  const ran = spawnSync(join(built.path, 'bin/greet'), { encoding: 'utf8' });
  assert.match(ran.stdout, /^good day world \d+-\d+\n$/);
  assert.is(ran.status, 1);
});

set('a shell script with a syntax error is refused by its build', async ({ world }) => {
  const built = await world.build('pkgs.writeShellScriptBin "broken" "if true; then # ${salt}"');
  assert.is.not(built.code, 0);
  assert.match(built.log, /syntax error: unexpected end of file/);
});

set('makeWrapper and wrapProgram understand nixpkgs\' flags', async ({ world }) => {
  const built = await world.build(`pkgs.runCommand "wrapped" { inherit salt; nativeBuildInputs = [ pkgs.makeWrapper ]; } ''
    mkdir -p $out/bin
    printf '#!/bin/sh\\necho "$SET|$DEFAULT|\${"$"}{GONE-unset}|$LIST|$*"\\n' > $out/bin/show
    chmod +x $out/bin/show
    wrapProgram $out/bin/show --set SET "it's \\$1" --set-default DEFAULT given --unset GONE \\
      --prefix LIST : /first --suffix LIST : /last --add-flags "--a 'b c'" --add-flag 'd  e' --append-flag end --run 'echo ran'
  ''`);
  assert.is(built.code, 0, built.log);
  const show = (env: Record<string, string>) => spawnSync(join(built.path, 'bin/show'), ['user'], { encoding: 'utf8', env }).stdout;
  assert.is(show({ GONE: 'x', LIST: '/own' }), 'ran\nit\'s $1|given|unset|/first:/own:/last|--a b c d  e user end\n');
  assert.is(show({ DEFAULT: 'mine' }), 'ran\nit\'s $1|mine|unset|/first:/last|--a b c d  e user end\n');
});

set('symlinkJoin, buildEnv and linkFarm make trees of links', async ({ world }) => {
  const built = await world.build(`let
      one = pkgs.writeTextDir "share/one" salt; two = pkgs.writeTextDir "share/two" salt; clash = pkgs.writeTextDir "share/one" "other \${salt}";
    in pkgs.linkFarm "trees" {
      joined = pkgs.symlinkJoin { name = "joined"; paths = [ one two clash ]; postBuild = "echo done > $out/marker"; };
      env = pkgs.buildEnv { name = "env"; paths = [ one two ]; pathsToLink = [ "/share" ]; };
    }`);
  assert.is(read(built, 'joined/share/one'), read(built, 'env/share/one'));
  assert.is(read(built, 'joined/marker'), 'done\n');
  const refused = await world.build('pkgs.buildEnv { name = "clash"; paths = [ (pkgs.writeTextDir "f" salt) (pkgs.writeTextDir "f" "not ${salt}") ]; }');
  assert.is.not(refused.code, 0);
  assert.match(refused.log, /error: two packages have f: /);
});

set('scripts get the interpreter that was on PATH, and a dangling link into the store is an error', async ({ world }) => {
  const built = await world.build(`pkgs.stdenv.mkDerivation {
    name = "scripts"; inherit salt; dontUnpack = true; buildInputs = [ pkgs.nodejs ];
    installPhase = "mkdir -p $out/bin; printf '#!/usr/bin/env node\\nconsole.log(1)\\n' > $out/bin/js; chmod +x $out/bin/js";
  }`);
  assert.match(read(built, 'bin/js'), /^#!\/nix\/store\/.*-nodejs-host\/bin\/node\nconsole/);
  const dangling = await world.build('pkgs.runCommand "dangling" { inherit salt; } "mkdir $out; ln -s $out/none $out/link; fixupPhase"');
  assert.match(dangling.log, /error: the symlink .*link points to .*none, which does not exist/);
});

set('python3.withPackages imports what was asked for and has its commands', async ({ world }) => {
  const built = await world.build('pkgs.python3.withPackages (ps: [ ps.flask ps.gunicorn ])');
  if (built.code !== 0 && /apt-get install/.test(built.log)) return console.log('skipped: python3-flask and python3-gunicorn are not installed');
  const imported = spawnSync(join(built.path, 'bin/python3'), ['-c', 'import flask, gunicorn, sys; print(sys.prefix)'], { encoding: 'utf8', env: {} });
  assert.is(imported.stdout.trim(), built.path, imported.stderr);
  assert.match(spawnSync(join(built.path, 'bin/gunicorn'), ['--version'], { encoding: 'utf8', env: {} }).stdout, /^gunicorn \(version/);
});

set('a module or program that the machine lacks is named with Debian\'s package', async ({ world }) => {
  // A machine may have any of these; it will not have all.
  const module = ['scipy', 'celery', 'pandas', 'gevent'].find((name) => !existsSync(`/usr/lib/python3/dist-packages/${name}`));
  const program = ['varnishd', 'haproxy', 'syncthing'].find((name) => !existsSync(`/usr/bin/${name}`) && !existsSync(`/usr/sbin/${name}`));
  if (!module || !program) return console.log('skipped: every program that could be missing is installed');

  const noModule = await world.build(`pkgs.python3.withPackages (ps: [ ps.${module} ])`);
  assert.is.not(noModule.code, 0);
  assert.match(noModule.log, new RegExp(`error: the host package set has no Python module ${module}: apt-get install python3-${module}, or use a real nixpkgs`));

  const [attribute, apt] = program === 'varnishd' ? ['varnish', 'varnish'] : [program, program];
  const noProgram = await world.build(`pkgs.${attribute}`);
  assert.is.not(noProgram.code, 0);
  assert.match(noProgram.log, new RegExp(`error: the host package set has no ${attribute}: apt-get install ${apt}, or use a real nixpkgs`));
});

set('another Node.js than the machine\'s is refused by name', async ({ world }) => {
  const major = Number(process.versions.node.split('.')[0]);
  const other = major === 22 ? 20 : 22;
  const built = await world.build(`pkgs.nodejs_${other}`);
  assert.is.not(built.code, 0);
  assert.match(built.log, new RegExp(`the host package set has no nodejs_${other}: this machine has Node.js v\\d+\\.\\d+\\.\\d+; use nodejs_\\d+ or nodejs`));
  assert.is((await world.build(`pkgs.nodejs_${/v(\d+)/.exec(built.log.slice(built.log.indexOf('has Node.js')))?.[1]}`)).code, 0);
});

set('an attribute that is not there is missing, as anywhere in Nix', async ({ world }) => {
  const built = await world.build('pkgs.nonesuch');
  assert.is(built.code, 1);
  assert.match(built.log, /attribute 'nonesuch' missing/);
});

set('the same build once more gives the same bits', async ({ world }) => {
  const body = 'pkgs.stdenv.mkDerivation { name = "twice"; src = ./.; installPhase = "mkdir $out; cp -r . $out/"; }';
  world.write('page.html', `hello ${Date.now()}`);
  const first = await world.build(body);
  assert.is(first.code, 0, first.log);
  const again = await world.buildFile('--check');
  assert.is(again.code, 0, again.log);
  assert.is(again.path, first.path);
});

set('overlays, overrideAttrs, callPackage and lib work on the set', async ({ world }) => {
  const built = await world.build(`let
      overlaid = import <nixpkgs> { overlays = [ (final: prev: { greeting = final.word + "!"; word = "hello"; }) ]; };
      called = pkgs.callPackage ({ writeText, lib, word ? "default" }: writeText "called" (lib.toUpper word)) { };
      base = pkgs.stdenv.mkDerivation (finalAttrs: { name = "base"; inherit salt; word = "one"; dontUnpack = true; installPhase = "echo \${finalAttrs.word} > $out"; });
    in pkgs.writeText "facts" (builtins.toJSON {
      greeting = overlaid.greeting;
      called = builtins.readFile (called.override { word = "given"; });
      overridden = builtins.readFile (base.overrideAttrs (old: { word = old.word + "+two"; }));
      exe = lib.removePrefix builtins.storeDir (lib.getExe pkgs.git);
      path = builtins.length (lib.splitString ":" (lib.makeBinPath [ pkgs.git pkgs.bash ]));
    })`);
  const facts = JSON.parse(read(built));
  assert.is(facts.greeting, 'hello!');
  assert.is(facts.called, 'GIVEN');
  assert.is(facts.overridden, 'one+two\n');
  assert.match(facts.exe, /-git-host\/bin\/git$/);
  assert.is(facts.path, 2);
});

const fetching = suite<{ world: HostWorld; server: Server; url: string }>('the host package set: downloads');
const PAGE = 'what was published\n';
/** What the server has, by path. */
const published = new Map<string, string | Buffer>([['/page.txt', PAGE]]);
fetching.before.each(async (context) => {
  context.world = new HostWorld();
  context.server = createServer((request, response) => {
    const found = published.get(request.url ?? '');
    response.writeHead(found === undefined ? 404 : 200);
    response.end(found);
  });
  await new Promise<void>((resolve) => { context.server.listen(0, '127.0.0.1', resolve); });
  context.url = `http://127.0.0.1:${(context.server.address() as AddressInfo).port}`;
});
fetching.after.each(({ world, server }) => {
  server.closeAllConnections();
  server.close();
  world.end();
});

const sri = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`;

fetching('fetchurl takes what has the hash', async ({ world, url }) => {
  // The name is new in every run: the download really happens.
  const built = await world.build(`pkgs.fetchurl { url = "${url}/page.txt"; name = "page-\${salt}.txt"; hash = "${sri(PAGE)}"; }`);
  assert.is(read(built), PAGE);
  assert.match(built.log, new RegExp(`downloading ${url}/page.txt`));
  assert.is(read(await world.build(`pkgs.fetchurl { urls = [ "${url}/gone" "${url}/page.txt" ]; name = "second-\${salt}.txt"; sha256 = "${createHash('sha256').update(PAGE).digest('hex')}"; }`)), PAGE);
});

fetching('fetchurl refuses anything else and prints the hash it got', async ({ world, url }) => {
  const wrong = await world.build(`pkgs.fetchurl { url = "${url}/page.txt"; name = "wrong-\${salt}.txt"; hash = lib.fakeHash; }`);
  assert.is.not(wrong.code, 0);
  assert.match(wrong.log, `got:    ${sri(PAGE)}`);
  const gone = await world.build(`pkgs.fetchurl { url = "${url}/gone.txt"; name = "gone-\${salt}.txt"; hash = lib.fakeHash; }`);
  assert.is.not(gone.code, 0);
  assert.match(gone.log, /The requested URL returned error: 404\n(.*\n)*error: could not download gone-/);
});

fetching('fetchzip unpacks, leaves out the one directory at the top, and takes the hash of the tree', async ({ world, url }) => {
  const tree = join(world.dir, 'tool-2.0');
  mkdirSync(tree);
  writeFileSync(join(tree, 'page'), PAGE);
  const packed = spawnSync('tar', ['-C', world.dir, '-cz', 'tool-2.0']);
  published.set('/tool-2.0.tar.gz', packed.stdout);
  const hash = spawnSync('nix-hash', ['--type', 'sha256', '--base32', tree], { encoding: 'utf8' }).stdout.trim();
  const built = await world.build(`pkgs.fetchzip { url = "${url}/tool-2.0.tar.gz"; name = "tool-\${salt}"; sha256 = "${hash}"; }`);
  assert.is(read(built, 'page'), PAGE);
});

fetching('an ordinary build has no network', async ({ world, url }) => {
  const built = await world.build(`pkgs.runCommand "online" { inherit salt; nativeBuildInputs = [ pkgs.curl ]; } "curl --silent --show-error ${url}/page.txt > $out"`);
  assert.is.not(built.code, 0);
  assert.match(built.log, /Failed to connect|Couldn't connect/);
});

if (nixAnswers()) {
  set.run();
  fetching.run();
}
