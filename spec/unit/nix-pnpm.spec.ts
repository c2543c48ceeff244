import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { caught } from '../caught.ts';
import { configWith } from '../nix-config.ts';

const HASH = `sha256-${'B'.repeat(43)}=`;
const rendered = (keys: Record<string, unknown> = {}, tree: 'beside' | 'around' = 'beside') =>
  renderTemplate(configWith('node-pnpm-install', { 'exec-target': 'server.mjs', ...keys }, { id: 'shop', version: '2.0' }), 'demo', tree);
const render = (keys?: Record<string, unknown>) => rendered(keys).expression;
const command = (keys: Record<string, unknown>) => /"exec [^\n]*/.exec(render(keys))![0];

const pnpm = suite('nix: node-pnpm-install');

pnpm('the whole tree is the app; its lock file is part of the name of what is fetched', () => {
  const text = render();
  assert.match(text, 'hop3_source = builtins.path { name = "source"; path = ./source; };');
  assert.match(text, 'pname = "shop-node-" + builtins.substring 0 8 (builtins.hashFile "sha256" (if builtins.pathExists (./. + "/source/pnpm-lock.yaml")');
  assert.match(text, 'throw "The pushed tree has no pnpm-lock.yaml. Run pnpm install --lockfile-only and commit pnpm-lock.yaml with package.json."');
  assert.match(text, 'hash = pkgs.lib.fakeHash;');
  assert.equal(rendered().hashes, [{ derivation: 'shop-node', key: 'node-deps-hash', given: false }]);
  assert.is(rendered().tier, 2);
});

pnpm('a file of the app is run by node, another word is a command of a package', () => {
  assert.is(command({ 'exec-args': ['--port', '"$PORT"'] }), '"exec ${hop3_node}/bin/node ${hop3_app}/server.mjs --port \\"$PORT\\""');
  assert.is(command({ 'exec-target': 'dist/main' }), '"exec ${hop3_node}/bin/node ${hop3_app}/dist/main"');
  assert.is(command({ 'exec-target': 'directus', 'exec-args': ['start'] }), '"exec ${hop3_app}/node_modules/.bin/directus start"');
  assert.match(render({ 'exec-target': 'directus' }), 'error: [nix] exec-target: no package has the command');
});

pnpm('commands find node, pre-exec finds $APPDIR, and NODE_ENV can be changed', () => {
  const text = render({ 'pre-exec': ['$APPDIR/node_modules/.bin/x && PKGBIN/y && NODEBIN/node APPDIR/z'] });
  assert.match(text, '"export PATH=\\"${hop3_node}/bin:$PATH\\""\n    "export APPDIR=\\"${hop3_app}\\""');
  assert.match(text, '"$APPDIR/node_modules/.bin/x && ${hop3_app}/node_modules/.bin/y && ${hop3_node}/bin/node ${hop3_app}/z"');
  assert.match(text, 'NODE_ENV = "production";');
  assert.match(render({ 'runtime-env': { NODE_ENV: 'staging' } }), 'NODE_ENV = "staging";');
  assert.match(render({ 'extra-paths': ['${nodejs}/bin'] }), '"${nodejs}/bin"');
});

pnpm('a package of the registry: manifest, lock file and what pnpm reads beside them, nothing else of the tree', () => {
  const keys = { 'npm-package': '@acme/server@2.0', 'exec-target': 'acme', 'node-manifest': 'deploy/package.json', 'node-lockfile': 'deploy/pnpm-lock.yaml', 'node-deps-hash': HASH };
  const text = render(keys);
  assert.not.match(text, 'path = ./source;');
  assert.match(text, '"cp \\"${if builtins.pathExists (./. + "/source/deploy/package.json") then builtins.path { name = "package.json"; path = (./. + "/source/deploy/package.json"); } else throw');
  assert.match(text, '(if builtins.pathExists (./. + "/source/deploy/.npmrc") then [ "cp');
  assert.match(text, '[ -e node_modules/@acme/server ] || { echo \\"error: [nix] npm-package: package.json has no dependency');
  assert.match(text, 'hash = "sha256-B');
  assert.equal(rendered({ ...keys, url: 'https://example.org/x.tgz' }).notices, ['ignored: [nix] url (the template node-pnpm-install has no use for it)']);
});

pnpm('manifest and lock file under other names are put where pnpm looks, below source-root too', () => {
  const text = render({ 'source-root': 'web', 'node-lockfile': 'locks/pnpm.yaml' });
  assert.match(text, 'sourceRoot = "source/web";\n    postPatch = "cp -- locks/pnpm.yaml pnpm-lock.yaml";');
  assert.match(text, '(./. + "/source/web/locks/pnpm.yaml")');
  assert.match(text, 'inherit (finalAttrs) sourceRoot;\n      inherit (finalAttrs) postPatch;');
});

pnpm('an archive is unpacked by stdenv, and only the build sees its lock file', () => {
  const text = render({ url: 'https://example.org/shop-${version}.zip', sha256: HASH });
  assert.match(text, 'pname = "shop-node";');
  assert.match(text, 'nativeBuildInputs = [ pkgs.unzip ];\n      hash = ');
  assert.match(text, '      pkgs.unzip\n    ] ++ hop3_pnpm_inputs;');
});

pnpm('only what runs in production is installed, offline and with no script run; the named packages are compiled', () => {
  assert.match(render(), 'pnpmInstallFlags = [ "--prod" ];');
  assert.not.match(render(), 'pnpm rebuild');
  const text = render({ 'node-native-packages': ['better-sqlite3', '@acme/native'] });
  assert.match(text, '"export CI=true npm_config_nodedir=\\"${hop3_node}\\" npm_config_dangerously_allow_all_builds=true pnpm_config_dangerously_allow_all_builds=true"');
  assert.match(text, '"pnpm rebuild better-sqlite3 @acme/native"');
  assert.match(text, 'pkgs.python3');
});

pnpm('Node.js and pnpm are those of the package set unless named', () => {
  assert.match(render(), 'hop3_node = pkgs.nodejs;\n\n  hop3_pnpm = pkgs.pnpm_10;');
  assert.match(render({ 'runtime-package': 'nodejs_22', 'node-pnpm-package': 'pkgs.pnpm_9' }), 'hop3_node = pkgs.nodejs_22;\n\n  hop3_pnpm = pkgs.pnpm_9;');
});

pnpm('mistakes are named', async () => {
  for (const keys of [{ 'exec-target': undefined }, { 'npm-package': 'x; rm -rf' }, { 'node-native-packages': ['--help me'] }, { 'node-lockfile': '../x' }, { url: 'https://example.org/x', sha256: HASH }]) {
    assert.is((await caught(() => render(keys))).code, 'HOP3_TEMPLATE_FIELD', JSON.stringify(keys));
  }
});

pnpm.run();
