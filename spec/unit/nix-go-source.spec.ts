import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { caught } from '../caught.ts';
import { configWith } from '../nix-config.ts';

const HASH = `sha256-${'B'.repeat(43)}=`;
const ARCHIVE = { url: 'https://example.org/v${version}.tar.gz', sha256: HASH };
const rendered = (keys: Record<string, unknown> = {}, tree: 'beside' | 'around' = 'beside') =>
  renderTemplate(configWith('go-source', { 'exec-target': 'shop', ...keys }, { id: 'shop', version: '2.0' }), 'demo', tree);
const render = (keys?: Record<string, unknown>) => rendered(keys).expression;
/** The `let` binding of this name, up to the empty line behind it. */
const binding = (name: string, keys?: Record<string, unknown>) => {
  const text = render(keys);
  const from = text.indexOf(`  ${name} = `);
  assert.ok(from >= 0, `${name} is not in:\n${text}`);
  return text.slice(from, text.indexOf('\n  };\n', from));
};

const go = suite('nix: go-source');

go('modules under one hash, no tests, flags and programs as lists', () => {
  const text = binding('hop3_app', { ...ARCHIVE, 'go-vendor-hash': HASH, 'go-sub-packages': ['cmd/shop', 'cmd/admin'], 'go-ldflags': ['-s', '-X main.version=${version}'], 'go-proxy-vendor': true });
  assert.match(text, 'hop3_app = pkgs.buildGoModule {\n    pname = "shop-program";\n    version = "2.0";\n    src = hop3_source;\n\n    vendorHash = "sha256-B');
  assert.match(text, '    proxyVendor = true;\n    subPackages = [\n      "cmd/shop"\n      "cmd/admin"\n    ];\n    ldflags = [\n      "-s"\n      "-X main.version=2.0"\n    ];');
  assert.match(text, 'doCheck = false;');
  assert.match(text, 'meta.mainProgram = "shop";');
});

go('nothing that was not asked for is in the expression', () => {
  const text = binding('hop3_app', { ...ARCHIVE, 'go-vendor-hash': HASH });
  for (const word of ['proxyVendor', 'subPackages', 'ldflags', 'sourceRoot', 'nativeBuildInputs', 'postConfigure', 'overrideModAttrs']) assert.not.match(text, word);
});

go('"none" is null; a missing hash is one that nothing has, and the push knows its key', () => {
  assert.match(render({ ...ARCHIVE, 'go-vendor-hash': 'none' }), 'vendorHash = null;');
  assert.equal(rendered({ ...ARCHIVE, 'go-vendor-hash': 'none' }).hashes.map(({ key }) => key), ['sha256']);
  assert.match(render(ARCHIVE), 'vendorHash = pkgs.lib.fakeHash;');
  assert.equal(rendered(ARCHIVE).hashes[1], { derivation: 'shop-program-2.0-go-modules', key: 'go-vendor-hash', given: false });
});

go('of a pushed tree the expression sees go.mod and vendor/: without the key, what needs no hash gets none', () => {
  const text = render();
  assert.match(text, 'vendorHash = if builtins.pathExists (./. + "/source/vendor") || !(hop3_mentions "require") then null else pkgs.lib.fakeHash;');
  assert.match(text, 'throw "The pushed tree has no go.mod. Run go mod init and commit it, or say with source-root where it is."');
  assert.match(rendered({}, 'around').expression, 'builtins.pathExists (./. + "/vendor")');
  const below = render({ 'source-root': 'server/' });
  assert.match(below, '(./. + "/source/server/go.mod")');
  assert.match(below, 'sourceRoot = "source/server";');
});

go('the name of a tree\'s modules changes with go.sum, or with the tree where a module lies in it', () => {
  const text = render({ 'go-vendor-hash': HASH });
  assert.match(text, 'overrideModAttrs = _: { name = "shop-program-go-modules-" + (if hop3_mentions "=> ." then builtins.substring 11 8 (builtins.unsafeDiscardStringContext "${hop3_source}") else');
  assert.equal(rendered({ 'go-vendor-hash': HASH }).hashes, [{ derivation: 'shop-program-go-modules', key: 'go-vendor-hash', given: true }]);
});

go('another Go is named by its attribute', () => {
  assert.match(render({ 'go-version': 'go_1_25' }), 'hop3_app = (pkgs.buildGoModule.override { go = pkgs.go_1_25; }) {');
  assert.match(render({ 'go-version': 'pkgs.go_1_25' }), 'go = pkgs.go_1_25;');
});

go('the program: PKGBIN, its bin in the output and on PATH, its name checked in the build', () => {
  const text = render({ 'exec-args': ['web', '--port', '"$PORT"'], 'pre-exec': ['PKGBIN/shop migrate'], 'extra-paths': ['${pkg}/bin', '${shop}/bin'] });
  assert.match(text, '"${hop3_app}/bin/shop migrate"');
  assert.match(text, '"exec ${hop3_app}/bin/shop web --port \\"$PORT\\""');
  assert.match(text, 'for hop3_file in \\"${hop3_app}/bin\\"/*; do ln -s \\"$hop3_file\\" \\"$out/bin/\\"; done');
  assert.match(text, '"[ -x \\"${hop3_app}/bin/\\"shop ] || { echo \\"error: [nix] exec-target: go made no program');
  assert.match(text, '      "${placeholder "out"}/bin"\n      "${hop3_app}/bin"\n      "${pkg}/bin"');
});

