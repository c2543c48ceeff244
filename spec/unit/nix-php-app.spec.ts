import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { caught } from '../caught.ts';
import { configWith } from '../nix-config.ts';
import { startScriptText } from '../start-script-text.ts';

const HASH = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
const TAR = { url: 'https://example.org/shop-${version}.tar.gz', sha256: HASH };

const rendered = (keys: Record<string, unknown> = {}, more: { tree?: 'beside' | 'around'; version?: string; id?: string } = {}) =>
  renderTemplate(configWith('php-app', keys, { version: more.version ?? '2.1', id: more.id ?? null }), 'shop', more.tree);
const text = (keys: Record<string, unknown> = {}, more = {}) => rendered(keys, more).expression;
const refused = (keys: Record<string, unknown>) => caught(async () => text(keys));

/** The part of the expression that makes this binding. */
function binding(expression: string, name: string): string {
  const from = expression.indexOf(`\n  ${name} = `);
  if (from < 0) throw new Error(`no ${name} in:\n${expression}`);
  return expression.slice(from + 1, from + 1 + expression.slice(from + 1).search(/;\n\n {2}\w|;\nin\n/));
}

/** The builder's lines of a phase, without the quotes of Nix. */
function lines(expression: string, name: string, phase = 'installPhase'): string[] {
  const list = new RegExp(`${phase} = builtins.concatStringsSep "\\\\n" \\[\\n([^]*?)\\n    \\]`).exec(binding(expression, name))?.[1] ?? '';
  return list.split('\n').map((line) => line.trim().slice(1, -1).replace(/\\(["\\$])/g, '$1'));
}

/** What the start script says, without the part that brings a writable copy. */
function script(keys: Record<string, unknown>): string[] {
  const all = startScriptText(text(keys), (code) => `\${${code}}`).split('\n');
  const from = all.findIndex((line) => line.startsWith('hop3_bring_tree()'));
  const to = all.findIndex((line) => line.includes('; then (hop3_bring_tree); fi'));
  return from < 0 ? all : [...all.slice(0, from), 'THE COPY', ...all.slice(to + 1)];
}

const php = suite('nix: php-app');

php('the PHP is that of the set, or the one that is named, with its extensions in the file\'s order', () => {
  assert.match(text(), '\n  hop3_php = pkgs.php;\n');
  assert.match(rendered().notices.join('\n'), "[nix] php-version is not given: the package set's default PHP");
  assert.match(text({ 'php-version': 'pkgs.php83', 'php-extensions': ['redis', 'pdo_pgsql', 'redis'] }),
    '\n  hop3_php = pkgs.php83.withExtensions ({ enabled, all }: enabled ++ [\n    all.redis\n    all.pdo_pgsql\n  ]);\n');
  assert.equal(rendered({ 'php-version': 'php83' }).notices, []);
});

php('what is part of PHP is not loaded once more, which would print a warning into every answer', () => {
  const { expression, notices } = rendered({ 'php-version': 'php82', 'php-extensions': ['xml', 'tokenizer', 'json', 'opcache'] });
  assert.match(expression, '++ [\n    all.tokenizer\n  ]);');
  assert.equal(notices, ['[nix] php-extensions: xml, json, opcache are part of PHP already']);
  assert.match(text({ 'php-extensions': ['xml'] }), '\n  hop3_php = pkgs.php;\n');
});

php('a name that is no extension is refused', async () => {
  const error = await refused({ 'php-extensions': ['pdo-pgsql'] });
  assert.match(error.what, '[nix] php-extensions: "pdo-pgsql" is not the name of an extension.');
});

php('the pushed tree is the app, without the files that are Hop3\'s own', () => {
  const install = lines(text({ 'source-root': 'app' }), 'hop3_app');
  assert.match(install.join('\n'), '(cd source && rm -f hop3.toml src/hop3.toml src/hop3/hop3.toml hop3.nix Procfile src/Procfile)');
  assert.match(install.join('\n'), "[ -d source/app ] || { echo 'error: [nix] source-root: the source has no directory app' >&2; exit 1; }");
  assert.is(install.at(-1), 'mv source/app "$out/app"');
  assert.match(text(), 'src = builtins.path { name = "source"; path = ./source; };');
});

php('of a tar archive one directory is left out, of a zip none; the source root knows the version', () => {
  assert.match(lines(text(TAR), 'hop3_app').join('\n'), '--strip-components=1');
  assert.match(lines(text({ ...TAR, 'strip-components': 0 }), 'hop3_app').join('\n'), '--strip-components=0');
  const zip = text({ url: 'https://example.org/shop.zip', sha256: HASH, 'source-root': 'shop-${version}' });
  assert.match(zip, 'nativeBuildInputs = [ pkgs.unzip ];');
  assert.not.match(zip, 'hop3-inner');
  assert.is(lines(zip, 'hop3_app').at(-1), 'mv source/shop-2.1 "$out/app"');
});

php('install-files and post-install-dirs go into the app', () => {
  const install = lines(text({ ...TAR, 'install-files': ['wp-config.php', 'conf'], 'post-install-dirs': ['storage/logs', 'a b'] }), 'hop3_app');
  assert.match(install[install.length - 3]!, '"$out"/app/wp-config.php');
  assert.match(install[install.length - 2]!, '"$out"/app/conf');
  assert.is(install.at(-1), `(cd "$out/app" && mkdir -p storage/logs 'a b')`);
});

php('one PHP file is index.php; skip-source-copy fetches nothing', () => {
  const single = text({ url: 'https://example.org/tool-${version}.php', sha256: HASH, 'single-file': true });
  assert.match(lines(single, 'hop3_app').join('\n'), 'cp "$src" "$out/app/index.php"');
  assert.match(single, 'name = "shop-2.1.php";');
  const none = rendered({ ...TAR, 'skip-source-copy': true, 'install-files': ['index.php'] });
  assert.not.match(none.expression, 'fetchurl');
  assert.equal(none.hashes, []);
  assert.match(none.notices.join('\n'), 'skip-source-copy: what url names is not fetched');
});

php('what does not go together is told', async () => {
  assert.match((await refused({ 'single-file': true })).what, 'there is no url');
  assert.match((await refused({ ...TAR, 'single-file': true, 'needs-composer': true })).what, 'needs-composer and single-file do not go together');
  const unpacked = await refused({ url: 'https://example.org/shop', sha256: HASH });
  assert.match(unpacked.next ?? '', 'single-file = true where it is one PHP file');
  assert.match((await refused({ 'web-root': '../other' })).what, 'web-root');
  assert.match((await refused({ 'serve-mode': 'custom' })).what, 'needs [nix] exec-target');
});

php('PHP serves on the address of the release, with several processes, sessions that stay, and nothing hidden', () => {
  const all = script({ 'web-root': './public/', 'exec-args': ['-d', 'memory_limit=1G'] });
  assert.is(all.at(-2), 'exec ${pkgs.runtimeShell or "/bin/sh"} ${hop3_serve} ${hop3_php}/bin/php -q -d error_log=/dev/stderr -d session.save_path="$hop3_sessions" '
    + '-d session.gc_probability=1 -d memory_limit=1G -S "${BIND_ADDRESS:-127.0.0.1}:${PORT:-8080}" -t "${hop3_app}/app"/public ${hop3_router}');
  assert.ok(all.includes('export PHP_CLI_SERVER_WORKERS="${PHP_CLI_SERVER_WORKERS:-4}"'));
  assert.match(text(), '\n  hop3_router = builtins.toFile "hop3-router.php"');
});

php('the directory to serve must be there, unless pre-exec may make it', () => {
  assert.is(lines(text({ 'web-root': 'public' }), 'hop3_app').at(-1), `[ -d "$out/app"/public ] || { echo 'error: [nix] web-root: the app has no directory public' >&2; exit 1; }`);
  assert.not.match(lines(text({ 'web-root': 'public', 'pre-exec': ['make-it'] }), 'hop3_app').join('\n'), 'web-root');
});

php('a writable copy is made before config files and pre-exec, and is what is served', () => {
  const all = script({
    'needs-writable-dir': true, 'web-root': 'htdocs', 'post-install-dirs': ['documents'],
    'config-files': [{ path: 'conf/conf.php', 'raw-content': '<?php\n$AUTOCONFIG = \'\';' }], 'pre-exec': ['# first\nPHPBIN/php install.php', 'cp APPDIR/x "$APPDIR"'],
  });
  const at = (line: string) => { assert.ok(all.includes(line), `${line} in:\n${all.join('\n')}`); return all.indexOf(line); };
  const order = ['hop3_tree="${hop3_app}/app"', 'THE COPY', 'mkdir -p documents', 'cat > "$hop3_file" <<HOP3_END', "\\$AUTOCONFIG = '';", '# first', '${hop3_php}/bin/php install.php', 'cp ${hop3_app}/app/x "$APPDIR"'];
  assert.equal(order.map(at), order.map(at).sort((a, b) => a - b));
  assert.match(all.at(-2)!, '-t "$hop3_data"/htdocs ${hop3_router}');
});

php('artisan serves from where the app lies; a command of one\'s own has its placeholders', () => {
  assert.match(script({ 'serve-mode': 'artisan', 'needs-writable-dir': true }).at(-2)!,
    '${hop3_php}/bin/php "$hop3_data"/artisan serve --host="${BIND_ADDRESS:-127.0.0.1}" --port="${PORT:-8080}" --no-reload');
  assert.match(script({ 'serve-mode': 'artisan' }).at(-2)!, '"${hop3_app}/app"/artisan serve');
  assert.is(script({ 'serve-mode': 'custom', 'exec-target': 'PHPBIN/php APPDIR/server.php', 'exec-args': ['--port', '"$PORT"'] }).at(-2),
    'exec ${hop3_php}/bin/php ${hop3_app}/app/server.php --port "$PORT"');
  assert.not.match(text({ 'serve-mode': 'custom', 'exec-target': 'x' }), 'hop3_router');
});

php('an ini directory of the app comes behind PHP\'s own, which holds the extensions', () => {
  assert.ok(script({}).includes('if [ -n "${PHP_INI_SCAN_DIR:-}" ]; then export PHP_INI_SCAN_DIR="${hop3_php}/lib:$PHP_INI_SCAN_DIR"; fi'));
  const notices = (value: string) => rendered({ 'php-version': 'php', 'env-exports': { PHP_INI_SCAN_DIR: value } }).notices.join('\n');
  assert.match(notices('$PWD/php.d'), "takes the place of PHP's list of extensions");
  assert.is(notices('PHPBIN/../lib:$PWD/php.d'), '');
});

const composer = suite('nix: php-app with composer');

composer('the packages are fetched under one hash by the builder of nixpkgs, with the app\'s own PHP', () => {
  const { expression, hashes } = rendered({ ...TAR, 'needs-composer': true, 'composer-deps-hash': HASH });
  const app = binding(expression, 'hop3_app');
  assert.match(app, 'hop3_app = hop3_php.buildComposerProject2 {\n    pname = "shop";');
  assert.match(app, `src = hop3_source;\n    vendorHash = "${HASH}";\n    composerStrictValidation = false;`);
  assert.not.match(app, 'composer =');
  assert.equal(hashes, [{ derivation: 'shop-2.1.tar.gz', key: 'sha256', given: true }, { derivation: 'shop-composer-vendor', key: 'composer-deps-hash', given: true }]);
  assert.match(expression, '"mkdir -p \\"$out/\\" && ln -s \\"${hop3_app}/share/php/shop\\" \\"$out/app\\""');
});

composer('without its hash it has one that nothing has; strictness and arguments are the app\'s choice', () => {
  const { expression, hashes } = rendered({ ...TAR, 'needs-composer': true, 'composer-strict-validation': true, 'composer-extra-flags': ['--ignore-platform-req=ext-x', "it's"] });
  assert.match(expression, 'vendorHash = pkgs.lib.fakeHash;\n    composerStrictValidation = true;\n    composer = hop3_composer;');
  assert.match(expression, `"case \\" $* \\" in *\\" install \\"*) set -- \\"$@\\" --ignore-platform-req=ext-x 'it'\\\\''s' ;; esac"`);
  assert.is(hashes[1]!.given, false);
});

composer('another lock file has another name in the store: under the old one nix would take the old packages', () => {
  const tree = text({ 'needs-composer': true, 'source-root': 'app' });
  assert.match(tree, 'builtins.hashFile "sha256" (./. + "/source/app/composer.lock") else throw "The pushed tree has no app/composer.lock. needs-composer = true');
  assert.match(tree, 'version = "2.1" + "+" + builtins.substring 0 8 (builtins.hashString "sha256" (');
  assert.match(text({ 'needs-composer': true }, { tree: 'around' }), 'builtins.hashFile "sha256" (./. + "/composer.lock")');
  const version = (keys: Record<string, unknown>) => /version = "2\.1" \+ "\+" .*\n/.exec(text({ ...TAR, ...keys, 'needs-composer': true }))?.[0];
  assert.is(version({}), version({}));
  assert.is.not(version({}), version({ sha256: `sha256-${'B'.repeat(42)}A=` }));
});

composer('composer gets a version that it understands', () => {
  const version = (given: string) => /\n {4}version = "([^"]*)" \+ "\+"/.exec(text({ ...TAR, 'needs-composer': true }, { version: given }))?.[1];
  assert.equal(['24.02', 'v6.1.2-beta', '2024-edition', 'next'].map(version), ['24.02', '6.1.2', '2024', '0']);
});

composer('install-files are there before composer runs, and what it makes is the app', () => {
  const expression = text({ ...TAR, 'needs-composer': true, 'install-files': ['composer.lock'], 'post-install-dirs': ['storage'], 'extra-native-build-inputs': ['pkgs.nodejs'] });
  assert.match(lines(expression, 'hop3_source').at(-1)!, '"$out"/./composer.lock');
  assert.match(lines(expression, 'hop3_app', 'postInstall').join('\n'), '(cd "$out/share/php/shop" && mkdir -p storage)');
  assert.match(binding(expression, 'hop3_app'), 'nativeBuildInputs = [ pkgs.nodejs ];');
  assert.not.match(text({ ...TAR, 'needs-composer': true }), 'nativeBuildInputs');
});

php.run();
composer.run();
