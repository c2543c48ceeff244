import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'toml';
import Schema from 'typebox/schema';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TEMPLATES } from '../../src/config/model.ts';
import { checkFile } from '../../src/config/check.ts';
import { checkTogether } from '../../src/config/cross-checks.ts';
import { belongs, NIX_KEYS } from '../../src/config/nix-keys.ts';
import { Problems } from '../../src/config/problems.ts';
import { HopToml } from '../../src/config/schema.ts';
import { TomlMap } from '../../src/config/toml-map.ts';

const test = suite('schema/*.json');

const root = resolve(import.meta.dirname, '../..');
const published = (name: string) => JSON.parse(readFileSync(join(root, 'schema', name), 'utf8')) as object;
const hop3Toml = Schema.Compile(published('hop3.schema.json') as never);
const runtimeJson = Schema.Compile(published('runtime.schema.json') as never);

test('are what src/ says', () => {
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/docs-schema.mjs', '--check'], { cwd: root, encoding: 'utf8' });
  assert.is(status, 0, stderr);
});

test('are of the draft that TOML editors know, and explain every key of [nix]', () => {
  const schema = published('hop3.schema.json') as { $schema: string; properties: { nix: { properties: Record<string, { description?: string }> } } };
  assert.is(schema.$schema, 'http://json-schema.org/draft-07/schema#');
  const keys = schema.properties.nix.properties;
  assert.equal(Object.keys(keys), Object.keys(NIX_KEYS));
  for (const [key, { description = '' }] of Object.entries(keys)) assert.match(description, /^(\([a-z-]+\) )?[A-Z"\w].*\.$/, key);
  assert.match(keys['php-version']!.description!, '(php-app) ');
});

const accepts = (text: string) => hop3Toml.Check(structuredClone(parse(text)));

/** hop3.toml files of a folder of apps. */
function filesIn(folder: string): [string, string][] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((app): [string, string] => [app, join(folder, app, 'hop3.toml')]).filter(([, file]) => existsSync(file));
}

const corpus = process.env['HOP3_CORPUS'] ?? '';
if (!existsSync(corpus)) console.log('skipped: HOP3_CORPUS names no folder of example applications');
const apps = ['real-apps-nix', 'real-apps-nix-gen', 'test-apps-nix'].map((folder) => join(root, 'apps', folder));

test('fit every file that Hop3 takes', () => {
  for (const [app, file] of [corpus, ...apps].flatMap(filesIn)) {
    const [fits, errors] = hop3Toml.Errors(structuredClone(parse(readFileSync(file, 'utf8'))));
    assert.ok(fits, `${app}: ${JSON.stringify(errors, null, 1)}`);
  }
});

/** What is written, and what an editor marks: a place, or the table that lacks something. */
const MISTAKES: readonly (readonly [name: string, text: string, place: string])[] = [
  ['an unknown key', '[run]\nstrat = "x"', '/run'],
  ['a key of another template', '[nix]\ntemplate = "nixpkgs-wrapper"\nphp-version = "php83"', '/nix'],
  ['an unknown template', '[nix]\ntemplate = "phpapp"', '/nix/template'],
  ['no template', '[nix]\nversion = "1"', '/nix'],
  ['half a pin', `[nix]\ntemplate = "php-app"\nnixpkgs-rev = "${'0'.repeat(40)}"`, '/nix'],
  ['a hash that is none', '[nix]\ntemplate = "php-app"\nsha256 = "abc"', '/nix/sha256'],
  ['a path out of the tree', '[nix]\ntemplate = "php-app"\ninstall-files = ["../x"]', '/nix/install-files/0'],
  ['an ini file without sections', '[nix]\ntemplate = "php-app"\n[[nix.config-files]]\npath = "a"\nformat = "ini"', '/nix/config-files/0'],
  ['a raw file with sections', '[nix]\ntemplate = "php-app"\n[[nix.config-files]]\npath = "a"\nraw-content = ""\n[nix.config-files.sections.a]\nb = "c"', '/nix/config-files/0'],
  ['a list as a variable', '[env]\nA = ["x"]', '/env/A'],
  ['a name that is no variable', '[env]\n"A-B" = "x"', '/env'],
  ['an unknown generator', '[env]\nA = { generate = "hx" }', '/env/A'],
  ['a version without quotes', '[metadata]\nversion = 1.10', '/metadata/version'],
  ['a time out of range', '[run]\nstart-timeout = 0', '/run/start-timeout'],
  ['a builder that this server is not', '[build]\nbuilder = "docker"', '/build/builder'],
  ["the host's own port", '[[ports]]\nnumber = 22', '/ports/0/number'],
  ['a domain with a port', '[domains]\nlist = ["a.example:80"]', '/domains/list/0'],
  ['an address as a domain', '[domains]\nlist = ["10.0.0.1"]', '/domains/list/0'],
  ['an addon of no type', '[[addons]]\nname = "x"', '/addons/0'],
  ['a password in the repository', '[admin]\npassword = "hunter2"', '/admin/password'],
];
for (const [name, text, place] of MISTAKES) {
  test(`mark ${name}`, () => {
    const [fits, errors] = hop3Toml.Errors(structuredClone(parse(text)));
    assert.is(fits, false, 'it was taken');
    const places = errors.map(({ instancePath }) => instancePath);
    assert.ok(places.some((path) => path === place || path.startsWith(`${place}/`)), `${place} is not among ${places.join(' ')}`);
  });
}

test('take and refuse domains as the server does', () => {
  for (const domain of ['_', 'a', 'shop.example.org', 'xn--bcher-kva.example', 'A.example']) assert.ok(accepts(`[domains]\nlist = ["${domain}"]`), domain);
  for (const domain of ['', '-a', 'a-', 'a..b', 'a.', '*.a.example', 'https://a', 'bücher.example', 'a'.repeat(64), `${'a.'.repeat(127)}a`]) {
    assert.not.ok(accepts(`[domains]\nlist = ["${domain}"]`), domain);
  }
});

test('know for each pair of template and key whether they belong together', () => {
  const nix = Schema.Compile((published('hop3.schema.json') as { properties: { nix: { dependencies: object } } }).properties.nix.dependencies['template' as never]);
  for (const template of TEMPLATES) {
    for (const key of Object.keys(NIX_KEYS)) {
      if (key !== 'template') assert.is(nix.Check({ template, [key]: 'x' }), belongs(key, template), `${template} ${key}`);
    }
  }
});

/** Whether the server takes a file of this data. */
function serverTakes(data: Record<string, unknown>): boolean {
  const toml = { file: 'hop3.toml', data, map: new TomlMap('') };
  const problems = new Problems();
  checkFile(toml, HopToml, problems);
  checkTogether(toml, problems);
  return !problems.any;
}

/** Every place in the data, as a way to put something else there. */
function* places(value: unknown, path = ''): Generator<[path: string, put: (other: unknown) => void]> {
  if (typeof value !== 'object' || value === null) return;
  const table = value as Record<string, unknown>;
  for (const key of Object.keys(table)) {
    yield [`${path}/${key}`, (other) => { table[key] = other; }];
    yield* places(table[key], `${path}/${key}`);
  }
}

const SAMPLE = `
[metadata]
id = "shop"
version = "1.0"
categories = ["web"]
[build]
builder = "nix"
build = ["make"]
[run]
start = "x"
before-run = "y"
start-timeout = 5
[env]
A = 1
B = { generate = "hex", length = 3, display = true }
_policy = "override"
[env.computed]
C = "\${A}"
[admin]
username = "a"
password = { generate = "password" }
[domains]
list = ["a.example"]
[port]
web = 8000
[[ports]]
number = 25
protocol = "tcp"
[healthcheck]
path = "/"
timeout = 3
[[addons]]
type = "postgres"
extensions = ["uuid-ossp"]
[cli]
app = "x"
[nix]
template = "php-app"
url = "https://example.org/x.zip"
sha256 = "${'0'.repeat(64)}"
nixpkgs-rev = "${'0'.repeat(40)}"
nixpkgs-sha256 = "${'0'.repeat(52)}"
strip-components = 1
php-extensions = ["curl"]
needs-composer = true
install-files = ["a"]
local-vars = { A = "x" }
[[nix.config-files]]
path = "a"
format = "ini"
sections = { s = { a = 1 } }
[[nix.conditional-env]]
name = "A"
value = "x"
`;

test('take and refuse what the server does, whatever stands in any place', () => {
  const sample = structuredClone(parse(SAMPLE)) as Record<string, unknown>;
  assert.ok(serverTakes(sample));
  let refused = 0;
  const others = [true, -1, 1.5, 70_000, '', 'x', '/x', '../x', 'prebuilt-binary', 'raw', [], ['x'], [1], {}, { a: 'x' }, [{ a: 'x' }]];
  const count = [...places(sample)].length;
  for (let index = 0; index < count; index += 1) {
    for (const other of others) {
      const data = structuredClone(sample);
      const [path, put] = [...places(data)][index]!;
      put(other);
      const server = serverTakes(data);
      assert.is(hop3Toml.Check(data), server, `${path} = ${JSON.stringify(other)}: the server ${server ? 'takes' : 'refuses'} it`);
      if (!server) refused += 1;
    }
  }
  assert.ok(refused > 500, `${refused} were refused`);
});

test('take a runtime.json, and mark what the server would refuse', () => {
  assert.ok(runtimeJson.Check({ workers: { web: 'a "b c" $PORT', static: '/nix/store/x/site', 'mail-queue': 'x' }, env: { A: 'two\nlines' }, path: ['/a/bin'] }));
  for (const value of [
    [], {}, { workers: {} }, { workers: { web: 8080 } }, { workers: { Web: 'x' } }, { workers: { web: ' ' } }, { workers: { web: 'a\nb' } }, { workers: { static: 'site' } },
    { workers: { web: 'x' }, env: { PORT: 80 } }, { workers: { web: 'x' }, env: { 'A B': 'x' } }, { workers: { web: 'x' }, path: ['bin'] }, { workers: { web: 'x' }, path: ['/a:/b'] },
  ]) assert.not.ok(runtimeJson.Check(value), JSON.stringify(value));
});

test.run();
