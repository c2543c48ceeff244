// limit: 300
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resolvePackageSet } from '../../src/nix/package-set.ts';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { caught } from '../caught.ts';
import { configWith } from '../nix-config.ts';
import { nixAnswers, NixWorld } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);
process.env['NIX_REMOTE'] ??= 'daemon';

// The pushed tree stands for the release here: all that happens after the download is the same.
const building = suite<{ world: NixWorld }>('templates for what upstream has built: what the build makes of a release');

building.before.each(async (context) => {
  context.world = new NixWorld();
  context.world.packageSet = await resolvePackageSet({ root: context.world.root, nixpkgs: { kind: 'host' } }, context.world.log);
});
building.after.each(({ world }) => world.end());

function write(world: NixWorld, name: string, content: string | Buffer, mode = 0o644): string {
  const file = join(world.sourceDir, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

/** Compiles into the release. */
function compile(world: NixWorld, out: string, source: string, ...flags: string[]): string {
  const from = write(world, 'source.c', source);
  const file = join(world.sourceDir, out);
  mkdirSync(dirname(file), { recursive: true });
  const ran = spawnSync('gcc', ['-O1', '-o', file, from, ...flags], { encoding: 'utf8', cwd: world.sourceDir });
  assert.is(ran.status, 0, ran.stderr);
  rmSync(from);
  return file;
}

const MAIN = '#include <stdio.h>\nint main(void) { puts("ran"); return 0; }\n';

// Nothing is taken from an earlier run, or there would be no log to look at.
const VERSION = `1.${Date.now()}.${process.pid}`;

async function build(world: NixWorld, template: string, keys: Record<string, unknown>): Promise<string> {
  const { expression } = renderTemplate(configWith(template, keys, { id: 'demo', version: VERSION }), 'demo');
  return (await world.buildRendered(expression)).storePath;
}

const mapping = (source: string, destination: string, more = {}) => ({ source, destination, ...more });

building('file mappings: into a directory, under a new name, patterns, links, programs', async ({ world }) => {
  write(world, 'server', '#!/bin/sh\n', 0o644);
  write(world, 'docs/a.txt', 'a');
  write(world, 'docs/deep/b.txt', 'b');
  write(world, 'pages/[id].js', 'literal');
  write(world, 'pages/i.js', 'not meant');
  write(world, 'two words/c.txt', 'c');
  spawnSync('ln', ['-s', 'docs/a.txt', join(world.sourceDir, 'link')]);
  const path = await build(world, 'prebuilt-archive', {
    'exec-target': 'server',
    'file-mappings': [
      mapping('server', 'bin/'), mapping('docs', 'share/demo'), mapping('docs', 'share/manual'), mapping('docs/*', 'share/flat/'),
      mapping('pages/[id].js', 'share/pages/'), mapping('two words', 'share/spaced'), mapping('link', 'share/link.txt'),
      mapping('docs/a.txt', 'libexec/a', { executable: true }), mapping('docs/deep', 'libexec/deep', { executable: true }),
    ],
  });
  const text = (file: string) => readFileSync(join(path, file), 'utf8');
  assert.is(text('share/demo/docs/a.txt'), 'a', 'share/demo is there already, so docs goes into it');
  assert.is(text('share/manual/deep/b.txt'), 'b');
  assert.is(text('share/flat/deep/b.txt'), 'b');
  assert.is(text('share/pages/[id].js'), 'literal');
  assert.not.ok(existsSync(join(path, 'share/pages/i.js')));
  assert.is(text('share/spaced/c.txt'), 'c');
  assert.is(text('share/link.txt'), 'a', 'a link that leads elsewhere in the release is followed');
  const isProgram = (file: string) => (statSync(join(path, file)).mode & 0o111) !== 0;
  assert.equal(['bin/server', 'libexec/a', 'libexec/deep/b.txt', 'share/demo/docs/a.txt'].map(isProgram), [true, true, true, false]);
});

building('a directory is not copied where recursive is false', async ({ world }) => {
  write(world, 'server', '#!/bin/sh\n', 0o755);
  write(world, 'docs/a.txt', 'a');
  const error = await caught(build(world, 'prebuilt-archive', { 'exec-target': 'server', 'file-mappings': [mapping('server', 'bin/'), mapping('docs', 'share/', { recursive: false })] }));
  assert.is(error.code, 'HOP3_BUILD_RELEASE');
  assert.match(error.what, 'docs is a directory, and recursive is false');
});

/** Which of these files the build left as they were. */
async function untouched(world: NixWorld, files: readonly string[]): Promise<Record<string, boolean>> {
  write(world, 'start', '#!/bin/sh\n', 0o755);
  const path = await build(world, 'prebuilt-archive', { 'exec-target': 'start', 'file-mappings': [mapping('start', 'bin/'), mapping('files', 'share/')] });
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(path, 'share/files', file)).equals(readFileSync(join(world.sourceDir, 'files', file)))]));
}

