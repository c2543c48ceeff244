import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../src/config/parse.ts';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { startScriptText } from '../start-script-text.ts';

/** A hop3.toml as somebody wrote it, and what the program sees when the start script has run. */
interface Trap {
  readonly title: string;
  /** Below `[nix]` of a wrapper around `demo`; [metadata] id = "my-app". */
  readonly toml: string;
  /** The environment that Hop3 starts the worker with. */
  readonly env?: Readonly<Record<string, string>>;
  /** The arguments of the program. */
  readonly args?: readonly string[];
  /** Variables of the program; null where it must not have one. */
  readonly sees?: Readonly<Record<string, string | null>>;
  /** Files of the data directory. */
  readonly files?: Readonly<Record<string, string>>;
  /** The script stops before the program, with these words. */
  readonly stops?: string;
  /** A line of the expression. */
  readonly nix?: string;
}

const TRAPS: readonly Trap[] = [
  {
    title: "'' inside PHP text ends no Nix string, and $name, backticks and backslashes of PHP stay",
    toml: `[[nix.config-files]]
path = "config.php"
raw-content = '''
<?php
$AUTOCONFIG = ['dbname' => '', 'path' => "\${DATA}/x", 'who' => "$USER"]; // \`id\`
$CONFIG['re'] = '/^\\d+\\\\w$/';
'''`,
    env: { DATA: '/data', AUTOCONFIG: 'gone', CONFIG: 'gone', USER: 'gone' },
    files: { 'config.php': "<?php\n$AUTOCONFIG = ['dbname' => '', 'path' => \"/data/x\", 'who' => \"$USER\"]; // `id`\n$CONFIG['re'] = '/^\\d+\\w$/';\n" },
  },
  {
    title: 'in a config file ${NAME} and $(...) are expanded, with defaults inside defaults; \\${ and \\$( are not',
    toml: `[[nix.config-files]]
path = "app.yml"
raw-content = '''
port: \${PORT:-9001}
url: "\${URL:-http://localhost:\${PORT}}/"
key: $(printf '%s' "a)b")
kept: \\\${PORT} \\$(id)
'''`,
    env: { PORT: '80' },
    files: { 'app.yml': 'port: 80\nurl: "http://localhost:80/"\nkey: a)b\nkept: ${PORT} $(id)\n' },
  },
  {
    title: 'a line that looks like the end of a here-document ends nothing',
    toml: '[[nix.config-files]]\npath = "notes"\nraw-content = """\nEOF\nHOP3_END\n]]\n"""',
    files: { notes: 'EOF\nHOP3_END\n]]\n' },
  },
  {
    title: 'exec-args are shell words with their own quotes: joined with spaces, not quoted again',
    toml: `exec-args = ["--port", '"\${PORT:-8080}"', '--db="$HOME_DIR/a b"', "'\${LITERAL}'", '--', '"$@"']\n[nix.local-vars]\nHOME_DIR = "/srv"`,
    args: ['--port', '8080', '--db=/srv/a b', '${LITERAL}', '--'],
  },
  {
    title: 'a pre-exec entry of several lines that begins with a comment is not joined to one line',
    toml: `pre-exec = ["mkdir -p data", """# Link what the app looks for\nfor item in a b; do\n  : > data/$item\ndone""", "cat data/a > done # and again a comment", "echo end >> done"]`,
    files: { done: 'end\n', 'data/b': '' },
  },
  {
    title: 'a config file is written before pre-exec runs, and makes the directory that pre-exec would make',
    toml: `pre-exec = ["mkdir -p conf/deep", "cp conf/deep/app.ini seen"]\n[[nix.config-files]]\npath = "conf/deep/app.ini"\nformat = "ini"\nsections.server.port = "\${PORT}"\nsections.server.tls = true\nsections.log.size = 1_000`,
    env: { PORT: '81' },
    files: { seen: '[server]\nport = 81\ntls = true\n\n[log]\nsize = 1000\n' },
  },
  {
    title: 'create-if-missing leaves a file alone that is there',
    toml: '[[nix.config-files]]\npath = "there"\ncreate-if-missing = true\nraw-content = "new"\n[[nix.config-files]]\npath = "fresh"\ncreate-if-missing = true\nraw-content = "new"',
    files: { there: 'old', fresh: 'new\n' },
  },
  {
    title: 'a config file may lie where a variable says',
    toml: '[nix.local-vars]\nCONF = "$PWD/my conf"\n[[nix.config-files]]\npath = "${CONF}/a.txt"\nraw-content = "x"',
    files: { 'my conf/a.txt': 'x\n' },
  },
  {
    title: 'an em dash inside a :? message arrives, and the program is not started',
    toml: '[nix.env-exports]\nADMIN_PASSWORD = "${ADMIN_PASSWORD:?miniflux: ADMIN_PASSWORD not injected — refusing a default}"',
    stops: 'miniflux: ADMIN_PASSWORD not injected — refusing a default',
  },
  {
    title: '\\" of a TOML literal string is a quote for the shell, and \\n is for printf',
    toml: `pre-exec = ['printf "# first\\nKEY = \\"%s\\"\\n" "$KEY" > conf.py']\n[nix.env-exports]\nGREETING = 'say \\"hello\\" to $KEY'`,
    env: { KEY: 'k"1' },
    files: { 'conf.py': '# first\nKEY = "k"1"\n' },
    sees: { GREETING: 'say "hello" to k"1' },
  },
  {
    title: 'variables keep their order, local ones stay in the script, and each may use those before it',
    toml: '[nix.local-vars]\nZ_PORT = "${PORT:-80}"\nA_HOST = "h:$Z_PORT"\n[nix.env-exports]\nURL = "http://$A_HOST/"\nAFTER = "${URL}x"',
    sees: { URL: 'http://h:80/', AFTER: 'http://h:80/x', Z_PORT: null, A_HOST: null },
  },
  {
    title: 'conditional-env speaks where its condition is not set or empty, and is silent otherwise',
    toml: '[[nix.conditional-env]]\nname = "DB"\ncondition-var = "DB_URL"\nvalue = "pg://${PGUSER:-me}@h"\n[[nix.conditional-env]]\nname = "EMPTY"\nvalue = "filled"\n[[nix.conditional-env]]\nname = "OWN"\nvalue = "not used"',
    env: { EMPTY: '', OWN: 'given' },
    sees: { DB: 'pg://me@h', EMPTY: 'filled', OWN: 'given' },
  },
  {
    title: 'PKGBIN and APPDIR stand for directories of the store; $APPDIR, ${APPDIR} and MYAPPDIR do not',
    toml: `pre-exec = ['printf "%s\\n" PKGBIN/x "APPDIR/y z" "$APPDIR" "\${APPDIR}" MYAPPDIR APPDIRS > places']`,
    env: { APPDIR: '/mine' },
    files: { places: '<pkg>/bin/x\n<out>/share/my-app/y z\n/mine\n/mine\nMYAPPDIR\nAPPDIRS\n' },
  },
  {
    title: 'env-exports-raw: Nix fills in the store path, and quotes round it are the text\'s own',
    toml: '[nix.env-exports-raw]\nTOOL = "${pkg}/bin:$out/x"\nLITERAL = "\'\'${pkg}"',
    sees: { TOOL: '<pkg>/bin:<out>/x' },
    nix: 'export LITERAL=\\"\\${pkg}\\"',
  },
  {
    title: "${...} finds the app's id with - as _, and the package's own name",
    toml: "extra-paths = ['${my_app}/bin', '${demo}/sbin', '${pkg}/libexec']",
    nix: '  my_app = hop3_package;',
  },
  {
    title: 'runtime-env: lower case is Nix, upper case and everything of the shell is literal',
    toml: '[nix.runtime-env]\nA = "${my_app}/share"\nB = "${HOME}/x $PWD `id` $(id)"\nC = "./data"',
    nix: '    B = "\\${HOME}/x $PWD `id` $(id)";',
  },
  {
    title: 'a package may be written with pkgs. in front',
    toml: 'nix-runtime-libs = ["pkgs.krb5.lib", "stdenv.cc.cc.lib"]',
    nix: '${pkgs.krb5.lib}/lib:${pkgs.stdenv.cc.cc.lib}/lib',
  },
  {
    title: 'numbers and booleans arrive as they were written, without the _ between digits',
    toml: '[nix.env-exports]\nPORT_WEB = 8_080\nRATIO = 1.50\nDEBUG = false\nVERSION = 1.10',
    sees: { PORT_WEB: '8080', RATIO: '1.50', DEBUG: 'false', VERSION: '1.10' },
  },
  {
    title: 'a line end at the end of a basic string of several lines adds no empty command',
    toml: 'pre-exec = ["""\necho one > said\n""", """echo two >> said\n\n"""]',
    files: { said: 'one\ntwo\n' },
  },
];

