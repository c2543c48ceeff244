import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { caught } from '../caught.ts';
import { configWith } from '../nix-config.ts';

const KEYS = { url: 'https://example.org/wiki-${version}.tar.gz', sha256: 'Jpv4D+ldGPvJz+8cwNhrmC+Ii5dG0UOTC5JIWPwUzvk=', 'exec-target': 'server/index.js' };
const render = (keys: Record<string, unknown> = {}) => renderTemplate(configWith('node-prebuilt', { ...KEYS, ...keys }, { id: 'wiki-js', version: '2.5' }), 'wiki');
const text = (keys: Record<string, unknown> = {}) => render(keys).expression;

const node = suite('nix: node-prebuilt');

node('node starts a file of the release, in the data directory', () => {
  assert.match(text(), '"exec ${hop3_node}/bin/node ${hop3_app}/server/index.js"');
  assert.match(text({ 'exec-args': ['--port', '"$PORT"'] }), 'server/index.js --port \\"$PORT\\""');
  assert.match(text({ 'exec-target': "it's.js" }), `"exec \${hop3_node}/bin/node \${hop3_app}/'it'\\\\''s.js'"`);
});

node('the Node.js of runtime-package, else nodejs; ${nodejs} is its name', () => {
  assert.match(text(), 'hop3_node = pkgs.nodejs;');
  const chosen = text({ 'runtime-package': 'nodejs_22', 'extra-paths': ['${nodejs}/bin'] });
  assert.match(chosen, 'hop3_node = pkgs.nodejs_22;');
  assert.match(chosen, '  nodejs = hop3_node;');
  assert.match(chosen, '"${nodejs}/bin"');
});

node('APPDIR is the release in every text of the shell; $APPDIR is a variable', () => {
  const expression = text({
    'pre-exec': ['for item in server assets; do ln -sf APPDIR/$item $item; done', 'echo $APPDIR NODEBIN/node'],
    'config-files': [{ path: 'config.yml', format: 'raw', 'raw-content': 'assets: APPDIR/assets\n' }],
  });
  assert.match(expression, 'ln -sf ${hop3_app}/$item $item');
  assert.match(expression, 'echo $APPDIR ${hop3_node}/bin/node');
  assert.match(expression, '"assets: ${hop3_app}/assets"');
});

node('the root: the one directory at the top unless the file says that there is none', () => {
  assert.match(text(), '"hop3_enter_only_directory"');
  for (const keys of [{ 'unpack-without-top-level': true }, { 'strip-components': 1 }, { 'source-root': 'app' }]) assert.not.match(text(keys), '"hop3_enter_only_directory"');
  assert.match(text({ 'source-root': 'wiki-${version}' }), '"hop3_enter wiki-2.5"');
});

node('the release is $out/app, as $out of hop3.toml has it', () => {
  assert.match(text(), 'ln -s \\"${hop3_app}\\" \\"$out/app\\"');
});

node('scripts get this Node.js, and compiled packages for other kinds of libc do not fail the build', () => {
  assert.match(text(), 'buildInputs = hop3_libraries ++ [ hop3_node ];');
  assert.match(text(), 'autoPatchelfIgnoreMissingDeps = [ "libc.musl-x86_64.so.1" ];');
});

node('tier 3, x86_64-linux, one hash', () => {
  const { tier, systems, hashes, notices } = render({ sha256: undefined });
  assert.is(tier, 3);
  assert.equal(systems, ['x86_64-linux']);
  assert.equal(hashes, [{ derivation: 'wiki-js-2.5.tar.gz', key: 'sha256', given: false }]);
  assert.equal(notices, []);
});

node('a single file is no release, and exec-target is needed', async () => {
  const single = await caught(async () => text({ url: 'https://example.org/server.js' }));
  assert.match(single.message, 'unpacks an archive');
  const none = await caught(async () => text({ 'exec-target': undefined }));
  assert.match(`${none.next}`, 'exec-target = "server/index.js"');
});

node.run();
