import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../src/config/parse.ts';
import { Hop3Error } from '../../src/errors.ts';

const test = suite('Procfile');

const parse = (procfile: string) => parseConfig({ hop3Toml: null, procfile });

function problems(procfile: string): string {
  try {
    parse(procfile);
    return '';
  } catch (error) {
    assert.instance(error, Hop3Error);
    return [(error as Hop3Error).what, (error as Hop3Error).why].filter(Boolean).join('\n');
  }
}

test('types and commands, in order', () => {
  const { processes, run } = parse('# a comment\nweb: gunicorn app:app --bind 0.0.0.0:$PORT\n\n  worker :  python worker.py  \r\nMail-Queue_2: x\n');
  assert.equal(Object.entries(processes), [['web', 'gunicorn app:app --bind 0.0.0.0:$PORT'], ['worker', 'python worker.py'], ['Mail-Queue_2', 'x']]);
  assert.equal(run, { start: null, beforeRun: null, startTimeout: 60 });
});

test('release and prerun run before the workers', () => {
  assert.is(parse('release: ./migrate').run.beforeRun, './migrate');
  assert.equal([parse('prerun: ./migrate').run.beforeRun, parse('prerun: ./migrate').processes], ['./migrate', {}]);
});

test('prebuild has no effect yet and says so', () => assert.equal(parse('prebuild: make').notices, ['ignored: Procfile prebuild (not supported)']));

for (const [name, text, expected] of [
  ['no colon', 'web: a\nserve', 'Procfile:2:1: this line should be "<type>: <command>", such as "web: ./serve".'],
  ['no command', '  web:', 'Procfile:1:3: "web:" has no command.'],
  ['a type twice', 'web: a\nweb: b', 'Procfile:2:1: "web" is there twice (first on line 1).'],
  ['a type that is a path', '../x: a', 'Procfile:1:1: "../x" cannot be a process type: 1 to 31 letters, digits, "_" and "-", beginning with a letter.'],
  ['a type that is JavaScript\'s', 'constructor: a', 'Procfile:1:1: "constructor" cannot be a process type: 1 to 31 letters, digits, "_" and "-", beginning with a letter.'],
  ['another', '__proto__: a', 'Procfile:1:1: "__proto__" cannot be a process type: 1 to 31 letters, digits, "_" and "-", beginning with a letter.'],
  ['static', 'static: public', 'Procfile:1:1: "static" is no process; the build names a static directory in its runtime.json.'],
  ['two names for one step', 'release: a\nweb: b\nprerun: c', 'Procfile:3:1: "prerun" and "release" are two names for the same step (line 1 has the other); keep one.'],
  ['NUL', 'web: a\0b', 'Procfile:1:1: this line holds a NUL character, which no program can be given.'],
  ['all at once', 'x\ny', 'Procfile:1:1: this line should be "<type>: <command>", such as "web: ./serve" (and 1 more)\nProcfile:2:1: this line should be "<type>: <command>", such as "web: ./serve".'],
] as const) {
  test(name, () => assert.is(problems(text), expected));
}

test('problems of both files come together, hop3.toml first', () => {
  assert.throws(() => parseConfig({ hop3Toml: { path: 'hop3.toml', text: '[run]\nx = 1' }, procfile: 'web' }), (error: Hop3Error) =>
    error.what.startsWith('hop3.toml:2:1:') && error.why!.startsWith('Procfile:1:1:') && error.next!.includes('Correct hop3.toml and Procfile'));
});

test.run();
