import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { renderNix } from '../../src/nix/mustache.ts';
import { NixCode } from '../../src/nix/quote.ts';
import { INSTALL_DIR } from '../../src/paths.ts';

const templates = suite('nix: mustache');

templates('a hole takes text as a quoted string, and Nix code, numbers and booleans as they are', () => {
  const view = { text: 'a "b" ${c}', code: new NixCode('pkgs.hello'), number: 3, flag: true };
  assert.is(renderNix('{{text}} {{code}} {{number}} {{flag}}', view), '"a \\"b\\" \\${c}" pkgs.hello 3 true');
});

templates('values are not templates', () => {
  assert.is(renderNix('{{text}}', { text: '{{code}} {{{raw}}}' }), '"{{code}} {{{raw}}}"');
});

templates('a forgotten name is an error, also for a section, inside one and for null', () => {
  for (const template of ['{{gone}}', '{{#gone}}x{{/gone}}', '{{^gone}}x{{/gone}}', '{{#list}}{{gone}}{{/list}}', '{{nothing}}']) {
    assert.throws(() => renderNix(template, { list: [{ a: 1 }], nothing: null }), /the template uses "(gone|nothing)"/);
  }
});

templates('raw holes are refused, and no template of ours has one', () => {
  for (const raw of ['{{{x}}}', '{{&x}}']) assert.throws(() => renderNix(raw, { x: '' }), /may not use/);
  const dir = join(INSTALL_DIR, 'nix-templates');
  const files = [dir, join(dir, 'parts')].flatMap((each) => readdirSync(each).map((name) => join(each, name))).filter((name) => name.endsWith('.mustache'));
  assert.ok(files.length > 3);
  for (const name of files) assert.not.match(readFileSync(name, 'utf8'), /\{\{[{&]/, name);
});

templates('a part that several templates share is rendered with the same view; one that does not exist is an error', () => {
  assert.match(renderNix('{{>head}}', { pkgsDefault: 'x' }), /pkgs \? "x",/);
  assert.throws(() => renderNix('{{>gone}}', {}), /parts\/gone\.mustache/);
});

templates('a list, a float and undefined cannot stand in a hole', () => {
  for (const value of [[], {}, 1.5]) assert.throws(() => renderNix('{{x}}', { x: value }), /cannot hold/);
});

templates.run();
