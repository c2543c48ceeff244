import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'toml';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { KeyPath } from '../../src/config/toml-map.ts';
import { scanToml } from '../../src/config/toml-scan.ts';

const test = suite('where keys stand in a TOML text');

/** Every path of the parsed document. */
function pathsOf(value: unknown, path: KeyPath = []): KeyPath[] {
  const below = typeof value === 'object' && value !== null && !(value instanceof Date)
    ? Object.entries(value).flatMap(([key, child]) => pathsOf(child, [...path, Array.isArray(value) ? Number(key) : key]))
    : [];
  return path.length === 0 ? below : [path, ...below];
}

function at(root: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<string | number, unknown>)[part], root);
}

/** The scanner against the parser: what it calls the written form of a value, parsed alone, is that value. */
function agrees(text: string): void {
  const data = parse(text) as unknown;
  const map = scanToml(text);
  for (const path of pathsOf(data)) {
    const name = path.join('.');
    const written = map.written(path);
    assert.ok(written !== null, `${name} was not found`);
    const value = at(data, path);
    if (typeof value !== 'object' || value instanceof Date) {
      assert.equal((parse(`x = ${written}`) as { x: unknown }).x, value, name);
    }
  }
}

const HARD = `
# [not.a] = "table"
top = 1 # = 2
"quoted key" . 'and literal' = "v" # dotted
"esc\\u0061ped" = 1
a.b.c = 1
a.b.d = [1, [2, "]", '}'], { x = "}", y.z = """
[no.header]
k = 1
""" }, # comment ]
]
text = """
[[still.text]]
a = "\\"""
b = 'x' ""
"""
ends = """with quotes"""""
literal = '''
[literal] \\ '' ' '''
empty = ""
none = ''
date = 2024-01-01 10:00:00
time = 07:32:00
day = 2024-01-01
number = -1_000.5e+3
infinity = +inf
hex = 0xDEAD_beef
[ spaced . "table" ]
k = true
[[list]]
name = "one"
[list.sub]
k = 1
[[list.deep]]
k = 1
[[list.deep]]
k = 2
[[list]]
name = "two"
[[list.deep]]
k = 3
[list.deep.more]
k = 4
inline = { a = 1, b = { c = [ { d = 2 } ] },
  e = 3, }
last = "no newline"`;

test('a document with everything', () => agrees(HARD));
test('the same with CRLF', () => agrees(HARD.replaceAll('\n', '\r\n')));

test('line and column of keys, values and items', () => {
  const map = scanToml(HARD);
  assert.equal(map.keyAt(['top']), { line: 3, column: 1 });
  assert.equal(map.valueAt(['top']), { line: 3, column: 7 });
  assert.equal(map.keyAt(['escaped']), { line: 5, column: 1 });
  assert.equal(map.keyAt(['a', 'b', 'd']), { line: 7, column: 1 });
  assert.equal(map.valueAt(['a', 'b', 'd', 1, 1]), { line: 7, column: 17 });
  assert.equal(map.keyAt(['a', 'b', 'd', 2, 'y', 'z']), { line: 7, column: 39 });
  assert.equal(map.keyAt(['list', 0, 'deep', 1, 'k']), { line: 37, column: 1 });
  assert.equal(map.keyAt(['list', 1, 'deep', 0, 'more', 'k']), { line: 43, column: 1 });
});

test('a path that is not there stands where its nearest parent does', () => {
  const map = scanToml('x = 1\n[run]\nstart = "x"');
  assert.equal(map.keyAt(['run', 'stop']), { line: 2, column: 1 });
  assert.equal(map.keyAt(['nothing']), { line: 1, column: 1 });
});

// The spec runner names the place when there is one.
const corpus = process.env['HOP3_CORPUS'] ?? '';
if (!existsSync(corpus)) console.log('skipped: HOP3_CORPUS names no folder of example applications');
for (const app of existsSync(corpus) ? readdirSync(corpus) : []) {
  test(`every key of ${app}`, () => agrees(readFileSync(join(corpus, app, 'hop3.toml'), 'utf8')));
}

test.run();
