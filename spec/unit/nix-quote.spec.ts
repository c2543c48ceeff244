import { execFileSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nixAttrName, nixPath, nixString, shellQuote } from '../../src/nix/quote.ts';
import { caught } from '../caught.ts';
import { HOSTILE, randomHostile } from '../nix-hostile.ts';

const quote = suite('nix: quoting');

quote('a Nix string keeps one line, closes its quotes and expands nothing', () => {
  for (const text of [...HOSTILE, ...randomHostile(500)]) {
    const quoted = nixString(text).text;
    assert.not.match(quoted, /[\n\r\t]/);
    const inner = quoted.slice(1, -1);
    // With every escape taken away there is neither a quote nor a beginning interpolation left.
    const bare = inner.replace(/\\[^]/g, '');
    assert.not.ok(bare.includes('"'), quoted);
    assert.not.ok(/\$\{/.test(inner.replace(/\\[^]/g, 'x')), quoted);
  }
});

quote('the text of a Nix string', () => {
  assert.is(nixString('a "b" \\ ${c} $d\n\te\r').text, '"a \\"b\\" \\\\ \\${c} $d\\n\\te\\r"');
});

quote('a dollar at the end is escaped: what follows may be an interpolation', () => {
  assert.is(nixString('cost: $').text, '"cost: \\$"');
});

quote('NUL and half a surrogate pair are refused by name', async () => {
  for (const text of ['a\0b', '\ud800']) {
    assert.is((await caught(() => nixString(text))).code, 'HOP3_TEMPLATE_FIELD');
    assert.is((await caught(() => shellQuote(text))).code, 'HOP3_TEMPLATE_FIELD');
  }
});

quote('sh reads back the same bytes', () => {
  const texts = [...HOSTILE, ...randomHostile(200)];
  const script = texts.map((text) => `printf '%s\\0' ${shellQuote(text)}`).join('\n');
  assert.equal(execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1), texts);
});

quote('a word that needs no quotes gets none', () => {
  assert.is(shellQuote('--port=80'), '--port=80');
  assert.is(shellQuote(''), "''");
});

quote('attribute names and paths', () => {
  assert.is(nixAttrName('jdk').text, 'jdk');
  assert.is(nixAttrName('with').text, '"with"');
  assert.is(nixAttrName('a b').text, '"a b"');
  assert.is(nixPath('./source/a b.txt').text, '(./. + "/source/a b.txt")');
  assert.is(nixPath('/etc/x').text, '(/. + "/etc/x")');
  assert.throws(() => nixPath('./a/../../b'));
  assert.throws(() => nixPath('a'));
});

quote.run();
