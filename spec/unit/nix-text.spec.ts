import { execFileSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nixConcat, pieceLines, readLiveText, readRuntimeEnv } from '../../src/nix/live-text.ts';
import { hereDocumentBody, replacePlaceholders } from '../../src/nix/shell-text.ts';
import { NixCode } from '../../src/nix/quote.ts';
import { caught } from '../caught.ts';

const place = { key: '[nix] extra-paths', names: ['pkg', 'jdk', 'nix_app'] };
const live = (text: string) => nixConcat(readLiveText(text, place)).text;
const env = (text: string) => nixConcat(readRuntimeEnv(text, place)).text;

const nixText = suite('nix: text that Nix expands');

nixText('interpolation stays live, the rest is quoted', () => {
  assert.is(live('${pkg}/bin'), '"${pkg}/bin"');
  assert.is(live('a "b" \\ ${jdk}/x'), '"a \\"b\\" \\\\ ${jdk}/x"');
  assert.is(live('${pkgs.python3.withPackages (ps: [ ps.flask ])}/bin'), '"${pkgs.python3.withPackages (ps: [ ps.flask ])}/bin"');
  assert.is(live('${pkgs.lib.concatMapStrings (x: "${x}}") [ "a" ]}'), '"${pkgs.lib.concatMapStrings (x: "${x}}") [ "a" ]}"');
});

nixText('$out is the output, which only the build knows', () => {
  assert.is(live('$out/venv/bin'), '"${placeholder "out"}/venv/bin"');
  assert.is(live('${out}/bin'), '"${placeholder "out"}/bin"');
  assert.is(live('$output'), '"$output"');
});

nixText("''${ and $${ are literal, and so is '' in PHP text", () => {
  assert.is(live("''${X}"), '"\\${X}"');
  assert.is(live("define('A', '');"), `"define('A', '');"`);
  assert.is(live('$${x}'), '"$\\${x}"');
});

nixText('a literal dollar before an interpolation does not swallow it', () => {
  assert.is(nixConcat(['$', new NixCode('pkg')]).text, '"\\$${pkg}"');
});

nixText('an unknown name is told before Nix sees it, with the names that there are', async () => {
  const error = await caught(() => live('${grafana}/bin'));
  assert.is(error.code, 'HOP3_TEMPLATE_FIELD');
  assert.match(error.what, '[nix] extra-paths: ${grafana} is expanded by Nix at build time, and nothing is called "grafana" there.');
  assert.match(error.why ?? '', 'There are: pkg, jdk, nix_app, pkgs.');
  assert.match(error.next ?? '', 'grafana = "pkgs.grafana"');
});

nixText('an interpolation that does not end', async () => {
  assert.match((await caught(() => live('${pkg/bin'))).what, '"${" without its "}"');
});

nixText('runtime-env: ${lower_case} is Nix, everything else is literal', () => {
  assert.is(env('${pkg}/share'), '"${pkg}/share"');
  assert.is(env('${nix_app}/share'), '"${nix_app}/share"');
  assert.is(env('${pkgs.cacert}/etc'), '"${pkgs.cacert}/etc"');
  assert.is(env('${HOME}/x $PWD ${port:-80} $(id) "q"'), '"\\${HOME}/x $PWD \\${port:-80} $(id) \\"q\\""');
});

nixText('lines are cut without losing a piece', () => {
  const code = new NixCode('x');
  assert.equal(pieceLines(['a\n\nb', code, 'c\n']), [['a'], [], ['b', code, 'c'], []]);
});

nixText.run();

const shellText = suite('nix: shell text');
const placeholders = { PHPBIN: [new NixCode('php'), '/bin'], APPDIR: [new NixCode('app')] };

shellText('placeholders are plain words; shell variables of the same name stay', () => {
  assert.is(
    nixConcat(replacePlaceholders('PHPBIN/php "$APPDIR" ${APPDIR} APPDIR/$item MYAPPDIR APPDIRS', placeholders)).text,
    '"${php}/bin/php \\"$APPDIR\\" \\${APPDIR} ${app}/$item MYAPPDIR APPDIRS"',
  );
});

/** What sh writes for a configuration file of this content. */
function written(content: string, env: Record<string, string> = {}, shell = 'sh'): string {
  return execFileSync(shell, ['-c', `cat <<HOP3_END\n${hereDocumentBody(`${content}\n`)}HOP3_END\n`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH']!, ...env } }).slice(0, -1);
}

shellText('${NAME} and $(...) are expanded, with defaults and nesting', () => {
  assert.is(written('port: ${PORT}', { PORT: '80' }), 'port: 80');
  assert.is(written('url: "${URL:-http://localhost:${PORT}}/"', { PORT: '80' }), 'url: "http://localhost:80/"');
  assert.is(written('${#PORT} ${PORT%0} ${PORT:+yes}', { PORT: '80' }), '2 8 yes');
  assert.is(written('key = $(printf "%s)" "a b")'), 'key = a b)');
  assert.is(written('sum = $((1 + 2))'), 'sum = 3');
});

shellText("another language's $name, braces and backticks stay as they are", () => {
  for (const text of [
    '<?php $AUTOCONFIG = array("dbtype" => \'mysql\'); $PATH[\'x\'] = $$y; ?>', '`$a` and `id`', '${process.env.HOME} ${}', "''", 'pass = $2y$10$abc',
    '\\d+ \\n "quoted" \'single\'', '$__file{/etc/x}', '<% $1 %> 100% $', '${',
  ]) {
    for (const shell of ['sh', 'bash']) assert.is(written(text, { AUTOCONFIG: 'gone', PATH: process.env['PATH']!, a: 'gone', name: 'gone' }, shell), text);
  }
});

shellText('a backslash takes the meaning of ${ and $( away', () => {
  assert.is(written('\\${PORT} \\$(id) \\`x\\`', { PORT: '80' }), '${PORT} $(id) `x`');
});

shellText.run();
