import type { TSchema } from 'typebox';
import { keysOf, NIX_KEYS } from '../src/config/nix-keys.ts';
import type { TemplateName } from '../src/config/model.ts';

/** A place of hop3.toml where a text can stand. */
export interface Place {
  /** The table: `nix` or `metadata`. */
  readonly table: 'nix' | 'metadata';
  /** The key that a message about it must name. */
  readonly key: string;
  /** For people: `config-files.raw-content`. */
  readonly title: string;
  /** Who expands it, by the schema's own words; undefined for nobody in particular. */
  readonly expander: string | undefined;
  /** What the schema calls such a text: `text`, `path`, `package name` ... */
  readonly word: string;
  /** The key's value with this text at the place. */
  readonly put: (text: string) => unknown;
}

/** As much of a JSON schema as the keys of `[nix]` are made of. */
interface Schema {
  readonly type?: string;
  readonly word?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
}

/** Keys of a table in an array of tables that must be there whichever other one is tried. */
const TABLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'config-files.sections': { path: 'hostile.ini', format: 'ini' },
  'config-files.raw-content': { path: 'hostile.txt', format: 'raw' },
  'config-files': { path: 'hostile.txt', format: 'raw', 'raw-content': 'x' },
  'conditional-env': { name: 'HOSTILE', value: 'x' },
  'file-mappings': { source: 'a', destination: 'b' },
};

/** Every place of every key that a template reads, and the texts of `[metadata]`. */
export function placesOf(template: TemplateName): Place[] {
  const nix = keysOf(template).flatMap((key) => {
    const { schema, about } = NIX_KEYS[key]!;
    return places(schema, key).map((place) => ({ ...place, table: 'nix' as const, key, expander: about.expander }));
  });
  return [...nix, ...METADATA];
}

/** The texts of `[metadata]` that an expression is made of. */
const METADATA: readonly Place[] = ['id', 'version', 'title', 'description'].map((key) =>
  ({ table: 'metadata', key, title: `metadata.${key}`, expander: undefined, word: 'text', put: (text) => text }));

type Inner = Pick<Place, 'title' | 'put' | 'word'>;

/** What must stand before a text so that the schema looks at the rest. */
const BEFORE: Readonly<Record<string, string>> = { url: 'https://example.org/' };

function places(given: TSchema, title: string): Inner[] {
  const schema = given as Schema;
  if (schema.anyOf !== undefined) return places(schema.anyOf.find((branch) => branch.type === 'string') as TSchema, title);
  const word = schema.word ?? 'text';
  if (schema.type === 'string' || schema.enum !== undefined) return [{ title, word, put: (text) => `${BEFORE[title] ?? ''}${text}` }];
  if (schema.type === 'array') return inList(schema.items!, title);
  if (schema.type === 'object') return inFreeTable(schema, title);
  // true, false and numbers: a text there is refused.
  return [{ title, word, put: (text) => text }];
}

function inList(items: Schema, title: string): Inner[] {
  if (items.type !== 'object') return places(items as TSchema, title).map((inner) => ({ ...inner, put: (text) => [inner.put(text)] }));
  return Object.entries(items.properties ?? {}).flatMap(([name, property]) =>
    places(property as TSchema, `${title}.${name}`).map((inner) => ({
      ...inner,
      put: (text: string) => [{ ...(TABLES[`${title}.${name}`] ?? TABLES[title]), [name]: inner.put(text) }],
    })));
}

/** A table with free names: the name is a text too. */
function inFreeTable(schema: Schema, title: string): Inner[] {
  const value = Object.values(schema.patternProperties ?? {})[0] ?? schema.additionalProperties;
  return [
    // In quotes, since the value is Nix in some of them.
    { title: `${title} (name)`, word: 'text', put: (text) => ({ [text]: isTable(value as Schema) ? { a: 'b' } : '"hostile"' }) },
    ...places(value as TSchema, `${title}.*`).map((inner) => ({ ...inner, put: (text: string) => ({ HOSTILE: inner.put(text) }) })),
  ];
}

function isTable(schema: Schema): boolean {
  return schema.type === 'object';
}