building('what carries its data behind itself is told from what does not', async ({ world }) => {
  if (!existsSync('/usr/bin/patchelf')) return console.log('skipped: patchelf is not installed');
  // Two programs: one has to be changed, since it does not find its library by itself; the other finds it.
  compile(world, 'files/libown.so.1', 'int own(void) { return 0; }\n', '-shared', '-fPIC', '-Wl,-soname,libown.so.1');
  const source = 'int own(void);\nint main(void) { return own(); }\n';
  const changed = compile(world, 'files/plain', source, '-Lfiles', '-l:libown.so.1');
  const whole = compile(world, 'files/whole', source, '-Lfiles', '-l:libown.so.1', '-Wl,-rpath,$ORIGIN');
  write(world, 'files/padded', Buffer.concat([readFileSync(changed), Buffer.alloc(300)]), 0o755);
  write(world, 'files/appended', Buffer.concat([readFileSync(whole), Buffer.alloc(4096), Buffer.from('data')]), 0o755);
  const withSection = (section: string, from: string) => {
    const made = join(world.sourceDir, 'files', `section-${section}`);
    assert.is(spawnSync('objcopy', [`--add-section=${section}=${write(world, 'data', 'payload')}`, from, made]).status, 0);
  };
  withSection('mine', changed);
  withSection('pydata', whole);
  withSection('.bun', whole);
  const files = ['plain', 'padded', 'section-mine', 'appended', 'section-pydata', 'section-.bun'];
  assert.equal(Object.values(await untouched(world, files)), [false, false, false, true, true, true]);
  const kept = [...world.shown.join('').matchAll(/share\/files\/(\S+) carries data behind its program: left as it is/g)].map((match) => match[1]!);
  assert.equal([...new Set(kept)].sort(), ['appended', 'section-.bun', 'section-pydata']);
});

building('static programs, with and without section headers, stay as they are', async ({ world }) => {
  const bytes = readFileSync(compile(world, 'files/static', MAIN, '-static'));
  compile(world, 'files/stripped', MAIN, '-static-pie', '-s');
  const headless = Buffer.from(bytes);
  headless.writeBigUInt64LE(0n, 40);
  headless.writeUInt16LE(0, 60);
  headless.writeUInt16LE(0, 62);
  write(world, 'files/headless', headless, 0o755);
  const files = ['static', 'stripped', 'headless'];
  assert.equal(await untouched(world, files), { static: true, stripped: true, headless: true });
});

building('scripts get their interpreter; one that carries data, and one with options for env, do not', async ({ world }) => {
  write(world, 'files/plain', '#!/usr/bin/env bash\necho hello\n', 0o755);
  write(world, 'files/data', '#!/usr/bin/env bash\nexit 0\n\0payload', 0o755);
  write(world, 'files/options', '#!/usr/bin/env -S bash -e\n', 0o755);
  write(world, 'files/text', '#!/usr/bin/env bash\nnot a program\n');
  assert.equal(await untouched(world, ['plain', 'data', 'options', 'text']), { plain: false, data: true, options: true, text: true });
});

