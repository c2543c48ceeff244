import { Type } from 'typebox';

/**
 * The building blocks of the schemas. Each carries a `description` that finishes the sentence "... must be ...", which is
 * how a wrong value is explained (check.ts); docs/hop3-toml.md uses the same words.
 */

export const text = (description = 'text in quotes') => Type.String({ description });

/** Text that cannot be empty. */
export const filledText = (description = 'text in quotes, not empty') => Type.String({ minLength: 1, description });

export const matching = (pattern: string, description: string) => Type.String({ pattern, description });

export const flag = () => Type.Boolean({ description: 'true or false, without quotes' });

/** What a rule says of a value that has the right type and still cannot be used: a reason, or null when it can. */
export type Refusal<T> = (value: T) => string | null;

export const whole = (minimum: number, maximum: number, unit = '') =>
  Type.Integer({ minimum, maximum, description: `a whole number${unit && ` of ${unit}`} from ${minimum} to ${maximum}, without quotes` });

export const oneOf = <const T extends readonly string[]>(words: T, options: { description?: string; refuse?: Refusal<string> } = {}) =>
  Type.Unsafe<T[number]>(Type.Enum([...words], { description: choice(words), ...options }));

export const textList = (item = text()) => Type.Array(item, { description: 'a list of texts, such as ["one", "two"]' });

/** Shell: one line, or several to be joined with `&&`. */
export const commands = () =>
  Type.Union([filledText('a command in quotes'), Type.Array(filledText('a command in quotes'))], {
    description: 'a command in quotes, or a list of commands',
  });

/** What can stand in an environment: everything ends as text. */
export const scalar = () =>
  Type.Union([Type.String(), Type.Number(), Type.Boolean()], { description: 'text in quotes, a number, true or false' });

/** A name that a shell and every program take as a variable. */
export const VARIABLE = '^[A-Za-z_][A-Za-z0-9_]*$';

export const variables = (pattern = VARIABLE, names = 'names of variables (letters, digits and _, not beginning with a digit)') =>
  Type.Record(Type.String({ pattern }), scalar(), { description: 'a table of NAME = "value"', keys: names });

/** A path in the pushed tree. */
export const treePath = () =>
  matching('^(?!/)(?!(?:.*/)?\\.\\.(?:/|$)).+$', 'a path inside the pushed tree, without ".."');

export const tables = <T extends Parameters<typeof Type.Array>[0]>(name: string, item: T) =>
  Type.Array(item, { description: `one or more tables, each begun with [[${name}]]` });

/** `"a", "b" or "c"` */
export function choice(words: readonly string[]): string {
  const quoted = words.map((word) => `"${word}"`);
  return quoted.length === 1 ? quoted[0]! : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}