go('a zip archive is unpacked with unzip; one of unknown kind is refused', async () => {
  assert.match(render({ ...ARCHIVE, archive: 'zip' }), 'nativeBuildInputs = [ pkgs.unzip ];');
  const error = await caught(() => render({ url: 'https://example.org/download', sha256: HASH }));
  assert.is(error.code, 'HOP3_TEMPLATE_FIELD');
  assert.match(error.next ?? '', 'Add archive = "tar-gz"');
});

go('source-root of an archive is as the archive has it, with the version', async () => {
  assert.match(render({ ...ARCHIVE, 'source-root': 'shop-${version}/server' }), 'sourceRoot = "shop-2.0/server";');
  assert.is((await caught(() => render({ 'source-root': '../x' }))).code, 'HOP3_TEMPLATE_FIELD');
  assert.is((await caught(() => render({ 'exec-target': undefined }))).code, 'HOP3_TEMPLATE_FIELD');
});

const frontend = suite('nix: the frontend of go-source');
const FRONTEND = { ...ARCHIVE, 'go-vendor-hash': HASH, 'go-frontend-build': 'npm run build -- --mode "x"', 'go-frontend-output': 'web/dist' };

frontend('npm: built apart, read from the disk', () => {
  const keys = { ...FRONTEND, 'go-npm-deps-hash': HASH, 'pre-exec': ['ls FRONTENDDIR $HOP3_GO_FRONTEND'] };
  const text = binding('hop3_frontend', keys);
  assert.match(text, 'hop3_frontend = pkgs.buildNpmPackage {\n    pname = "shop-frontend";');
  assert.match(text, 'nodejs = pkgs.nodejs;\n    npmDepsHash = "sha256-B');
  assert.match(text, '"npm run build -- --mode \\"x\\""');
  assert.match(text, '"mkdir \\"$out\\""\n      "cp -R web/dist \\"$out\\"/"');
  assert.match(render(keys), '"export HOP3_GO_FRONTEND=\\"${hop3_frontend}\\""');
  assert.match(render(keys), '"ls ${hop3_frontend} $HOP3_GO_FRONTEND"');
  assert.not.match(render(keys), 'hop3_pnpm');
  assert.equal(rendered(keys).hashes[1], { derivation: 'shop-frontend', key: 'go-npm-deps-hash', given: true });
});

frontend('pnpm: by the names of nixpkgs 25.11 and of 25.05, embedded where go:embed looks', () => {
  const keys = { ...FRONTEND, 'go-frontend-pnpm': true, 'go-pnpm-package': 'pnpm_11', 'go-frontend-node-package': 'nodejs_22', 'go-frontend-source-root': 'shop-${version}/ui', 'go-frontend-embed-path': 'internal/dist' };
  const text = render(keys);
  assert.match(text, 'hop3_pnpm = pkgs.pnpm_11;');
  assert.match(text, 'args: pkgs.fetchPnpmDeps (args // { pnpm = hop3_pnpm; fetcherVersion = 3; })');
  assert.match(text, 'args: hop3_pnpm.fetchDeps (args // { fetcherVersion = 2; });');
  assert.match(text, 'hop3_pnpm_inputs = [ hop3_pnpm (pkgs.pnpmConfigHook or hop3_pnpm.configHook) ];');
  assert.match(text, 'sourceRoot = "shop-2.0/ui";');
  assert.match(text, 'inherit (finalAttrs) sourceRoot;\n      hash = pkgs.lib.fakeHash;');
  assert.match(text, 'nativeBuildInputs = [\n      pkgs.nodejs_22\n    ] ++ hop3_pnpm_inputs;');
  assert.match(text, '"cp -R web/dist \\"$out\\""\n');
  assert.match(text, 'postConfigure = "mkdir -p internal/dist && cp -R ${hop3_frontend}/. internal/dist/ && chmod -R u+w internal/dist";');
  assert.not.match(text, 'HOP3_GO_FRONTEND');
  assert.equal(rendered(keys).hashes[1], { derivation: 'shop-frontend-pnpm-deps', key: 'go-pnpm-deps-hash', given: false });
});

frontend('directories of the source lie beside what was built, or alone', () => {
  const keys = { ...FRONTEND, 'go-static-dirs': ['options', 'public/img'], 'source-root': 'shop-2.0' };
  assert.match(binding('hop3_static', keys), '"mkdir \\"$out\\""\n      "cp -R options \\"$out\\"/"\n      "cp -R public/img \\"$out\\"/"');
  assert.match(binding('hop3_static', keys), 'sourceRoot = "shop-2.0";');
  assert.match(binding('hop3_frontend', keys), '"cp -R --no-preserve=mode ${hop3_static}/. \\"$out\\"/"');
  const alone = render({ 'go-static-dirs': ['options'] });
  assert.match(alone, '"export HOP3_GO_FRONTEND=\\"${hop3_static}\\""');
  assert.not.match(alone, 'hop3_frontend');
});

frontend('keys that have no effect are named', () => {
  assert.equal(rendered({ 'go-frontend-output': 'x', 'go-npm-deps-hash': HASH }).notices, [
    'ignored: [nix] go-frontend-output (the template go-source has no use for it)',
    'ignored: [nix] go-npm-deps-hash (the template go-source has no use for it)',
  ]);
  assert.equal(rendered({ ...FRONTEND, 'go-pnpm-deps-hash': HASH }).notices, ['ignored: [nix] go-pnpm-deps-hash (the template go-source has no use for it)']);
  assert.equal(rendered({ sha256: HASH, 'strip-components': 1 }).notices.length, 2);
});

go.run();
frontend.run();
