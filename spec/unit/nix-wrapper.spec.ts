import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { caught } from '../caught.ts';
import { configWith, WRAPPER } from '../nix-config.ts';

const render = (keys: Record<string, unknown> = {}, metadata = {}, app = 'demo') =>
  renderTemplate(configWith('nixpkgs-wrapper', { ...WRAPPER, ...keys }, metadata), app).expression;

/** The start script as it is in the expression, one Nix string a line. */
const script = (keys: Record<string, unknown>) => {
  const lines = render(keys).split('\n');
  const from = lines.findIndex((line) => line.includes('hop3_script ='));
  return lines.slice(from + 1, lines.findIndex((line, index) => index > from && line === '  ];') - 1).map((line) => line.trim());
};

const wrapper = suite('nix: nixpkgs-wrapper');

wrapper('names follow the app id and the package, with - as _, sorted, and pkg is always there', () => {
  const text = render({ 'nixpkgs-package': 'pkgs.etherpad-lite', 'let-extra': { zulu: 'pkgs.zulu21', awk: 'pkgs.gawk' } }, { id: 'ether-pad' }, 'notes');
  assert.match(text, 'hop3_package = pkgs.etherpad-lite;');
  const names = [...text.matchAll(/^  (\w+) = (?:hop3_package|pkgs\.\w+);$/gm)].map((match) => match[1]);
  assert.equal(names, ['awk', 'ether_pad', 'etherpad_lite', 'notes', 'pkg', 'zulu']);
});

wrapper('an app called like a word of Nix, or beginning with a digit, gets no name of its own', () => {
  for (const app of ['with', 'pkgs', 'import', 'builtins']) assert.not.match(render({}, {}, app), new RegExp(`^  ${app} =`, 'm'));
  assert.not.match(render({}, { id: '2fauth' }), /2fauth =/);
});

wrapper('same input, same bytes', () => {
  const keys = { 'runtime-env': { B: '1', A: '2' }, 'env-exports': { Y: '1', X: '2' } };
  assert.is(render(keys), render(structuredClone(keys)));
  assert.match(render(keys), /A = "2";\n\s+B = "1";/);
});

wrapper('shell keys stay shell: quotes, defaults and an em dash in a :? message', () => {
  assert.equal(script({
    'local-vars': { PORT: '${PORT:-8080}' },
    'env-exports': { ADMIN: '${ADMIN:?demo: ADMIN not injected — refusing}', HOME_DIR: '$PWD/x' },
    'conditional-env': [{ name: 'DATABASE_URL', 'condition-var': 'DATABASE_URL', value: 'postgres://${PGUSER:-demo}@h/d' }],
  }).slice(3, 9), [
    '"PORT=\\"\\${PORT:-8080}\\""',
    '""',
    '"export ADMIN=\\"\\${ADMIN:?demo: ADMIN not injected — refusing}\\""',
    '"export HOME_DIR=\\"$PWD/x\\""',
    '""',
    '"if [ -z \\"\\${DATABASE_URL:-}\\" ]; then export DATABASE_URL=\\"postgres://\\${PGUSER:-demo}@h/d\\"; fi"',
  ]);
});

wrapper('exec-args are shell words already: joined with spaces, not quoted again', () => {
  const last = script({ 'exec-args': ['--port', '"${PORT:-8080}"', '--name', "'a b'", '$PWD/x', '"$@"'] }).at(-1);
  assert.is(last, `"exec \${hop3_package}/bin/demo --port \\"\\\${PORT:-8080}\\" --name 'a b' $PWD/x \\"$@\\""`);
});

wrapper('pre-exec entries are joined with newlines, so a comment line comments out itself alone', () => {
  const lines = script({ 'pre-exec': ['mkdir -p data', '# link the assets\nfor i in a b; do\n  ln -sf $i\ndone', 'printf "a\\nb \\"c\\"\\n"'] });
  assert.equal(lines.slice(3, 9), ['"mkdir -p data"', '"# link the assets"', '"for i in a b; do"', '"  ln -sf $i"', '"done"', '"printf \\"a\\\\nb \\\\\\"c\\\\\\"\\\\n\\""']);
});

