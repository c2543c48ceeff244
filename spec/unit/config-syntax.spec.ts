import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../src/config/parse.ts';
import { Hop3Error } from '../../src/errors.ts';

const test = suite('a hop3.toml that is not TOML');

function told(text: string): string {
  try {
    parseConfig({ hop3Toml: { path: 'hop3.toml', text }, procfile: null });
  } catch (error) {
    assert.instance(error, Hop3Error);
    assert.is((error as Hop3Error).code, 'HOP3_CONFIG');
    return `${(error as Hop3Error).what}\n${(error as Hop3Error).why}`;
  }
  return 'accepted';
}

/** What is written, and all of what the push says: the sentence, the line, and a caret below the place. */
const CASES: readonly (readonly [text: string, ...lines: string[]])[] = [
  ['[run]\nstart =\n', '2:8: a value should stand here, found the end of the line.', '2 | start =', '  |        ^'],
  ['[run]\nstart', '2:6: "=" should follow the key "start", found the end of the file.', '2 | start', '  |      ^'],
  ['[run]\nstart: "x"', '2:6: "=" should follow the key "start", found ":".', '2 | start: "x"', '  |      ^'],
  ['[run]\nstart now = "x"', '2:7: "=" should follow the key "start", found more text.', '2 | start now = "x"', '  |       ^'],
  ['[run]\n= "x"', '2:1: a key should stand here, found "=".', '2 | = "x"', '  | ^'],
  ['[run\nstart = "x"', '1:5: the table header needs a closing "]", found the end of the line.', '1 | [run', '  |     ^'],
  ['[[ports]\n', '1:8: the table header needs a closing "]]", found "]".', '1 | [[ports]', '  |        ^'],
  ['[]', '1:2: a table name should stand here, found "]".', '1 | []', '  |  ^'],
  ['[run]]', '1:6: the line should end here, found "]".', '1 | [run]]', '  |      ^'],
  ['[run]\nstart = "a" "b"', '2:13: the line should end here, found a quotation mark.', '2 | start = "a" "b"', '  |             ^'],
  ['[run]\nstart = ./serve', '2:9: this is no value: text needs quotes around it, and only true and false go without.', '2 | start = ./serve', '  |         ^'],
  ['[metadata]\nversion = 1.2.3', '2:11: this is no number or date as TOML has them; text needs quotes around it.', '2 | version = 1.2.3', '  |           ^'],
  ['[ports]\nweb = 080', '2:7: this is no number or date as TOML has them; text needs quotes around it.', '2 | web = 080', '  |       ^'],
  ['[run]\nstart = “x”', '2:9: this quotation mark is not one of TOML\'s: use " or \'.', '2 | start = “x”', '  |         ^'],
  ['[run]\nstart = "x\nbefore-run = "y"', '2:9: this text has no closing " on its line.', '2 | start = "x', '  |         ^'],
  ['[run]\nstart = \'x', '2:9: this text has no closing \' on its line.', '2 | start = \'x', '  |         ^'],
  ['[run]\nstart = """x\n\n[nix]\n', '2:9: this text has no closing """.', '2 | start = """x', '  |         ^'],
  ['[run]\npackages = ["a", "b"\nstart = "x"', '3:1: "," or "]" should stand here (the list begins on line 2), found more text.', '3 | start = "x"', '  | ^'],
  ['[run]\npackages = ["a"', '2:12: this list has no closing "]".', '2 | packages = ["a"', '  |            ^'],
  ['[run]\nx = { a = 1', '2:5: this table has no closing "}".', '2 | x = { a = 1', '  |     ^'],
  ['a = 1\na = 2', '2:1: "a" is defined a second time here.', '2 | a = 2', '  | ^'],
  ['[run]\n[run]', '2:1: "run" is defined a second time here.', '2 | [run]', '  | ^'],
  ['a = { b = 1 }\na.c = 2', '2:1: "a" was completed further up and cannot be added to here.', '2 | a.c = 2', '  | ^'],
  ['[run]\nstart = "\\w"', '2:10: this backslash begins nothing that TOML knows: double it, or use \'...\' instead of "...".', '2 | start = "\\w"', '  |          ^'],
  ['[build]\nx = 99999999999999999999', '2:5: this number is too large; put it in quotes if it is text.', '2 | x = 99999999999999999999', '  |     ^'],
  ['[build]\nx = 2021-02-29', '2:5: there is no such date or time; put it in quotes if it is text.', '2 | x = 2021-02-29', '  |     ^'],
  ['[run]\n\tstart = yes', '2:10: this is no value: text needs quotes around it, and only true and false go without.', '2 |  start = yes', '  |          ^'],
  ['[run]\r\nstart =\r\n', '2:8: a value should stand here, found the end of the line.', '2 | start =', '  |        ^'],
];

for (const [text, what, ...lines] of CASES) {
  test(JSON.stringify(text), () => assert.is(told(text), [`hop3.toml:${what}`, ...lines].join('\n')));
}

for (const [text, line] of [
  ['[env]\nPASSWORD = hunter2', '2 | PASSWORD = *******'],
  ['[env]\nPASSWORD = "hunter2', '2 | PASSWORD = "*******'],
  ['[admin]\npassword: "hunter2"', '2 | password: "*******"'],
  ['[env.computed]\nURL = "postgres://shop:hunter2@db" x', '2 | URL = "********://****:*******@**" *'],
  ['[nix.env-exports]\nSECRET = hunter2', '2 | SECRET = *******'],
  ['[env]\nKEY = """\nhunter2 "" " \\q"""', '3 | ******* "" " \\*"""'],
] as const) {
  test(`a value that may be secret is not shown: ${line}`, () => {
    const message = told(text);
    assert.not.match(message, 'hunter2');
    assert.ok(message.includes(`\n${line}\n`), message);
  });
}

test('of a very long line a window around the place is shown', () => {
  const [, line, caret] = told(`[run]\nstart = "${'x'.repeat(500)}" "tail"`).split('\n');
  assert.ok(line!.length < 120, line);
  assert.is(line![caret!.length - 1], '"');
});

test('a character that would repaint the terminal is not printed', () => {
  assert.not.match(told('[run]\nstart = \u001b[2J'), '\u001b');
});

test.run();
