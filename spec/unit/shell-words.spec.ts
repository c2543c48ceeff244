import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shellWords } from '../shell-words.ts';

const words = suite('specs: words of a shell script');

for (const [script, wanted] of [
  ["a 'b c' \"d \\\" e\" f\\ g", ['a', 'b c', 'd " e', 'f g']],
  ["'it'\\''s' x", ["it's", 'x']],
  ['a "$b/"\'c d\'', ['a', '$b/c d']],
  ['x="$(cd "$out/a b" && ls \'c d\')" y', ['cd', '$out/a b', 'ls', 'c d', 'x=$()', 'y']],
  ['[ -d x ] || { echo "no" >&2; exit 1; } # it\'s a comment\nlast', ['[', '-d', 'x', ']', '{', 'echo', 'no', '2', 'exit', '1', '}', 'last']],
  ['$(a (b) c) d', ['a', 'b', 'c', '$()', 'd']],
] as const) words(script, () => assert.equal(shellWords(script), [...wanted]));

words.run();