building('nix-runtime-libs brings the library that a program wants', async ({ world }) => {
  compile(world, 'demo', 'const char *zlibVersion(void);\n#include <stdio.h>\nint main(void) { puts(zlibVersion()); return 0; }\n', '-l:libz.so.1');
  const path = await build(world, 'prebuilt-binary', { 'nix-runtime-libs': ['zlib', 'pkgs.openssl'] });
  assert.match(world.shown.join(''), /libz\.so\.1 -> found: \/nix\/store\/[0-9a-z]{32}-zlib-host\/lib/);
  assert.match(spawnSync(join(path, 'bin/demo'), { encoding: 'utf8' }).stdout, /^1\.\d/);
  assert.match(readFileSync(join(path, 'bin/hop3-start'), 'utf8'), /export LD_LIBRARY_PATH="\/nix\/store\/[0-9a-z]{32}-zlib-host\/lib:\/nix\/store\/[0-9a-z]{32}-openssl-host\/lib/);
});

building('a program for Alpine is refused by that name', async ({ world }) => {
  compile(world, 'libc.musl-x86_64.so.1', 'int own(void) { return 0; }\n', '-shared', '-fPIC', '-Wl,-soname,libc.musl-x86_64.so.1');
  compile(world, 'demo', 'int own(void);\nint main(void) { return own(); }\n', '-L.', '-l:libc.musl-x86_64.so.1');
  rmSync(join(world.sourceDir, 'libc.musl-x86_64.so.1'));
  const error = await caught(build(world, 'prebuilt-binary', {}));
  assert.is(error.what, 'The release is for Alpine (musl).');
  assert.match(`${error.next}`, 'with glibc');
});

building('a program is found in an archive: at its top, in bin, or wherever there is one of the name', async ({ world }) => {
  write(world, 'dist/linux/demo', '#!/bin/sh\necho found\n', 0o644);
  const path = await build(world, 'prebuilt-binary', {});
  assert.is(spawnSync(join(path, 'bin/demo'), { encoding: 'utf8' }).stdout, 'found\n');
  write(world, 'dist/other/demo', '#!/bin/sh\necho other\n');
  const several = await caught(build(world, 'prebuilt-binary', {}));
  assert.match(several.what, /binary-name: the release has several files of that name: .*\.\/dist\/other\/demo/);
  const chosen = await build(world, 'prebuilt-binary', { 'binary-name': 'dist/other/demo', 'exec-args': ['"$@"'] });
  assert.is(spawnSync(join(chosen, 'bin/hop3-start'), { encoding: 'utf8' }).stdout, 'other\n');
  const none = await caught(build(world, 'prebuilt-binary', { 'binary-name': 'server' }));
  assert.match(none.what, 'binary-name: the release has no server. It has: dist');
});

building('files of the tree beside the release; a writable copy of it', async ({ world }) => {
  write(world, 'demo', '#!/bin/sh\ncat "$1"; pwd -P > /dev/null; dirname "$0"\n', 0o755);
  write(world, 'conf/app.conf', 'from the tree\n');
  const path = await build(world, 'prebuilt-binary', {
    'install-files': ['conf/app.conf'], 'exec-args': ['APPDIR/conf/app.conf'], 'writable-home-at-runtime': true, 'pre-exec': ['touch SHAREDIR/written'],
  });
  const data = join(world.root, 'data');
  mkdirSync(data);
  const ran = spawnSync(join(path, 'bin/hop3-start'), { cwd: data, encoding: 'utf8' });
  assert.is(ran.stdout, `from the tree\n${data}/.demo-home/bin\n`, ran.stderr);
  assert.ok(existsSync(join(data, '.demo-home/share/demo/written')));
});

building('Node.js: compiled packages find their libraries, those for Alpine and other machines are passed over', async ({ world }) => {
  write(world, 'server.js', 'console.log(require("addon"), process.argv.slice(2).join());\n');
  write(world, 'node_modules/addon/index.js', 'module.exports = "with addon";\n');
  write(world, 'node_modules/.bin/tool', '#!/usr/bin/env node\n', 0o755);
  write(world, 'extra/settings.json', '{}');
  compile(world, 'node_modules/addon/linux.node', 'const char *zlibVersion(void);\nconst char *v(void) { return zlibVersion(); }\n', '-shared', '-fPIC', '-l:libz.so.1');
  compile(world, 'libc.musl-x86_64.so.1', 'int own(void) { return 0; }\n', '-shared', '-fPIC', '-Wl,-soname,libc.musl-x86_64.so.1');
  compile(world, 'node_modules/addon/musl.node', 'int own(void);\nint v(void) { return own(); }\n', '-shared', '-fPIC', '-L.', '-l:libc.musl-x86_64.so.1');
  rmSync(join(world.sourceDir, 'libc.musl-x86_64.so.1'));
  const arm = readFileSync(join(world.sourceDir, 'node_modules/addon/linux.node'));
  arm.writeUInt16LE(183, 18);
  write(world, 'node_modules/addon/arm.node', arm);
  const path = await build(world, 'node-prebuilt', { 'exec-target': 'server', 'exec-args': ['"a b"'], 'install-files': ['extra/settings.json'] });
  const ran = spawnSync(join(path, 'bin/hop3-start'), { encoding: 'utf8' });
  assert.is(ran.stdout, 'with addon a b\n', ran.stderr);
  const app = readlinkSync(join(path, 'app'));
  assert.ok(lstatSync(join(app, 'node_modules/.bin/tool')).isFile());
  assert.match(readFileSync(join(app, 'node_modules/.bin/tool'), 'utf8'), /^#!\/nix\/store\/[0-9a-z]{32}-nodejs-host\/bin\/node\n/);
  const wrong = await caught(build(world, 'node-prebuilt', { 'exec-target': 'main.js' }));
  assert.match(wrong.what, 'exec-target: the release has no main.js. It has: extra node_modules server.js');
});

const missing = ['gcc', 'objcopy'].filter((tool) => spawnSync(tool, ['--version']).status !== 0);
if (missing.length > 0) console.log(`skipped: not installed: ${missing.join(', ')}`);
if (missing.length === 0 && nixAnswers()) building.run();
