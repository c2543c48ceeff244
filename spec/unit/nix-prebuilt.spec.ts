import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nixFailure } from '../../src/nix/nix-failure.ts';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { caught } from '../caught.ts';
import { configWith } from '../nix-config.ts';

const BASE64 = 'VZFQqC5QwR/gy6/RKtA55kuIUMer8hGYdZi9otDxiAQ=';
const HEX = Buffer.from(BASE64, 'base64').toString('hex');

const BINARY = { url: 'https://example.org/v${version}/demo-linux-amd64', sha256: BASE64, 'binary-name': 'demo' };
const ARCHIVE = {
  url: 'https://example.org/demo-${version}.tar.gz', sha256: BASE64, 'exec-target': 'demo-server',
  'file-mappings': [{ source: 'demo/bin/demo-server', destination: 'bin/' }],
};

const render = (template: string, keys: Record<string, unknown>) => renderTemplate(configWith(template, keys, { id: 'demo', version: '1.2' }), 'demo');
const binary = (keys: Record<string, unknown> = {}) => render('prebuilt-binary', { ...BINARY, ...keys });
const archive = (keys: Record<string, unknown> = {}) => render('prebuilt-archive', { ...ARCHIVE, ...keys });
const last = (text: string) => /"exec (.*)"\n/.exec(text)?.[1];
/** The lines of installPhase behind the shell functions. */
const install = (text: string) => /hop3_shell\n([\s\S]*?)\n {4}\];/.exec(text)![1]!.split('\n').map((line) => line.trim());

const prebuilt = suite('nix: prebuilt-binary and prebuilt-archive');

prebuilt('tier 3, for x86_64-linux, with one hash', () => {
  for (const rendered of [binary(), archive()]) {
    assert.is(rendered.tier, 3);
    assert.equal(rendered.systems, ['x86_64-linux']);
    assert.is(rendered.hashes.length, 1);
  }
  assert.equal(binary().hashes, [{ derivation: 'demo-1.2', key: 'sha256', given: true }]);
  assert.equal(archive({ sha256: undefined }).hashes, [{ derivation: 'demo-1.2.tar.gz', key: 'sha256', given: false }]);
});

prebuilt('the file is fetched flat, so that the hash is the published one', () => {
  for (const rendered of [binary({ executable: true }), binary({ sha256: HEX }), archive()]) {
    assert.match(rendered.expression, `hash = "sha256-${BASE64}";`);
    assert.not.match(rendered.expression, /executable = true|fetchzip/);
  }
  assert.match(binary().expression, 'url = "https://example.org/v1.2/demo-linux-amd64";');
  assert.equal(binary({ executable: true }).notices, []);
  assert.match(binary({ sha256: undefined }).expression, 'hash = pkgs.lib.fakeHash;');
});

prebuilt('one file is installed as a program under its name, which is also what is started', () => {
  assert.equal(install(binary().expression), ['"install -D -m 755 \\"$src\\" \\"$out\\"/bin/demo"', '"hop3_settle \\"$out/bin/\\"demo"']);
  assert.is(last(binary().expression), '${hop3_app}/bin/demo');
  const keys = { 'binary-name': undefined, 'exec-args': ['web', '--port', '"$PORT"'] };
  assert.is(last(binary(keys).expression), '${hop3_app}/bin/demo web --port \\"$PORT\\"');
  assert.equal(install(binary({ 'binary-name': "it's $x" }).expression)[0], `"install -D -m 755 \\"$src\\" \\"$out\\"/bin/'it'\\\\''s $x'"`);
});

prebuilt('a program in an archive is looked for, in the directory that is asked for', () => {
  const keys = { url: 'https://example.org/demo.zip', 'source-root': 'demo-${version}' };
  const text = binary(keys).expression;
  assert.match(text, 'pkgs.unzip');
  assert.equal(install(text).slice(-4), ['"hop3_enter demo-1.2"', '"hop3_program=\\"$(hop3_find demo)\\""', '"install -D -m 755 -- \\"$hop3_program\\" \\"$out\\"/bin/demo"', '"hop3_settle \\"$out/bin/\\"demo"']);
});

