import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../src/config/parse.ts';
import { Hop3Error } from '../../src/errors.ts';

const test = suite('a hop3.toml that means harm');

const parse = (text: string) => parseConfig({ hop3Toml: { path: 'hop3.toml', text }, procfile: null });

function told(text: string): string {
  try {
    parse(text);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof Hop3Error)) throw error;
    assert.is(error.code, 'HOP3_CONFIG');
    return error.what;
  }
}

for (const text of [
  '__proto__.polluted = 1', '[__proto__]\npolluted = 1', '[constructor.prototype]\npolluted = 1', '[[__proto__]]\npolluted = 1',
  'env = { "__proto__" = { polluted = "1" } }', '[env."\\u005f_proto__"]\ngenerate = "hex"', '[nix]\ntemplate = "php-app"\n[nix.runtime-env.__proto__]\npolluted = "1"',
  '[[nix.config-files]]\nsections.constructor.prototype.polluted = "1"',
]) {
  test(`no prototype is reached: ${JSON.stringify(text)}`, () => {
    assert.match(told(text), /^hop3\.toml:\d+:\d+: the key "(__proto__|constructor)" is not allowed anywhere in this file(?:\.| \(and \d+ more\))/);
    assert.is(({} as Record<string, unknown>)['polluted'], undefined);
  });
}

const DEEP = 'nested deeper than 32 levels here.';
for (const [name, text] of [
  ['a dotted key of 20,000 parts', `${'a.'.repeat(20_000)}a = 1`],
  ['a header of 20,000 parts', `[${'a.'.repeat(20_000)}a]`],
  ['100,000 lists in lists', `a = ${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ['60,000 tables in tables', `a = ${'{a='.repeat(60_000)}`],
] as const) {
  test(name, () => assert.match(told(text), DEEP));
}

test('names that every object has are only names', () => {
  assert.equal(parse('[env]\ntoString = "a"\nhasOwnProperty = "b"').env, { toString: 'a', hasOwnProperty: 'b' });
  assert.match(told('[run]\ntoString = 1'), /unknown key "toString" in \[run\]/);
  assert.equal(parse('valueOf = 1').notices, ['hop3.toml:1:1: ignored: unknown key "valueOf" outside any table.']);
});

test('huge numbers', () => {
  assert.match(told('[run]\nstart-timeout = 99999999999999999999'), 'hop3.toml:2:17: this number is too large');
  assert.match(told('[run]\nstart-timeout = 9007199254740993'), 'hop3.toml:2:17:');
  assert.match(told('[run]\nstart-timeout = 1e999'), '[run] start-timeout must be a whole number of seconds from 1 to 3600');
});

test('of ten thousand problems fifty are shown and the rest counted', () => {
  const text = `[nix]\ntemplate = "php-app"\n${Array.from({ length: 10_000 }, (_, index) => `web-rooot${index} = 1`).join('\n')}`;
  try {
    parse(text);
    assert.unreachable();
  } catch (error) {
    const { what, why } = error as Hop3Error;
    assert.match(what, /^hop3\.toml:3:1: unknown key "web-rooot0" in \[nix\].* \(and 9999 more\)$/);
    assert.is(why!.split('\n').length, 50);
    assert.ok(why!.endsWith('\n... and 9950 more'));
  }
});

test('control characters of a key stay out of the terminal', () => {
  assert.match(told('[run]\n"\\u001b[2J\\n" = 1'), 'unknown key "\\u001b[2J\\u000a" in [run].');
});

test('a control character or half of one where the syntax breaks is made visible', () => {
  assert.is(told('[run]\nstart\u009b2J = "x"\n'), 'hop3.toml:2:6: "=" should follow the key "start", found "\\u009b".');
  assert.is(told('[run\u0001]\n'), 'hop3.toml:1:5: the table header needs a closing "]", found "\\u0001".');
  assert.not.match(told('[run]\n\u{1f600} = 1\n'), /\p{Surrogate}/u);
});

const SEED = `[metadata]
id = "shop"
[build]
builder = "nix"
[run]
before-run = ["a", "b"]
[env]
A = { generate = "hex", length = 3 }
B = 1.5
[env.computed]
C = "\${A}"
[domains]
list = ["a.example", "b.example"]
[[ports]]
number = 25
[[addons]]
type = "postgres"
extensions = ["hstore"]
[nix]
template = "nixpkgs-wrapper"
nixpkgs-package = "x"
[nix.local-vars]
PORT = "\${PORT}"
[[nix.config-files]]
path = "a"
format = "ini"
sections.server.port = 80
`;
const PIECES = ['[', ']', '[[', ']]', '{', '}', '"', '"""', "'", '=', '.', ',', '\n', '#', '\\', '1', 'true', 'a', ' ', '\0', '\r', '\u00e9', '{}', '[]', '""', '1979-05-27T07:32:00Z', '-', 'nan'];

test('five hundred damaged files: each is read or refused in words, none breaks the reader', () => {
  let state = 42;
  const random = (limit: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  let refused = 0;
  for (let round = 0; round < 500; round++) {
    let text = SEED;
    for (let edits = random(3) + 1; edits > 0; edits--) {
      const from = random(text.length);
      text = text.slice(0, from) + (random(3) > 0 ? PIECES[random(PIECES.length)] : '') + text.slice(from + random(3) * random(6));
    }
    const answer = told(text);
    if (answer === 'accepted') continue;
    refused++;
    assert.match(answer, /^hop3\.toml:\d+:\d+: /, JSON.stringify(text));
  }
  assert.ok(refused > 125, `only ${refused} were damaged enough to be refused`);
});

test.run();
