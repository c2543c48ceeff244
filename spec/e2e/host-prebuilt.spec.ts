// limit: 240
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HostWorld, read, type Built } from './host-world.ts';
import { nixAnswers } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

const prebuilt = suite<{ world: HostWorld }>('the host package set: programs that were built elsewhere');
prebuilt.before.each((context) => { context.world = new HostWorld(); });
prebuilt.after.each(({ world }) => world.end());

const USES_FOO = '#include <stdio.h>\nint foo(void);\nint main(void) { printf("foo says %d\\n", foo()); return 0; }\n';

/** Compiles beside the expression, as upstream would have done it on a machine of theirs. */
function compile(world: HostWorld, out: string, source: string, ...flags: string[]): void {
  writeFileSync(join(world.source, 'source.c'), source);
  const ran = spawnSync('gcc', ['-O1', '-o', join(world.source, out), join(world.source, 'source.c'), `-L${world.source}`, ...flags], { encoding: 'utf8' });
  assert.is(ran.status, 0, ran.stderr);
}

/** A derivation that puts these files where a release's files go, with the hook among its inputs. */
function install(world: HostWorld, commands: string, attributes = ''): Promise<Built> {
  return world.build(`pkgs.stdenv.mkDerivation {
    name = "prebuilt"; src = ./.; inherit salt; dontStrip = true;
    nativeBuildInputs = [ pkgs.autoPatchelfHook ];
    installPhase = "mkdir -p $out/bin $out/lib; ${commands}";
    ${attributes}
  }`);
}

prebuilt('a program whose libraries are among the inputs passes, and what it uses is listed', async ({ world }) => {
  compile(world, 'tool', '#include <stdio.h>\nconst char *zlibVersion(void);\nint main(void) { puts(zlibVersion()); return 0; }\n', '-l:libz.so.1');
  const built = await install(world, 'cp tool $out/bin/', 'buildInputs = [ pkgs.zlib ];');
  assert.is(built.code, 0, built.log);
  assert.match(built.log, /libz\.so\.1 -> found: \/nix\/store\/[0-9a-z]{32}-zlib-host\/lib\n/);
  assert.match(spawnSync(join(built.path, 'bin/tool'), { encoding: 'utf8' }).stdout, /^1\./);
  assert.equal(readFileSync(join(built.path, 'bin/tool')), readFileSync(join(world.source, 'tool')), 'a file that works as it is stays as it is');
});

prebuilt('a library that only the distribution has is told, since a real nixpkgs would refuse it', async ({ world }) => {
  compile(world, 'tool', 'const char *zlibVersion(void);\nint main(void) { return zlibVersion()[0] == 0; }\n', '-l:libz.so.1');
  const built = await install(world, 'cp tool $out/bin/');
  assert.is(built.code, 0, built.log);
  assert.match(built.log, 'libz.so.1 -> found: /usr/lib/x86_64-linux-gnu, this machine\'s own (a real nixpkgs wants its package among the inputs)');
  assert.not.match(built.log, 'libc.so.6 ->');
});

prebuilt('a library that is nowhere fails the build and is named, every one of them', async ({ world }) => {
  compile(world, 'libfoo.so.1', 'int foo(void) { return 7; }\n', '-shared', '-fPIC', '-Wl,-soname,libfoo.so.1');
  compile(world, 'libbar.so.2', 'int bar(void) { return 8; }\n', '-shared', '-fPIC', '-Wl,-soname,libbar.so.2');
  compile(world, 'tool', 'int foo(void); int bar(void);\nint main(void) { return foo() + bar(); }\n', '-l:libfoo.so.1', '-l:libbar.so.2');
  const built = await install(world, 'cp tool $out/bin/');
  assert.is.not(built.code, 0);
  assert.match(built.log, /error: auto-patchelf could not satisfy dependency libfoo\.so\.1 wanted by \/nix\/store\/.*-prebuilt\/bin\/tool\n/);
  assert.match(built.log, /error: auto-patchelf could not satisfy dependency libbar\.so\.2 wanted by \/nix\/store\/.*-prebuilt\/bin\/tool\n/);
  assert.match(built.log, 'auto-patchelf failed to find all the required dependencies.');
  const ignored = await install(world, 'cp tool $out/bin/', 'autoPatchelfIgnoreMissingDeps = [ "libfoo.so.1" "libb*" ];');
  assert.is(ignored.code, 0, ignored.log);
  assert.match(ignored.log, 'warn: auto-patchelf ignoring missing libbar.so.2 wanted by');
});

prebuilt('a library of the release itself is found there when it runs', async ({ world }) => {
  if (!existsSync('/usr/bin/patchelf')) return console.log('skipped: patchelf is not installed');
  compile(world, 'libfoo.so.1', 'int foo(void) { return 7; }\n', '-shared', '-fPIC', '-Wl,-soname,libfoo.so.1');
  compile(world, 'tool', USES_FOO, '-l:libfoo.so.1');
  const built = await install(world, 'cp tool $out/bin/; cp libfoo.so.1 $out/lib/');
  assert.is(built.code, 0, built.log);
  const ran = spawnSync(join(built.path, 'bin/tool'), { encoding: 'utf8', env: {} });
  assert.is(ran.stdout, 'foo says 7\n', ran.stderr);
});

