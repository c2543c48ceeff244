import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TEMPLATES } from '../../src/config/model.ts';
import { belongs, keysOf, NIX_KEYS } from '../../src/config/nix-keys.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { HopToml } from '../../src/config/schema.ts';

const test = suite('docs/hop3-toml.md');

const page = readFileSync(resolve(import.meta.dirname, '../../docs/hop3-toml.md'), 'utf8');

/** The rows of "Keys of one template", as template and key. */
function ownKeys(): string[] {
  const rows = page.slice(page.indexOf('### Keys of one template')).split('\n').filter((line) => /^\| (?:`|\|)/.test(line) || line.startsWith('| | `'));
  let template = '';
  return rows.flatMap((row) => {
    const [, first, second] = row.split('|').map((cell) => cell.trim());
    template = first || template;
    return [...(second ?? '').matchAll(/`([a-z-]+)`/g)].map(([, key]) => `${template.replaceAll('`', '')} ${key}`);
  }).filter((row) => (TEMPLATES as readonly string[]).includes(row.split(' ')[0]!));
}

test('lists every template\'s own keys, and no others', () => {
  const expected = Object.entries(NIX_KEYS).flatMap(([key, { templates }]) => (templates === 'any' ? [] : templates.map((template) => `${template} ${key}`)));
  assert.equal(ownKeys().sort(), expected.sort());
});

test('lists every key of every template', () => {
  for (const [key, { templates }] of Object.entries(NIX_KEYS)) {
    if (templates === 'any') assert.ok(page.includes(`\`${key}\``), key);
  }
});

test('names every table and every key of it', () => {
  for (const [table, schema] of Object.entries(HopToml.properties)) {
    assert.match(page, new RegExp(`\\[${table}[\\].]`), table);
    if (table === 'nix') continue;
    const { properties, items } = schema as { properties?: object; items?: { properties: object } };
    for (const key of Object.keys(properties ?? items?.properties ?? {})) assert.match(page, new RegExp(`\`(\\[\\w+\\] )?${key}\\b|^ {4}${key} =|\\[${table}\\.${key}\\]`, 'm'), `${table}.${key}`);
  }
});

test('its examples are read without a word', () => {
  const blocks = page.match(/(?:^ {4}.*\n?|^\n(?= {4}))+/gm) ?? [];
  const examples = blocks.map((block) => block.replace(/^ {4}/gm, '')).filter((block) => /^\[/.test(block.trim()));
  assert.is(examples.length, 6);
  for (const example of examples) {
    const text = example.includes('nix.config-files') ? `[nix]\ntemplate = "nixpkgs-wrapper"\n${example}` : example;
    const { notices } = parseConfig({ hop3Toml: { path: 'hop3.toml', text }, procfile: null });
    for (const notice of notices) assert.match(notice, /^ignored: \[+(domains|ports)\]+ \(not supported\)$/);
  }
  const procfile = blocks.find((block) => block.includes('web: '))!.replace(/^ {4}/gm, '');
  assert.equal(Object.keys(parseConfig({ hop3Toml: null, procfile }).processes), ['web', 'worker']);
});

test('a template reads its own keys and the core keys', () => {
  assert.is(keysOf('ruby-bundler').length, keysOf('java-war').length - 2);
  assert.equal([belongs('go-ldflags', 'go-source'), belongs('go-ldflags', 'php-app'), belongs('url', 'php-app'), belongs('toString', 'php-app')], [true, false, true, false]);
});

test.run();