prebuilt('the root of an archive: its one directory, or what source-root and strip-components say', () => {
  assert.ok(install(archive().expression).includes('"hop3_enter_only_directory"'));
  const dot = install(archive({ 'source-root': '.' }).expression);
  assert.ok(dot.includes('"hop3_enter ."'));
  assert.not.ok(dot.includes('"hop3_enter_only_directory"'));
  const stripped = install(archive({ 'strip-components': 2 }).expression);
  assert.ok(stripped.some((line) => line.includes('--strip-components=2')));
  assert.not.ok(stripped.some((line) => line.includes('hop3_enter')));
});

prebuilt('file mappings are quoted words; recursive unless it is false', () => {
  const mappings = [
    { source: 'bin/*', destination: 'bin/', executable: true }, { source: "two words/it's", destination: 'share/$x', recursive: false }, { source: 'dir/', destination: 'lib' },
  ];
  assert.equal(install(archive({ 'file-mappings': mappings }).expression).filter((line) => line.includes('hop3_copy')), [
    `"hop3_copy 'bin/*' bin/ '1' '1'"`, `"hop3_copy 'two words/it'\\\\''s' 'share/$x' '' ''"`, `"hop3_copy dir lib '1' ''"`,
  ]);
});

prebuilt('BINDIR, SHAREDIR and APPDIR, in arguments and in the text of files; a longer word is left alone', () => {
  const text = archive({
    'exec-args': ['--web', 'SHAREDIR/pack', '$BINDIR', 'MYBINDIR'],
    'config-files': [{ path: 'config.json', format: 'raw', 'raw-content': '{ "webpath": "SHAREDIR/webapp-pack", "bin": "BINDIR", "conf": "APPDIR/x" }' }],
  }).expression;
  assert.is(last(text), '${hop3_app}/bin/demo-server --web ${hop3_app}/share/demo/pack $BINDIR MYBINDIR');
  assert.match(text, '{ \\"webpath\\": \\"${hop3_app}/share/demo/webapp-pack\\", \\"bin\\": \\"${hop3_app}/bin\\", \\"conf\\": \\"${hop3_app}/share/demo/x\\" }');
});

prebuilt('a writable copy is what BINDIR and SHAREDIR then stand for', () => {
  const text = archive({ 'writable-home-at-runtime': true, 'exec-args': ['SHAREDIR'] }).expression;
  assert.is(last(text), '$HOME_DIR/bin/demo-server $HOME_DIR/share/demo');
  assert.match(text, 'hop3_tree=\\"${hop3_app}\\"');
});

prebuilt('libraries: the usual ones and nix-runtime-libs, each once; a path that Nix is to expand only at run time', () => {
  const libraries = (keys: Record<string, unknown>) => /getLib \[\n([^\]]*)\]/.exec(binary(keys).expression)![1]!.trim().split(/\s+/);
  assert.equal(libraries({}), ['pkgs.stdenv.cc.cc', 'pkgs.zlib', 'pkgs.openssl']);
  assert.equal(libraries({ 'nix-runtime-libs': ['icu', 'pkgs.zlib', 'postgresql.lib', '${pkgs.krb5}/lib'] }),
    ['pkgs.stdenv.cc.cc', 'pkgs.zlib', 'pkgs.openssl', 'pkgs.icu', 'pkgs.postgresql.lib']);
});

prebuilt('the start script names the output that has the libraries: the first of openssl is its programs', () => {
  const text = binary({ 'nix-runtime-libs': ['openssl', 'pkgs.icu', 'postgresql.lib', 'zlib.out', '${pkgs.krb5}/lib'] }).expression;
  assert.match(text, 'LD_LIBRARY_PATH=\\"${pkgs.lib.getLib pkgs.openssl}/lib:${pkgs.lib.getLib pkgs.icu}/lib:${pkgs.postgresql.lib}/lib:${pkgs.zlib.out}/lib:${pkgs.krb5}/lib');
});

prebuilt('nothing of the release is stripped, shrunk or moved', () => {
  for (const rendered of [binary(), archive()]) {
    for (const line of ['dontFixup = true;', 'dontStrip = true;', 'dontPatchELF = true;']) assert.match(rendered.expression, line);
  }
});

