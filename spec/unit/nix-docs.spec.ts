import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import Schema from 'typebox/schema';
import { TEMPLATES } from '../../src/config/model.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { RuntimeFile, runtimeJsonSchema } from '../../src/nix/runtime-schema.ts';
import { renderTemplate } from '../../src/nix/templates/index.ts';
import { configWith } from '../nix-config.ts';

const test = suite('docs/nix.md');

const root = resolve(import.meta.dirname, '../..');
const guide = readFileSync(join(root, 'docs/nix.md'), 'utf8');
const reference = readFileSync(join(root, 'docs/hop3-toml.md'), 'utf8');

/** The guide's smallest hop3.toml of a template. */
function smallest(template: string): string {
  const [, rest = ''] = guide.split(`\n### ${template}\n`);
  return /^\n```toml\n([\s\S]*?)^```$/m.exec(rest)?.[1] ?? '';
}
const read = (text: string) => parseConfig({ hop3Toml: { path: 'hop3.toml', text }, procfile: null });

test('has a whole hop3.toml for every template, which renders without a word', () => {
  for (const template of TEMPLATES) {
    const config = read(smallest(template));
    assert.is(config.nix?.template, template);
    assert.equal(config.notices, []);
    assert.equal(renderTemplate(config, 'shop').notices, [], template);
  }
});

test('none of them can do with a line less', () => {
  for (const template of TEMPLATES) {
    const text = smallest(template);
    // Arguments are no need of the template, but of the program; without a url the pushed tree is the app.
    for (const line of text.split('\n').filter((each) => /^(?!exec-args|url|version|template|php-version|web-root|unpack-|binary-name)\w[\w-]* = /.test(each))) {
      assert.throws(() => { renderTemplate(read(text.replace(`${line}\n`, '')), 'shop'); }, undefined, `${template} without ${line}`);
    }
  }
});

test('chooses among all templates', () => {
  const [, table = ''] = guide.split('## Choosing a template\n');
  const named = [...table.split('\n###')[0]!.matchAll(/^\| .* \| `([a-z-]+)` \|/gm)].map(([, name]) => name!);
  assert.equal(named.sort(), [...TEMPLATES].sort());
});

/** The table of words and names in the reference: template, words, names. */
const rows = [...reference.split('these plain words stand for places')[1]!.split('\n### ')[0]!.matchAll(/^\| `([a-z-]+)` \| (.*?) \|(.*?)\|$/gm)]
  .map(([, template, words, names]) => ({
    template: template!,
    words: [...words!.matchAll(/`([A-Z]+)`/g)].map(([, word]) => word!),
    names: [...names!.matchAll(/`([a-z]+)`/g)].map(([, name]) => name!),
  }));

/** The smallest configuration, with a word and names in the keys that expand them. */
function using(template: string, words: readonly string[], names: readonly string[]) {
  const config = read(smallest(template));
  // There are pages to name only where there is a frontend.
  const more = template === 'go-source' ? { 'go-frontend-build': 'npm run build' } : {};
  const keys = { ...config.nix!.keys, ...more, 'pre-exec': words.map((word) => `echo word-${word}/x`), 'extra-paths': names.map((name) => `\${${name}}/bin`) };
  return renderTemplate({ ...configWith(template, keys, config.metadata) }, 'shop').expression;
}

test("the reference's plain words are replaced, each in its template", () => {
  assert.equal(rows.map(({ template }) => template).sort(), [...TEMPLATES].sort());
  for (const { template, words } of rows) {
    const text = using(template, words, []);
    for (const word of words) assert.not.match(text, `word-${word}`, `${template}: ${word} stays`);
    assert.is(text.split('echo word-').length - 1, words.length);
  }
});

test("the reference's names are bound, each in its template, with pkg", () => {
  for (const { template, names } of rows) assert.not.throws(() => { using(template, [], ['pkg', ...names]); }, undefined, template);
  assert.throws(() => { using('php-app', [], ['gems']); }, /nothing is called "gems"/);
});

test('its runtime.json is one, and every key is told', () => {
  const text = /```json\n([\s\S]*?)```/.exec(guide)![1]!;
  assert.ok(Schema.Compile(runtimeJsonSchema() as never).Check(JSON.parse(text)));
  for (const key of Object.keys(RuntimeFile.properties)) assert.match(guide, new RegExp(`^\\| \`${key}\` \\|`, 'm'));
});

test('the errors that it explains are those that a push says', () => {
  const source = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, 'src', name), 'utf8')).join('\n');
  const told = [...guide.split('## What the errors mean')[1]!.matchAll(/^\| (`.*?`(?:, `.*?`)*) \|/gm)].map(([, cell]) => cell!);
  assert.ok(told.length > 12);
  // Nix's and nixpkgs' own words are not ours.
  for (const cell of told.filter((each) => !each.includes('php81'))) {
    for (const fragment of cell.replaceAll('`', '').split(/\.\.\.|pip-deps-hash|"nodejs_18"|nodejs-20|\b404\b|\b1\b|\$out|3\.13|x86_64-linux|aarch64-linux/)) {
      assert.ok(source.includes(fragment.trim()), `${cell}: nothing says "${fragment.trim()}"`);
    }
  }
});

test.run();