const traps = suite('nix: traps of real hop3.toml files');

for (const trap of TRAPS) {
  traps(trap.title, () => {
    const dir = mkdtempSync(join(tmpdir(), 'hop3-trap-'));
    try {
      run(trap, dir);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
}

function run(trap: Trap, dir: string): void {
  const data = join(dir, 'data');
  const [pkg, out] = [join(dir, 'pkg'), join(dir, 'out')];
  for (const path of [data, join(pkg, 'bin')]) mkdirSync(path, { recursive: true });
  writeFileSync(join(data, 'there'), 'old');
  writeFileSync(join(pkg, 'bin', 'demo'), '#!/bin/sh\nfor word; do printf "%s\\0" "$word"; done > ../args\nenv -0 > ../env\n');
  chmodSync(join(pkg, 'bin', 'demo'), 0o755);

  const text = `[metadata]\nid = "my-app"\n[nix]\ntemplate = "nixpkgs-wrapper"\nnixpkgs-package = "demo"\nexec-target = "demo"\n${trap.toml}\n`;
  const { expression } = renderTemplate(parseConfig({ hop3Toml: { path: 'hop3.toml', text }, procfile: null }), 'demo');
  if (trap.nix !== undefined) assert.ok(expression.includes(trap.nix), expression);
  const script = startScriptText(expression, (code) => {
    if (code.startsWith('pkgs.')) return '/bin/sh';
    return code === 'placeholder "out"' ? out : pkg;
  });
  writeFileSync(join(dir, 'start'), script);
  const ran = spawnSync('sh', [join(dir, 'start')], { cwd: data, encoding: 'utf8', env: { PATH: '/usr/bin:/bin', ...trap.env } });
  if (trap.stops !== undefined) {
    assert.is.not(ran.status, 0);
    assert.match(ran.stderr, trap.stops);
    return;
  }
  assert.is(ran.status, 0, ran.stderr);
  const shown = (value: string) => value.replaceAll(pkg, '<pkg>').replaceAll(out, '<out>');
  assert.equal(readFileSync(join(dir, 'args'), 'utf8').split('\0').slice(0, -1).map(shown), [...trap.args ?? []]);
  const env = new Map(readFileSync(join(dir, 'env'), 'utf8').split('\0').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const));
  for (const [name, value] of Object.entries(trap.sees ?? {})) assert.is(env.has(name) ? shown(env.get(name)!) : null, value, name);
  for (const [name, content] of Object.entries(trap.files ?? {})) assert.is(shown(readFileSync(join(data, name), 'utf8')), content, name);
}

traps.run();
