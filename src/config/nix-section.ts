import { plainText } from './env.ts';
import type { NixSection } from './model.ts';
import type { HopToml } from './schema.ts';
import type { TomlFile } from './toml-read.ts';
import type { KeyPath } from './toml-map.ts';

/** Tables whose values are text for the shell or for Nix, whatever they look like in the file. */
const TEXT_TABLES = ['local-vars', 'env-exports', 'env-exports-raw', 'runtime-env', 'nixpkgs-overrides', 'let-extra'];

/**
 * A checked `[nix]` table. Its numbers and booleans in tables of variables, config file sections and conditional
 * variables are turned into text, and the defaults of those two are filled in; nothing else is changed.
 */
export function readNix(toml: TomlFile, table: HopToml['nix']): NixSection | null {
  if (table === undefined) return null;
  const { template, ...rest } = table as Readonly<Record<string, unknown>>;
  const keys: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(rest)) {
    const path = ['nix', key];
    if (TEXT_TABLES.includes(key)) keys[key] = textOf(toml, path, value);
    else if (key === 'config-files') keys[key] = tables(value).map((file, index) => configFile(toml, [...path, index], file));
    else if (key === 'conditional-env') keys[key] = tables(value).map((item, index) => conditional(toml, [...path, index], item));
    else keys[key] = value;
  }
  return { template: template as string, keys };
}

function configFile(toml: TomlFile, path: KeyPath, file: Table): Table {
  const { sections } = file;
  return { format: 'raw', ...file, ...(sections === undefined ? {} : { sections: textOf(toml, [...path, 'sections'], sections) }) };
}

function conditional(toml: TomlFile, path: KeyPath, item: Table): Table {
  return { 'condition-var': item['name'], ...item, value: textOf(toml, [...path, 'value'], item['value']) };
}

type Table = Readonly<Record<string, unknown>>;

function tables(value: unknown): readonly Table[] {
  return value as readonly Table[];
}

function textOf(toml: TomlFile, path: KeyPath, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return plainText(toml, path, value);
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, textOf(toml, [...path, key], child)]));
}
