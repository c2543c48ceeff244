import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nixConcat, pieceLines } from '../../src/nix/live-text.ts';
import { renderNix } from '../../src/nix/mustache.ts';
import { nixAttrName, NixCode, nixPath, nixString } from '../../src/nix/quote.ts';
import { HOSTILE, randomHostile } from '../nix-hostile.ts';

const quoting = suite('nix reads back what was quoted');
const texts = [...HOSTILE, ...randomHostile(400)];

/** The value of an expression, by way of a file: no shell and no argument is in between. */
function evaluate(expression: string): unknown {
  const dir = mkdtempSync(join(tmpdir(), 'hop3-quote-'));
  try {
    writeFileSync(join(dir, 'x.nix'), expression);
    const { stdout, stderr, status } = spawnSync('nix-instantiate', ['--eval', '--strict', '--json', join(dir, 'x.nix')], { encoding: 'utf8', maxBuffer: 1 << 24 });
    assert.is(status, 0, stderr);
    return JSON.parse(stdout);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

quoting('strings, byte for byte', () => {
  assert.equal(evaluate(`[ ${texts.map((text) => nixString(text).text).join('\n')} ]`), texts);
});

quoting('strings side by side with interpolations between them', () => {
  const pieces = texts.map((text) => nixConcat([text, new NixCode('"|"'), text]).text);
  assert.equal(evaluate(`[ ${pieces.join('\n')} ]`), texts.map((text) => `${text}|${text}`));
});

quoting('texts cut into lines and joined again', () => {
  const joined = texts.map((text) => `(builtins.concatStringsSep "\\n" [ ${pieceLines([text, new NixCode('"x"')]).map((line) => nixConcat(line).text).join(' ')} ])`);
  assert.equal(evaluate(`[ ${joined.join('\n')} ]`), texts.map((text) => `${text}x`));
});

quoting('attribute names', () => {
  const names = [...new Set(texts.filter((text) => text !== ''))];
  const set = evaluate(`{ ${names.map((name) => `${nixAttrName(name).text} = 1;`).join('\n')} }`) as Record<string, number>;
  assert.equal(Object.keys(set).sort(), names.sort());
});

quoting('a template\'s plain holes', () => {
  const list = renderNix('[\n{{#texts}}\n{{.}}\n{{/texts}}\n]', { texts: texts.map((text) => nixString(text)) });
  assert.equal(evaluate(list), texts);
  assert.is(evaluate(renderNix('{{text}}', { text: texts.join('') })), texts.join(''));
});

quoting('paths', () => {
  assert.is(evaluate(`toString ${nixPath('/a b/${x}/"y"').text}`), '/a b/${x}/"y"');
});

if (spawnSync('nix-instantiate', ['--version']).error) console.log('skipped: nix is not installed');
else quoting.run();
