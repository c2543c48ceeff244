import { DRAFT, publish, type Json } from '../json-schema.ts';
import { NIX_KEYS } from './nix-keys.ts';
import { HopToml } from './schema.ts';

/**
 * The schema of hop3.toml for editors. It says what one table can say of itself; rules that compare tables (a port asked for
 * twice, HOST_NAME beside `[domains]`) are known to the server alone, so a push may find more than an editor did.
 */
export function hop3JsonSchema(): Json {
  const schema = publish(HopToml) as { properties: Record<string, Json> } & Json;
  const tables = Object.fromEntries(Object.entries(schema.properties).map(([name, table]) => [name, { title: header(name, table), ...table }]));
  return {
    $schema: DRAFT,
    title: 'hop3.toml',
    description: 'How Hop3 builds and runs an app. Made from src/config by `npm run docs`.',
    ...omit(schema, 'description'),
    properties: { ...tables, nix: withTemplates(tables['nix']!) },
  };
}

/** `[run]`, `[[addons]]` */
function header(name: string, table: Json): string {
  return table['type'] === 'array' ? `[[${name}]]` : `[${name}]`;
}

/**
 * Flags keys of another template, and one half of the pin without the other. It stands below `dependencies`, and not in an
 * `allOf` of the table itself, because Taplo shows nothing about a table that has one.
 */
function withTemplates(nix: Json): Json {
  const owners = new Map<string, string[]>();
  for (const [key, { templates }] of Object.entries(NIX_KEYS)) {
    if (templates === 'any') continue;
    const group = JSON.stringify(templates);
    owners.set(group, [...owners.get(group) ?? [], key]);
  }
  const rules = [...owners].map(([templates, keys]) => ({
    if: { properties: { template: { not: { enum: JSON.parse(templates) as string[] } } } },
    // eslint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { properties: Object.fromEntries(keys.map((key) => [key, false])) },
  }));
  const properties = Object.entries(nix['properties'] as Record<string, Json>).map(([key, schema]) => [key, named(key, schema)]);
  return {
    ...nix,
    properties: Object.fromEntries(properties),
    dependencies: { template: { allOf: rules }, 'nixpkgs-rev': ['nixpkgs-sha256'], 'nixpkgs-sha256': ['nixpkgs-rev'] },
  };
}

/** Completion lists the keys of all templates; the description says whose each one is. */
function named(key: string, schema: Json): Json {
  const { templates } = NIX_KEYS[key]!;
  return templates === 'any' ? schema : { ...schema, description: `(${templates.join(', ')}) ${String(schema['description'])}` };
}

function omit(schema: Json, key: string): Json {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== key));
}
