// Refuses an import in src/ that goes up: node scripts/check-layers.mjs [directory]
//
// cli > server > pipeline > {config, nix, runtime, addons, git} > store > the files directly in src/
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

/** What each folder may import besides itself and the files directly in src/. */
const TOOLS = ['config', 'nix', 'runtime', 'addons', 'git'];
const MAY_IMPORT = {
  // `hop3 nix tiers` plans without a server; an upgrade rehearses what it will do to the database, and a restore makes one ready.
  cli: ['server/api-types.ts', 'doctor/doctor.ts', 'pipeline/tiers.ts', 'store/migrate.ts', 'store/restored.ts', /^runtime\/supervisor/],
  doctor: [...TOOLS, 'store'],
  server: ['pipeline', ...TOOLS, 'store'],
  pipeline: [...TOOLS, 'store'],
  ...Object.fromEntries(TOOLS.map((folder) => [folder, ['store', ...TOOLS.map((other) => `${other}/model.ts`)]])),
  store: [],
};

const src = process.argv[2] ?? 'src';
const problems = [];
let files = 0;
for (const path of readdirSync(src, { recursive: true }).filter((name) => name.endsWith('.ts')).sort()) {
  files++;
  for (const { line, target } of importsOf(path)) {
    const why = refusal(path, target);
    if (why) problems.push(`${join(src, path)}:${line}: imports ${target}, but ${why}`);
  }
}
for (const problem of problems) console.error(problem);
console.log(problems.length > 0 ? `${problems.length} imports go up or across.` : `${files} files: every import goes down.`);
process.exit(problems.length > 0 || files === 0 ? 1 : 0);

/** Relative imports, exports-from and import() calls, as paths below src/. */
function importsOf(path) {
  const text = readFileSync(join(src, path), 'utf8');
  const found = [];
  for (const match of text.matchAll(/(?:^|[;\s])(?:import|export)\b[^'"`;]*?\bfrom\s*['"](\.[^'"]+)['"]|\bimport\s*\(?\s*['"](\.[^'"]+)['"]/g)) {
    const target = normalize(join(dirname(path), match[1] ?? match[2]));
    found.push({ line: text.slice(0, match.index + match[0].length).split('\n').length, target: relative('.', target) });
  }
  return found;
}

function refusal(path, target) {
  const from = folderOf(path);
  const to = folderOf(target);
  if (target.startsWith('..')) return 'src/ imports nothing outside itself';
  if (to === null) return null;
  if (from === null) return 'a file directly in src/ imports only its neighbours';
  if (from === to) return null;
  const allowed = MAY_IMPORT[from];
  if (allowed === undefined) return `the folder ${from}/ has no place in the order: give it one in scripts/check-layers.mjs`;
  const fits = allowed.some((entry) => (entry instanceof RegExp ? entry.test(target) : entry === to || entry === target));
  return fits ? null : `${from}/ may import only ${['src/*.ts', ...allowed].join(', ')}`;
}

function folderOf(path) {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : null;
}