prebuilt('without a url the pushed tree is the release', () => {
  const { expression, hashes, notices } = archive({ url: undefined });
  assert.match(expression, 'builtins.path { name = "source"; path = ./source; }');
  assert.equal(hashes, []);
  assert.equal(notices, ['ignored: [nix] sha256 (the template prebuilt-archive has no use for it)']);
  assert.not.match(install(expression).join('\n'), 'only_directory');
});

prebuilt('what is missing is named with a line that works', async () => {
  const noMappings = await caught(async () => archive({ 'file-mappings': [] }));
  assert.match(`${noMappings.message} ${noMappings.next}`, 'needs [[nix.file-mappings]], and there is none');
  const noTarget = await caught(async () => archive({ 'exec-target': undefined }));
  assert.match(`${noTarget.next}`, 'exec-target = "focalboard-server"');
  const notPacked = await caught(async () => archive({ url: 'https://example.org/demo' }));
  assert.match(`${notPacked.next}`, 'Add archive = "tar-gz"');
  assert.is(archive({ url: 'https://example.org/get?file=demo', archive: 'zip' }).hashes[0]!.derivation, 'demo-1.2.zip');
});

prebuilt('keys without a use are told', () => {
  assert.equal(binary({ 'source-root': '.', 'runtime-package': 'nodejs' }).notices.map((line) => line.slice(0, 36)), ['ignored: [nix] runtime-package (the ', 'ignored: [nix] source-root (the temp']);
});

/** What a push says when the builder ends with this line. */
function said(line: string) {
  const failed = `error: builder for '/nix/store/${'a'.repeat(32)}-demo-release-1.2.drv' failed with exit code 1;`;
  const lines = [line, 'error: installPhase failed with exit code 1', failed, '       last 2 log lines:', `       > ${line}`, '       > error: installPhase failed with exit code 1'];
  const settings = { root: '/var/lib/hop3', buildTimeout: 60, buildSilence: 60, evalTimeout: 60, allowUnsandboxedBuilds: false };
  const { code, what, next } = nixFailure({ finished: { code: 100, signal: null }, lines, building: true, location: null, packageSet: 'nixos-26.05', settings });
  assert.is(code, 'HOP3_BUILD_RELEASE');
  return { what, next };
}

const failing = suite('nix: what a push says of a release that is not as hop3.toml has it');

failing('libraries that are missing: the packages that have them, where they are known', () => {
  const wants = (libraries: string) => said(`error: no package here has these libraries that the release wants: ${libraries}`);
  assert.equal(wants('libicui18n.so.72 libicuuc.so.72 libpq.so.5'), {
    what: 'The release wants libicui18n.so.72, libicuuc.so.72, libpq.so.5, and no package of nix-runtime-libs has it.',
    next: 'Add under [nix], commit, and push again:\n  nix-runtime-libs = ["icu", "libpq"]',
  });
  assert.is(wants('libodd.so.3').next, 'Name the packages that have them under [nix], for example:\n  nix-runtime-libs = ["icu"]');
  assert.is(wants('libcurl.so.4 libodd.so.3').next, 'Name the packages that have them under [nix], for example:\n  nix-runtime-libs = ["curl"]');
  assert.match(`${wants('libssl.so.1.1').next}`, 'OpenSSL 1, which gets no more repairs');
});

failing('the wrong file, the wrong path, the wrong machine', () => {
  assert.match(`${said('error: bin/demo is neither an ELF program nor a script.').next}`, 'archive = "tar-gz"');
  const mapping = said('error: [[nix.file-mappings]] source: the release has no www. Its top has: bin lib');
  assert.is(mapping.what, '[[nix.file-mappings]] source: the release has no www. Its top has: bin lib.');
  assert.match(`${mapping.next}`, 'source-root = "." is above that directory');
  assert.is(said('error: [nix] exec-target: there is no bin/x. In bin there is: demo').what, '[nix] exec-target: there is no bin/x. In bin there is: demo.');
  assert.is(said('error: bin/demo is a program for another kind of machine.').what, 'bin/demo is a program for another kind of machine.');
  assert.match(`${said('error: the release is for Alpine (musl).').next}`, 'with glibc');
});

prebuilt.run();
failing.run();
