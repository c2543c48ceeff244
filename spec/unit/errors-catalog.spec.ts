import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { catalog } from '../../src/error-catalog.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const codes = Object.keys(catalog);

/** Texts of a folder's files by their paths. */
function texts(folder: string, ending: string): Map<string, string> {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending));
  return new Map(names.map((name) => [join(folder, name), readFileSync(join(ROOT, folder, name), 'utf8')]));
}

const source = texts('src', '.ts');
source.delete('src/error-catalog.ts');
const documents = new Map([...texts('docs', '.md'), ['README.md', readFileSync(join(ROOT, 'README.md'), 'utf8')]]);
documents.delete('docs/errors.md');

/** What stands first in `new Hop3Error(...)` (a choice between two also), and `code: '...'` in a table of causes. */
function raised(text: string): string[] {
  const places = [...text.matchAll(/new Hop3Error\(([^,{]*),/g), ...text.matchAll(/\bcode: ('HOP3_\w+')/g)];
  return places.flatMap(([, place]) => [...place!.matchAll(/(?<![=!]== )'(HOP3_\w+)'/g)].map(([, code]) => code!));
}

const test = suite('the catalogue of errors');

test('every code that is raised is in it, and every code in it is raised', () => {
  const used = new Set([...source.values()].flatMap(raised));
  assert.ok(used.size > 60, 'the search finds them');
  assert.equal([...used].filter((code) => !codes.includes(code)), []);
  assert.equal(codes.filter((code) => !used.has(code)), []);
});

test('a comment or a document names only codes that exist', () => {
  const gone = [];
  for (const [file, text] of [...source, ...documents]) {
    // `@throws Hop3Error HOP3_A, HOP3_B` in comments, `[HOP3_A]` as the end of a message.
    const named = [...text.matchAll(/@throws [^\n]*(?:\n \*(?! @| *\/)[^\n]*)*|\[HOP3_\w+\]/g)].flatMap(([part]) => part.match(/HOP3_\w+(?:\.\.\.)?/g) ?? []);
    for (const name of named) {
      const known = name.endsWith('...') ? codes.some((code) => code.startsWith(name.slice(0, -3))) : codes.includes(name);
      if (!known) gone.push(`${file}: ${name}`);
    }
  }
  assert.equal(gone, []);
});

test('statuses are those of errors, exit codes those of the table in the documents', () => {
  const table = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8').split('## Codes')[0]!;
  const exits = [...table.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number)).filter((number) => number !== 0);
  assert.ok(exits.includes(130) && exits.length >= 10);
  for (const [code, { status, exit }] of Object.entries(catalog)) {
    assert.ok([400, 401, 403, 404, 408, 409, 413, 415, 422, 426, 429, 499, 500, 502, 503, 504, 507].includes(status), `${code}: status ${status}`);
    assert.ok(exits.includes(exit), `${code}: exit ${exit}`);
  }
});

test('the same kind of failure has the same exit code everywhere', () => {
  const meant: Readonly<Record<number, readonly number[]>> = { 401: [4], 403: [5], 404: [3], 408: [7], 422: [8], 502: [7], 503: [7], 504: [7] };
  for (const [code, { status, exit }] of Object.entries(catalog)) assert.ok((meant[status] ?? [exit] as readonly number[]).includes(exit), `${code}: status ${status} with exit ${exit}`);
});

test('each says in sentences what it means and what to do', () => {
  for (const [code, { meaning, remedy }] of Object.entries(catalog)) {
    for (const text of [meaning, remedy]) assert.match(text, /^[^\n]{8,}\.$/, code);
  }
});

test.run();
