import type { TSchema } from 'typebox';

/** Who replaces `${...}` in a key's text. A key that holds no text has none. */
export type Expander = 'Hop3' | 'Nix' | 'the shell' | 'nobody';

/** What a person wants to know of a key or table. It stands beside the schema; the reference page and editors show it. */
export interface About {
  /** What it is for, in sentences; Markdown. */
  readonly meaning: string;
  /** What holds where the key is missing. */
  readonly default?: unknown;
  /** The same in words, where it is no single value. */
  readonly otherwise?: string;
  readonly example?: unknown;
  readonly expander?: Expander;
  /** Read and checked, and nothing is done with it yet; the push log says so. */
  readonly withoutEffect?: true;
  /** What to use in its place. */
  readonly retired?: string;
}

/** Puts the description beside the schema. */
export function describe<T extends TSchema>(schema: T, about: About): T {
  return Object.assign(schema, { about });
}

/** The parts of our schemas, besides those that go out as they are. */
interface Source {
  readonly description?: string;
  readonly about?: About;
  readonly properties?: Readonly<Record<string, Source>>;
  readonly patternProperties?: Readonly<Record<string, Source>>;
  readonly additionalProperties?: boolean | Source;
  readonly items?: Source;
  readonly anyOf?: readonly Source[];
  /** What the names of a table with free names must match. */
  readonly keyPattern?: string;
  /** Keywords in place of ours: what JSON Schema can say of a rule that is a function here. */
  readonly published?: Json;
}

export type Json = { readonly [key: string]: unknown };

/** Keywords that go out unchanged; every other one is ours. */
const PLAIN = ['type', 'enum', 'pattern', 'minLength', 'minimum', 'maximum', 'required'] as const;

/** The schema as JSON Schema of draft 7, the newest that the common TOML editors know. */
export function publish(schema: TSchema): Json {
  return published(schema);
}

export const DRAFT = 'http://json-schema.org/draft-07/schema#';

function published(source: Source): Json {
  const plain = PLAIN.filter((keyword) => keyword in source).map((keyword) => [keyword, (source as Json)[keyword]]);
  return {
    ...descriptionOf(source),
    ...Object.fromEntries(plain),
    ...(source.properties && { properties: each(source.properties) }),
    ...(source.patternProperties && { patternProperties: each(source.patternProperties), additionalProperties: false }),
    ...(source.keyPattern !== undefined && { propertyNames: { pattern: source.keyPattern } }),
    ...(source.additionalProperties !== undefined && {
      additionalProperties: typeof source.additionalProperties === 'object' ? published(source.additionalProperties) : source.additionalProperties,
    }),
    ...(source.items && { items: published(source.items) }),
    ...(source.anyOf && { anyOf: source.anyOf.map(published) }),
    ...source.published,
  };
}

function descriptionOf({ about, description }: Source): Json {
  const must = description === undefined ? '' : `${description[0]!.toUpperCase()}${description.slice(1)}.`;
  const text = [about?.meaning, about?.withoutEffect && '**No effect yet.**', about?.retired, must].filter(Boolean).join(' ');
  return {
    ...(text !== '' && { description: text }),
    ...(about?.default !== undefined && { default: about.default }),
    ...(about?.example !== undefined && { examples: [about.example] }),
    // Of a later draft; editors of draft 7 know it as well.
    ...(about?.retired !== undefined && { deprecated: true }),
  };
}

function each(schemas: Readonly<Record<string, Source>>): Json {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, published(schema)]));
}
