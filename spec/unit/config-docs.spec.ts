import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TEMPLATES } from '../../src/config/model.ts';
import { belongs, keysOf, NIX_KEYS } from '../../src/config/nix-keys.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { HopToml } from '../../src/config/schema.ts';

const test = suite('docs/hop3-toml.md');

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(resolve(root, 'docs/hop3-toml.md'), 'utf8');

test('is what the schema says', () => {
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/docs-hop3-toml.mjs', '--check'], { cwd: root, encoding: 'utf8' });
  assert.is(status, 0, stderr);
});

/** The keys listed below a heading, up to the next one. */
function keysBelow(heading: string): string[] {
  const [, rest = ''] = page.split(`\n${heading}\n`);
  const section = rest.split(/^#/m)[0]!;
  return [...section.matchAll(/^\| `([a-z0-9_-]+)` \|/gm)].map(([, key]) => key!);
}

test('lists under each template its own keys, and no others', () => {
  for (const template of TEMPLATES) {
    const own = Object.keys(NIX_KEYS).filter((key) => NIX_KEYS[key]!.templates !== 'any' && belongs(key, template));
    assert.equal(keysBelow(`#### ${template}`), own, template);
  }
});

test('lists every key of every template', () => {
  const core = Object.keys(NIX_KEYS).filter((key) => NIX_KEYS[key]!.templates === 'any');
  assert.equal(keysBelow('### Keys of every template').slice(0, core.length), core);
});

test('names every table', () => {
  for (const table of Object.keys(HopToml.properties)) assert.match(page, new RegExp(`\\[${table}[\\].]`), table);
});

test('its examples are read without a word', () => {
  const blocks = page.match(/(?:^ {4}.*\n?|^\n(?= {4}))+/gm) ?? [];
  const examples = blocks.map((block) => block.replace(/^ {4}/gm, '')).filter((block) => /^\[(?!\[rule)/.test(block.trim()));
  assert.is(examples.length, 6);
  for (const example of examples) {
    const text = example.includes('nix.config-files') ? `[nix]\ntemplate = "nixpkgs-wrapper"\n${example}` : example;
    const { notices } = parseConfig({ hop3Toml: { path: 'hop3.toml', text }, procfile: null });
    for (const notice of notices) assert.match(notice, /^ignored: \[+(domains|ports)\]+ \(not supported\)$/);
  }
  const procfile = blocks.find((block) => block.includes('web: '))!.replace(/^ {4}/gm, '');
  assert.equal(Object.keys(parseConfig({ hop3Toml: null, procfile }).processes), ['web', 'worker']);
});

test('the example of every key of [nix] is one that the key takes', () => {
  for (const [key, { templates, about }] of Object.entries(NIX_KEYS)) {
    if (about.example === undefined || key === 'template') continue;
    const beside = key === 'nixpkgs-rev' ? `nixpkgs-sha256 = "${'0'.repeat(52)}"` : key === 'nixpkgs-sha256' ? `nixpkgs-rev = "${'0'.repeat(40)}"` : '';
    const text = `[nix]\ntemplate = "${templates === 'any' ? 'php-app' : templates[0]}"\n${beside}\n${key} = ${inline(about.example)}\n`;
    assert.not.throws(() => parseConfig({ hop3Toml: { path: 'hop3.toml', text }, procfile: null }), undefined, key);
  }
});

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return `{ ${Object.entries(value).map(([key, item]) => `${key} = ${inline(item)}`).join(', ')} }`;
  return JSON.stringify(value);
}

test('a template reads its own keys and the core keys', () => {
  assert.is(keysOf('ruby-bundler').length, keysOf('java-war').length - 2);
  assert.equal([belongs('go-ldflags', 'go-source'), belongs('go-ldflags', 'php-app'), belongs('url', 'php-app'), belongs('toString', 'php-app')], [true, false, true, false]);
});

test.run();
