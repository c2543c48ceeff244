// Writes docs/hop3-toml.md: the prose of scripts/hop3-toml.in.md, with the tables made from the schema in src/config.
// node --import tsx scripts/docs-hop3-toml.mjs [--check]
import { readFileSync } from 'node:fs';
import { NIX_KEYS } from '../src/config/nix-keys.ts';
import { TEMPLATES } from '../src/config/model.ts';
import { HopToml } from '../src/config/schema.ts';
import { TEMPLATE_ABOUT } from '../src/config/template-about.ts';
import { write } from './docs-write.mjs';

const INPUT = 'scripts/hop3-toml.in.md';

/** What stands in for a line `{{name arguments}}` of the input. */
const MADE = {
  keys: (path) => keyTable(Object.entries(tableAt(path))),
  'core-keys': () => keyTable(nixKeys((templates) => templates === 'any')),
  'template-keys': () => TEMPLATES.map(templateKeys).filter(Boolean).join('\n\n'),
  templates: () => ['| template | for |', '|---|---|', ...TEMPLATES.map((name) => `| \`${name}\` | ${TEMPLATE_ABOUT[name]} |`)].join('\n'),
  expanders: () => expanders(),
  'without-effect': () => sentence(Object.entries(HopToml.properties).filter(([, schema]) => schema.about.withoutEffect && !isTable(schema)).map(([name]) => header(name))),
  'strict-tables': () => sentence(Object.entries(HopToml.properties).filter(([, schema]) => isStrict(schema) && !schema.about.retired).map(([name]) => header(name))),
};

const page = readFileSync(INPUT, 'utf8').replace(/\{\{([a-z-]+)(?: ([^}]+))?\}\}/g, (_, name, argument) => {
  if (!(name in MADE)) throw new Error(`${INPUT}: nothing is called {{${name}}}`);
  return MADE[name](argument);
});
write('docs/hop3-toml.md', `<!-- Made by npm run docs from src/config and ${INPUT}; changes belong there. -->\n\n${page}`, `src/config or ${INPUT}`);

/** The keys of a table such as `nix.config-files`; lists are looked into. */
function tableAt(path) {
  let schema = HopToml;
  for (const name of path.split('.')) schema = inner(schema).properties[name];
  return inner(schema).properties;
}

function inner(schema) {
  return schema.items ?? schema;
}

function nixKeys(fits) {
  return Object.entries(NIX_KEYS).filter(([, { templates }]) => fits(templates)).map(([key]) => [key, HopToml.properties.nix.properties[key]]);
}

function templateKeys(template) {
  const keys = nixKeys((templates) => templates !== 'any' && templates.includes(template));
  return keys.length === 0 ? '' : `#### ${template}\n\n${keyTable(keys)}`;
}

/** Columns that would be empty are left out. */
function keyTable(entries) {
  const rows = entries.map(([key, schema]) => ({
    key: `\`${key}\``,
    type: typeOf(schema),
    default: schema.about.otherwise ?? (schema.about.default === undefined ? '' : `\`${toml(schema.about.default)}\``),
    'expanded by': schema.about.expander ?? '',
    meaning: [schema.about.withoutEffect && '**No effect yet.**', schema.about.retired && '**Old key.**', schema.about.meaning, schema.about.retired].filter(Boolean).join(' '),
    example: schema.about.example === undefined ? '' : `\`${toml(schema.about.example)}\``,
  }));
  const columns = Object.keys(rows[0]).filter((column) => rows.some((row) => row[column] !== ''));
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(columns), `|${columns.map(() => '---').join('|')}|`, ...rows.map((row) => line(columns.map((column) => row[column])))].join('\n');
}

function typeOf(schema) {
  if (schema.word) return schema.word;
  if (schema.enum) return (schema.published?.enum ?? schema.enum).map((word) => `\`"${word}"\``).join(', ');
  if (schema.type === 'integer') return `whole number, ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === 'number') return `number, ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === 'boolean') return 'true, false';
  if (schema.type === 'string') return 'text';
  if (schema.type === 'array') return `list of ${typeOf(schema.items)}s`;
  if (schema.type === 'object') return 'table';
  throw new Error(`no word for ${JSON.stringify(schema)}`);
}

/** A value as hop3.toml has it behind the "=". */
function toml(value) {
  if (Array.isArray(value)) return `[${value.map(toml).join(', ')}]`;
  if (typeof value === 'object') return `{ ${Object.entries(value).map(([key, item]) => `${key} = ${toml(item)}`).join(', ')} }`;
  return typeof value === 'string' && value.includes('"') ? `'${value}'` : JSON.stringify(value);
}

/** Who expands what, from the keys themselves. */
function expanders() {
  const by = (expander) => Object.keys(NIX_KEYS).filter((key) => NIX_KEYS[key].about.expander === expander).map((key) => `\`${key}\``).join(', ');
  return [
    '| in | expanded by |', '|---|---|',
    `| ${by('Hop3')} | Hop3: \`\${version}\` |`,
    `| ${by('Nix')}, and \`\${lower_case}\` in \`runtime-env\` | Nix, when the app is built |`,
    `| ${by('the shell')} | the shell, when the app starts |`,
    `| ${by('nobody')} otherwise | nobody |`,
    '| `[env]`, `[env.computed]` | Hop3, at deploy |',
  ].join('\n');
}

function isTable(schema) {
  return inner(schema).properties !== undefined;
}

function isStrict(schema) {
  return inner(schema).additionalProperties !== undefined;
}

function header(name) {
  const schema = HopToml.properties[name];
  return schema.type === 'array' || name === 'volumes' ? `\`[[${name}]]\`` : `\`[${name}]\``;
}

function sentence(words) {
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