prebuilt('a release that finds its own libraries is not changed', async ({ world }) => {
  compile(world, 'libfoo.so.1', 'int foo(void) { return 7; }\n', '-shared', '-fPIC', '-Wl,-soname,libfoo.so.1');
  compile(world, 'tool', USES_FOO, '-l:libfoo.so.1', '-Wl,-rpath,$ORIGIN/../lib');
  const built = await install(world, 'cp tool $out/bin/; cp libfoo.so.1 $out/lib/');
  assert.is(built.code, 0, built.log);
  assert.is(spawnSync(join(built.path, 'bin/tool'), { encoding: 'utf8', env: {} }).stdout, 'foo says 7\n');
  assert.equal(readFileSync(join(built.path, 'bin/tool')), readFileSync(join(world.source, 'tool')));
});

prebuilt('a version that the machine\'s library is too old for fails the build too', async ({ world }) => {
  writeFileSync(join(world.source, 'new.map'), 'FOO_2 { global: foo; };\n');
  writeFileSync(join(world.source, 'old.map'), 'FOO_1 { global: foo; };\n');
  const library = (map: string) => compile(world, 'libfoo.so.1', 'int foo(void) { return 7; }\n', '-shared', '-fPIC', '-Wl,-soname,libfoo.so.1', `-Wl,--version-script=${join(world.source, map)}`);
  library('new.map');
  compile(world, 'tool', USES_FOO, '-l:libfoo.so.1', '-Wl,-rpath,$ORIGIN/../lib');
  library('old.map');
  const built = await install(world, 'cp tool $out/bin/; cp libfoo.so.1 $out/lib/');
  assert.is.not(built.code, 0);
  assert.match(built.log, /error: auto-patchelf could not satisfy dependency `FOO_2' not found \(required by .*\/bin\/tool\)/);
});

prebuilt('static programs, scripts and data are passed over', async ({ world }) => {
  compile(world, 'static', 'int main(void) { return 0; }\n', '-static');
  compile(world, 'pie', 'int main(void) { return 0; }\n', '-static-pie');
  world.write('script', '#!/bin/sh\necho hello\n');
  writeFileSync(join(world.source, 'short'), Buffer.from([0x7f, 0x45]));
  copyFileSync(join(world.source, 'static'), join(world.source, 'arm'));
  const arm = readFileSync(join(world.source, 'arm'));
  arm.writeUInt16LE(183, 18);
  writeFileSync(join(world.source, 'arm'), arm);
  const built = await install(world, 'cp static pie script short arm $out/bin/');
  assert.is(built.code, 0, built.log);
  assert.match(built.log, /skipping .*\/bin\/static because it is statically linked/);
  assert.match(built.log, /skipping .*\/bin\/arm because it is for another kind of machine/);
  for (const file of ['static', 'pie', 'short', 'arm']) assert.equal(readFileSync(join(built.path, 'bin', file)), readFileSync(join(world.source, file)), file);
});

prebuilt('dontAutoPatchelf leaves the hook to be called by name', async ({ world }) => {
  compile(world, 'libfoo.so.1', 'int foo(void) { return 7; }\n', '-shared', '-fPIC', '-Wl,-soname,libfoo.so.1');
  compile(world, 'tool', USES_FOO, '-l:libfoo.so.1');
  const never = await install(world, 'cp tool $out/bin/', 'dontAutoPatchelf = true;');
  assert.is(never.code, 0, never.log);
  const called = await install(world, 'cp tool $out/bin/; autoPatchelf $out/bin/tool || exit 1', 'dontAutoPatchelf = true;');
  assert.is.not(called.code, 0);
  assert.match(called.log, 'could not satisfy dependency libfoo.so.1');
});

prebuilt('the libraries that most programs want are packages', async ({ world }) => {
  const built = await world.build(`pkgs.writeText "libraries" (lib.concatStringsSep "\\n" [
    "\${lib.makeLibraryPath [ pkgs.stdenv.cc.cc pkgs.zlib pkgs.openssl ]}"
    pkgs.stdenv.cc.bintools.dynamicLinker
  ])`);
  const [path = '', linker = ''] = read(built).split('\n');
  const files = ['libstdc++.so.6', 'libgcc_s.so.1', 'libz.so.1', 'libssl.so.3', 'libcrypto.so.3'];
  for (const file of files) assert.ok(path.split(':').some((directory) => existsSync(join(directory, file))), `${file} in ${path}`);
  assert.match(linker, /-glibc-host\/lib\/ld-linux-/);
  assert.ok(existsSync(linker));
});

const compiler = spawnSync('gcc', ['--version']).status === 0;
if (!compiler) console.log('skipped: gcc is not installed');
if (compiler && nixAnswers()) prebuilt.run();