wrapper("'' of PHP text ends no Nix string", () => {
  const lines = script({ 'config-files': [{ path: 'c.php', format: 'raw', 'raw-content': "<?php $a = ''; define('X', '${PORT}');\n" }] });
  assert.ok(lines.includes(`"<?php \\\\$a = ''; define('X', '\\\${PORT}');"`), lines.join('\n'));
});

wrapper('config files come before pre-exec, make their directory, and are kept when asked', () => {
  const lines = script({
    'pre-exec': ['mkdir -p conf'],
    'config-files': [{ path: 'conf/app.ini', format: 'ini', 'create-if-missing': true, sections: { server: { port: '${PORT}', tls: false }, log: { level: 'Info' } } }],
  });
  assert.equal(lines.slice(3), [
    '"hop3_file=\\"conf/app.ini\\""', '"if [ ! -e \\"$hop3_file\\" ]; then"', '"mkdir -p \\"$(dirname \\"$hop3_file\\")\\""',
    '"cat > \\"$hop3_file\\" <<HOP3_END"', '"[server]"', '"port = \\${PORT}"', '"tls = false"', '""', '"[log]"', '"level = Info"', '"HOP3_END"', '"fi"',
    '""', '"mkdir -p conf"', '""', '"exec ${hop3_package}/bin/demo"',
  ]);
});

wrapper('content that holds the end mark gets another one', () => {
  assert.match(script({ 'config-files': [{ path: 'c', format: 'raw', 'raw-content': 'HOP3_END\nHOP3_END_1\n' }] }).join('\n'), '<<HOP3_END_2');
});

