import { Type, type TSchema } from 'typebox';
import { describe, type About, type Json } from '../json-schema.ts';

/**
 * The building blocks of the schemas. Each carries a `description` that finishes the sentence "... must be ...", which is
 * how a wrong value is explained (check.ts); the published JSON Schema uses the same words. `word` is what the reference
 * page calls the type.
 */

export const text = (description = 'text in quotes', word = 'text') => Type.String({ description, word });

/** Text that cannot be empty. */
export const filledText = (description = 'text in quotes, not empty', word = 'text') => Type.String({ minLength: 1, description, word });

export const matching = (pattern: string, description: string, word = 'text') => Type.String({ pattern, description, word });

export const flag = () => Type.Boolean({ description: 'true or false, without quotes' });

/** What a rule says of a value that has the right type and still cannot be used: a reason, or null when it can. */
export type Refusal<T> = (value: T) => string | null;

export const whole = (minimum: number, maximum: number, unit = '') =>
  Type.Integer({ minimum, maximum, description: `a whole number${unit && ` of ${unit}`} from ${minimum} to ${maximum}, without quotes` });

export const oneOf = <const T extends readonly string[]>(
  words: T, options: { description?: string; refuse?: Refusal<string>; published?: Json } = {},
) => Type.Unsafe<T[number]>(Type.Enum([...words], { description: choice(words), ...options }));

export const textList = (item = text()) => Type.Array(item, { description: 'a list of texts, such as ["one", "two"]' });

/** Shell: one line, or several to be joined with `&&`. */
export const commands = () =>
  Type.Union([filledText('a command in quotes', 'command'), Type.Array(filledText('a command in quotes', 'command'))], {
    description: 'a command in quotes, or a list of commands', word: 'command or list of commands',
  });

/** What can stand in an environment: everything ends as text. */
export const scalar = () =>
  Type.Union([Type.String(), Type.Number(), Type.Boolean()], { description: 'text in quotes, a number, true or false', word: 'text, number, true, false' });

/** A name that a shell and every program take as a variable. */
export const VARIABLE = '^[A-Za-z_][A-Za-z0-9_]*$';

export const variableName = () => matching(VARIABLE, 'the name of a variable (letters, digits and _)', 'variable name');

export const variables = (pattern = VARIABLE, names = 'names of variables (letters, digits and _, not beginning with a digit)') =>
  Type.Record(Type.String({ pattern }), scalar(), { description: 'a table of NAME = "value"', keys: names });

/** A path in the pushed tree. */
export const treePath = () =>
  matching('^(?!/)(?!(?:.*/)?\\.\\.(?:/|$)).+$', 'a path inside the pushed tree, without ".."', 'path');

export const tables = <T extends Parameters<typeof Type.Array>[0]>(name: string, item: T) =>
  Type.Array(item, { description: `one or more tables, each begun with [[${name}]]`, word: `\`[[${name}]]\`` });

/** A key that may be missing, with what it means. */
export const key = <T extends TSchema>(schema: T, meaning: string, more: Omit<About, 'meaning'> = {}) =>
  Type.Optional(describe(schema, { meaning, ...more }));

/** A key or table that cannot be missing where its table is there. */
export const needed = <T extends TSchema>(schema: T, meaning: string, more: Omit<About, 'meaning'> = {}): T =>
  describe(schema, { meaning, ...more });

/** `"a", "b" or "c"` */
export function choice(words: readonly string[]): string {
  const quoted = words.map((word) => `"${word}"`);
  return quoted.length === 1 ? quoted[0]! : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}
