import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { caught } from '../caught.ts';
import { configWith } from '../nix-config.ts';

const rendered = (keys: Record<string, unknown> = {}, tree: 'beside' | 'around' = 'beside') =>
  renderTemplate(configWith('ruby-bundler', { 'exec-target': 'puma', ...keys }, { id: 'shop', version: '2.0' }), 'demo', tree);
const render = (keys?: Record<string, unknown>) => rendered(keys).expression;

/** The last line of the start script, as a Nix string. */
const command = (keys: Record<string, unknown>) => /"exec [^\n]*/.exec(render(keys))![0];

const ruby = suite('nix: ruby-bundler');

ruby('the gems are those of the three files of the pushed tree, each file alone', () => {
  const text = render();
  assert.match(text, 'hop3_gemfile = builtins.path { name = "Gemfile"; path = (./. + "/source/Gemfile"); };');
  assert.match(text, 'hop3_gemset = import (./. + "/source/gemset.nix");');
  assert.match(text, 'name = "shop-gems";');
  assert.match(rendered({}, 'around').expression, 'hop3_gemset = import (./. + "/gemset.nix");');
  assert.is(rendered().tier, 2);
});

ruby('a program of a gem, or one of Ruby itself, which sees the gems', () => {
  assert.is(command({ 'exec-args': ['-b', '"tcp://$BIND_ADDRESS:$PORT"'] }), '"exec ${hop3_gems}/bin/puma -b \\"tcp://$BIND_ADDRESS:$PORT\\""');
  assert.is(command({ 'exec-target': 'bundle', 'exec-args': ['exec', 'rackup', 'APPDIR/config.ru'] }), '"exec ${hop3_gems.wrappedRuby}/bin/bundle exec rackup ${hop3_app}/config.ru"');
  assert.is(command({ 'exec-target': 'ruby', 'exec-args': ['APPDIR/app.rb'] }), '"exec ${hop3_gems.wrappedRuby}/bin/ruby ${hop3_app}/app.rb"');
});

ruby('BUNDLE_WITHOUT is the same at build and at run, and runtime-env can say otherwise', () => {
  assert.match(render(), '    BUNDLE_WITHOUT = "development:test";\n\n    dontUnpack');
  assert.match(render(), 'hop3_env = {\n    BUNDLE_WITHOUT = "development:test";');
  assert.match(render({ 'runtime-env': { BUNDLE_WITHOUT: 'test' } }), 'hop3_env = {\n    BUNDLE_WITHOUT = "test";');
});

ruby('PATH has the programs of the gems and the Ruby that sees them; names are bound', () => {
  const text = render({ 'extra-paths': ['${ruby}/bin', '${gems}/bin', '${shop}/bin', '$out/app/bin'] });
  assert.match(text, ['    path = [', '      "${placeholder "out"}/bin"', '      "${hop3_gems}/bin"', '      "${hop3_gems.wrappedRuby}/bin"', '      "${ruby}/bin"'].join('\n'));
  assert.match(text, '  shop = hop3_app;');
});

ruby('runtime-package chooses Ruby', () => {
  assert.match(render(), 'hop3_ruby = pkgs.ruby;');
  assert.match(render({ 'runtime-package': 'ruby_3_3' }), 'hop3_ruby = pkgs.ruby_3_3;');
});

ruby('a published app is fetched and gets the pushed Gemfile and lock file beside it', () => {
  const { expression, hashes } = rendered({ url: 'https://example.org/shop-${version}.tar.gz', sha256: 'a'.repeat(64), 'source-root': 'shop-${version}/web' });
  assert.match(expression, 'url = "https://example.org/shop-2.0.tar.gz";');
  assert.match(expression, '--strip-components=0"');
  assert.match(expression, '"mv source/shop-2.0/web \\"$out\\""');
  assert.match(render({ url: 'https://example.org/shop.tar.gz' }), '--strip-components=1"');
  assert.match(render({ url: 'https://example.org/shop.tar.gz', 'strip-components': 2, 'source-root': 'web' }), '--strip-components=2"');
  assert.match(expression, '"cp ${hop3_lockfile} \\"$out/Gemfile.lock\\""');
  assert.equal(hashes, [{ derivation: 'shop-2.0.tar.gz', key: 'sha256', given: true }]);
  assert.not.match(render(), 'cp ${hop3_lockfile}');
  assert.equal(rendered().hashes, []);
});

ruby('a writable copy is where the app starts, and what APPDIR means', () => {
  const text = render({ 'writable-home-at-runtime': true, 'exec-args': ['-C', 'APPDIR/config/puma.rb'] });
  assert.match(text, '"cd \\"$HOME_DIR\\""');
  assert.match(text, '/bin/puma -C $HOME_DIR/config/puma.rb');
});

ruby('what is missing or unused is said', async () => {
  const error = await caught(() => renderTemplate(configWith('ruby-bundler', {}), 'demo'));
  assert.is(error.code, 'HOP3_TEMPLATE_FIELD');
  assert.match(error.what, 'The template ruby-bundler needs [nix] exec-target');
  assert.equal(rendered({ executable: true }).notices, ['ignored: [nix] executable (the template ruby-bundler has no use for it)']);
});

ruby.run();
