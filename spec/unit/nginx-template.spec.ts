import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { INSTALL_DIR } from '../../src/paths.ts';
import { NginxMessage, nginxWord, readNginxFile, renderNginx } from '../../src/runtime/nginx-template.ts';

const test = suite('text for nginx');

test('any word is one word to nginx', () => {
  assert.is(nginxWord('/srv/x'), '"/srv/x"');
  assert.is(nginxWord('a "b" \\ {c}; # d'), '"a \\"b\\" \\\\ {c}; # d"');
});

test('what nginx cannot be given is refused, not changed', () => {
  for (const text of ['$host', 'a\nb', 'a\rb', 'a\0b', '\u007f']) assert.throws(() => nginxWord(text), /nginx cannot be given/);
  assert.throws(() => renderNginx('{{x}}', { x: new NginxMessage('two\nlines') }), /nginx cannot be given/);
});

test('a hole is quoted by itself; a message gets its line end; a number stays one', () => {
  assert.is(renderNginx('return {{code}} {{text}};', { code: 503, text: new NginxMessage('no "release"') }), 'return 503 "no \\"release\\"\\n";');
  assert.is(renderNginx('{{#hosts}} {{host}}{{/hosts}};', { hosts: [{ host: 'a.b' }, { host: '*.c' }] }), ' "a.b" "*.c";');
});

test('a name that was not given is an error, inside a section too', () => {
  assert.throws(() => renderNginx('listen {{listen}};', {}), /uses "listen", which was not given/);
  assert.throws(() => renderNginx('{{#sites}}{{port}}{{/sites}}', { sites: [{}] }), /uses "port"/);
  assert.throws(() => renderNginx('{{flag}}', { flag: true }), /cannot hold a boolean/);
});

test('no template has an unquoted hole, and every hole is a whole word', () => {
  for (const raw of ['{{{x}}}', '{{&x}}', '{{>part}}']) assert.throws(() => renderNginx(raw, { x: '1' }), /may not use/);
  const names = readdirSync(join(INSTALL_DIR, 'nginx-templates')).filter((name) => name.endsWith('.mustache'));
  assert.equal(names.sort(), ['nginx.conf.mustache', 'site.conf.mustache']);
  for (const name of names) {
    const text = readNginxFile(name);
    assert.not.match(text, /\{\{[{&>]/, name);
    assert.not.match(text, /[^\s}]\{\{[a-z]|\{\{[a-zA-Z]+\}\}[^\s;{]/, name);
  }
});

test.run();
