// Checks the documents: every link between them leads somewhere, every setting and dependency is told, and each
// `npm run` and each document that is mentioned exists.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const documents = [
  ...readdirSync('.').filter((name) => name.endsWith('.md')),
  ...readdirSync('docs', { recursive: true }).filter((name) => name.endsWith('.md')).map((name) => join('docs', name)),
];
const problems = [];

for (const file of documents) {
  const prose = withoutCode(readFileSync(file, 'utf8'));
  for (const { line, target } of linksOf(prose)) checkLink(file, line, target);
}
checkSettings();
checkScripts();
checkMentions();
checkDependencies();

for (const problem of problems) console.error(problem);
console.log(problems.length > 0 ? `${problems.length} problems in the documents.` : `${documents.length} documents: links, settings and npm commands are right.`);
process.exit(problems.length > 0 ? 1 : 0);

function checkLink(file, line, target) {
  if (/^[a-z]+:/.test(target)) return;
  const [path, anchor] = target.split('#');
  const goal = path === '' ? file : normalize(join(dirname(file), decodeURIComponent(path)));
  if (!existsSync(goal)) return problems.push(`${file}:${line}: ${target} leads to nothing`);
  if (anchor && !statSync(goal).isDirectory() && !anchorsOf(goal).has(anchor)) problems.push(`${file}:${line}: ${goal} has no heading #${anchor}`);
}

/** The text with code blocks and code spans blanked, lines kept. */
function withoutCode(text) {
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, (block) => block.replace(/[^\n]/g, '')).replace(/`[^`\n]*`/g, '``');
}

function linksOf(text) {
  return text.split('\n').flatMap((content, index) => [...content.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({ line: index + 1, target: match[1] })));
}

function anchorsOf(file) {
  const headings = [...readFileSync(file, 'utf8').matchAll(/^#+\s+(.+)$/gm)].map((match) => match[1]);
  return new Set(headings.map((text) => text.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').trim().replace(/ /g, '-')));
}

/** Each HOP3_ variable of src/settings.ts has its row in docs/operations.md, and the reverse. */
function checkSettings() {
  const names = (text) => new Set([...text.matchAll(/'(HOP3_[A-Z0-9_]+)'/g)].map((match) => match[1]));
  const known = names(readFileSync('src/settings.ts', 'utf8'));
  known.delete('HOP3_SETTING'); // the error code
  const told = new Set([...readFileSync('docs/operations.md', 'utf8').matchAll(/^\| `(HOP3_[A-Z0-9_]+)` \|/gm)].map((match) => match[1]));
  for (const name of known) if (!told.has(name)) problems.push(`docs/operations.md: the table of settings lacks ${name}`);
  for (const name of told) if (!known.has(name)) problems.push(`docs/operations.md: ${name} is not a setting of src/settings.ts`);
}

function checkScripts() {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const file of documents) {
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/\bnpm run ([a-z0-9:-]+)/g)) {
      if (!(name in scripts)) problems.push(`${file}: there is no \`npm run ${name}\``);
    }
  }
}

/** Error texts and help send people to documents. */
function checkMentions() {
  for (const path of readdirSync('src', { recursive: true }).filter((name) => name.endsWith('.ts'))) {
    for (const [mention] of readFileSync(join('src', path), 'utf8').matchAll(/\bdocs\/[a-z-]+\.md\b/g)) {
      if (!existsSync(mention)) problems.push(`src/${path}: mentions ${mention}, which does not exist`);
    }
  }
}

function checkDependencies() {
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const told = new Set([...readFileSync('docs/dependencies.md', 'utf8').matchAll(/^\| (\S+) \|/gm)].map((match) => match[1]));
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    if (!told.has(name)) problems.push(`docs/dependencies.md: says nothing of ${name}`);
  }
}