wrapper('Nix keys are expanded by Nix: extra-paths, env-exports-raw, let-extra, overrides, exec-prefix, runtime libs', () => {
  const text = render({
    'extra-paths': ['${demo}/bin', '$out/venv/bin'],
    'let-extra': { jdk: 'pkgs.zulu21', conf: 'pkgs.writeText "x" \'\'\n  a # b\n\'\'' },
    'env-exports-raw': { JAVA_HOME: '${jdk}' },
    'nixpkgs-overrides': { extraOpts: '"-Dx=y"', confFile: '${conf}'.slice(2, -1) },
    'exec-prefix': '$out/home/bin',
    'nix-runtime-libs': ['stdenv.cc.cc.lib', 'pkgs.krb5.lib'],
    'install-extra': 'cp -r ${jdk}/lib $out/home\n',
  });
  assert.match(text, '"${demo}/bin"');
  assert.match(text, '"${placeholder "out"}/venv/bin"');
  assert.match(text, '"export JAVA_HOME=\\"${jdk}\\""');
  assert.match(text, 'pkgs.demo.override {\n    confFile = conf;\n    extraOpts = "-Dx=y";\n  };');
  assert.match(text, '"exec ${placeholder "out"}/home/bin/demo"');
  assert.match(text, '"export LD_LIBRARY_PATH=\\"${pkgs.stdenv.cc.cc.lib}/lib:${pkgs.krb5.lib}/lib\\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\\""');
  assert.match(text, '"cp -r ${jdk}/lib $out/home"');
  assert.match(text, /conf = \(\n {4}pkgs\.writeText/);
});

wrapper('runtime-env: lower case is Nix, the rest is literal', () => {
  const text = render({ 'runtime-env': { A: '${demo}/share', B: '${HOME}', C: '$PWD "q"' } });
  assert.match(text, 'A = "${demo}/share";');
  assert.match(text, 'B = "\\${HOME}";');
  assert.match(text, 'C = "$PWD \\"q\\"";');
});

wrapper('PKGBIN is the package, or its writable copy', () => {
  assert.ok(script({ 'pre-exec': ['PKGBIN/demo --install || true'] }).includes('"${hop3_package}/bin/demo --install || true"'));
  const lines = script({ 'writable-home-at-runtime': true, 'writable-home-env-var': 'DEMO_HOME', 'exec-target': '.demo-wrapped' });
  assert.ok(lines.includes('"export DEMO_HOME=\\"$HOME_DIR\\""'));
  assert.is(lines.at(-1), '"exec $HOME_DIR/bin/.demo-wrapped"');
});

wrapper("an app's own nixpkgs is fetched by hash, and the log says so", () => {
  const keys = { ...WRAPPER, 'nixpkgs-rev': 'a'.repeat(40), 'nixpkgs-sha256': '0v6bd1xk8a2aal83karlvc853x44dg1n4nk08jg3dajqyy0s98np' };
  const rendered = renderTemplate(configWith('nixpkgs-wrapper', keys), 'demo');
  assert.match(rendered.expression, `https://github.com/NixOS/nixpkgs/archive/${'a'.repeat(40)}.tar.gz`);
  assert.equal(rendered.notices, ["[nix] nixpkgs-rev: builds with nixpkgs aaaaaaaaaaaa in place of the server's package set"]);
  assert.is(rendered.tier, 1);
});

wrapper('keys without effect here are named, not dropped', () => {
  const rendered = renderTemplate(configWith('nixpkgs-wrapper', { ...WRAPPER, url: 'https://example.org/x' }), 'demo');
  assert.equal(rendered.notices, ['ignored: [nix] url (the template nixpkgs-wrapper has no use for it)']);
});

wrapper('texts that would break out of a string or a comment', () => {
  const text = render({}, { description: '"; in abort "x" # ${y}\n}', version: '1 "2"' });
  assert.match(text, 'meta.description = "\\"; in abort \\"x\\" # \\${y}\\n}";');
  assert.match(text, 'version = "1-2-";');
});

wrapper('install-files are copied from the tree one by one; leaving it is refused', async () => {
  const text = render({ 'install-files': ['conf/a b.txt'], 'pre-exec': ['cat APPDIR/conf/x'] });
  assert.match(text, `builtins.path { name = "file"; path = (./. + "/source/conf/a b.txt"); }`);
  assert.match(text, '"cat ${placeholder "out"}/share/demo/conf/x"');
  for (const path of ['/etc/passwd', '../x', 'a/../../x', '']) {
    assert.is((await caught(() => render({ 'install-files': [path] }))).code, 'HOP3_TEMPLATE_FIELD');
  }
});

const messages = suite('nix: what a template says of mistakes');

const mistake = (keys: Record<string, unknown>) => caught(() => renderTemplate(configWith('nixpkgs-wrapper', keys), 'demo'));

messages('a missing field, with a line to add', async () => {
  const error = await mistake({ 'nixpkgs-package': 'demo' });
  assert.is(error.code, 'HOP3_TEMPLATE_FIELD');
  assert.is(error.what, 'The template nixpkgs-wrapper needs [nix] exec-target, and it is not there.');
  assert.is(error.next, 'Add under [nix], for example: exec-target = "radicale"');
});

messages('wrong types and values, each by its key', async () => {
  for (const [keys, words] of [
    [{ 'exec-args': 'web', 'pre-exec': [1] }, 'pre-exec[0] should be text, and is 1.'],
    [{ 'local-vars': { 'A-B': 'x' } }, '"A-B" cannot be the name of a variable.'],
    [{ 'nixpkgs-package': 'a b' }, '"a b" is not the name of a package.'],
    [{ 'nixpkgs-rev': 'a'.repeat(40) }, 'nixpkgs-sha256 is missing'],
    [{ 'nixpkgs-rev': 'main', 'nixpkgs-sha256': 'x' }, 'nixpkgs-rev should be 40 lower-case hex digits'],
    [{ 'config-files': [{ path: 'x', format: 'yaml' }] }, 'there is no format "yaml"'],
    [{ 'config-files': [{ path: 'x', format: 'raw', 'raw-contents': '' }] }, 'Did you mean "raw-content"?'],
    [{ 'config-files': [{ path: 'x"; id #', format: 'raw', 'raw-content': '' }] }, 'has a quote'],
    [{ 'let-extra': { pkgs: '1' } }, '"pkgs" cannot be a name here.'],
    [{ 'extra-paths': ['${gitea}/bin'] }, 'nothing is called "gitea" there'],
  ] as const) {
    const error = await mistake({ ...WRAPPER, ...keys });
    assert.is(error.code, 'HOP3_TEMPLATE_FIELD');
    assert.ok(error.what.includes(words), `${error.what} | ${words}`);
  }
});

messages('a template that does not exist', async () => {
  const unknown = await caught(() => renderTemplate(configWith('nixpkgs-wraper', {}), 'demo'));
  assert.is(unknown.code, 'HOP3_TEMPLATE_UNSUPPORTED');
  assert.is(unknown.what, 'hop3.toml: there is no template "nixpkgs-wraper". Did you mean "nixpkgs-wrapper"?');
});

wrapper.run();
messages.run();
