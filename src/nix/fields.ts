import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';

/** Reads the keys of `[nix]` for a template: every answer is checked, every error names the key and shows a line that works. */
export class Fields {
  readonly #keys: Readonly<Record<string, unknown>>;
  readonly template: string;

  constructor(template: string, keys: Readonly<Record<string, unknown>>) {
    this.template = template;
    this.#keys = keys;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#keys, key) && this.#keys[key] !== undefined;
  }

  names(): string[] {
    return Object.keys(this.#keys);
  }

  /** A field the template cannot do without; `example` is the value shown, as TOML. */
  required(key: string, example: string): string {
    if (!this.has(key)) {
      throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
        what: `The template ${this.template} needs [nix] ${key}, and it is not there.`,
        next: `Add under [nix], for example: ${key} = ${example}`,
      });
    }
    return this.text(key, example)!;
  }

  text(key: string, example: string): string | null {
    const value = this.#value(key);
    if (value === undefined) return null;
    if (typeof value !== 'string' || value === '') throw wrongType(key, value, 'text', example);
    return value;
  }

  /** A value that must be there and may be empty; numbers and booleans become text. */
  scalar(key: string, example: string): string {
    if (!this.has(key)) return this.required(key, example);
    return texts(key, { [key]: this.#value(key) }, example)[key]!;
  }

  flag(key: string): boolean {
    const value = this.#value(key);
    if (value === undefined) return false;
    if (typeof value !== 'boolean') throw wrongType(key, value, 'true or false', 'true');
    return value;
  }

  /** A whole number, 0 or more. */
  whole(key: string, example: string): number | null {
    const value = this.#value(key);
    if (value === undefined) return null;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw wrongType(key, value, 'a whole number', example);
    return value;
  }

  /** A list of texts; a single text counts as a list of one. */
  list(key: string, example: string): string[] {
    const value = this.#value(key);
    if (value === undefined) return [];
    const items = typeof value === 'string' ? [value] : value;
    if (!Array.isArray(items)) throw wrongType(key, value, 'a list of texts', example);
    return items.map((item, index) => {
      if (typeof item !== 'string') throw wrongType(`${key}[${index}]`, item, 'text', example);
      return item;
    });
  }

  /** A table of names to values in the file's order; numbers and booleans become text. */
  table(key: string, example: string): Record<string, string> {
    return texts(key, this.#value(key), example);
  }

  /** The names and values of a table of environment variables. */
  variables(key: string): Record<string, string> {
    const table = this.table(key, 'NAME = "value"');
    for (const name of Object.keys(table)) checkVariable(`${key}.${name}`, name);
    return table;
  }

  /** An array of tables (`[[nix.key]]`), each with readers of its own. */
  tables(key: string, example: string): Fields[] {
    const value = this.#value(key);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw wrongType(key, value, 'an array of tables ([[nix.' + key + ']])', example);
    return value.map((item, index) => {
      if (!isTable(item)) throw wrongType(`${key}[${index}]`, item, 'a table', example);
      return new Fields(this.template, item);
    });
  }

  /** A table of tables: `sections` of an ini file. */
  nested(key: string, example: string): Record<string, Record<string, string>> {
    const value = this.#value(key);
    if (value === undefined) return {};
    if (!isTable(value)) throw wrongType(key, value, 'a table', example);
    return Object.fromEntries(Object.entries(value).map(([name, table]) => [name, texts(`${key}.${name}`, table, example)]));
  }

  #value(key: string): unknown {
    return this.has(key) ? this.#keys[key] : undefined;
  }
}

/** @throws Hop3Error HOP3_TEMPLATE_FIELD unless sh can have a variable of that name */
export function checkVariable(key: string, name: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return;
  throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
    what: `[nix] ${printable(key)}: "${printable(name)}" cannot be the name of a variable.`,
    why: 'A name has letters, digits and underscores, and does not begin with a digit.',
  });
}

function wrongType(key: string, value: unknown, wanted: string, example: string): Hop3Error {
  return new Hop3Error('HOP3_TEMPLATE_FIELD', {
    what: `[nix] ${printable(key)} should be ${wanted}, and is ${printable(JSON.stringify(value) ?? String(value))}.`,
    next: `For example: ${example}`,
  });
}

function texts(key: string, value: unknown, example: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isTable(value)) throw wrongType(key, value, 'a table', example);
  const entries = Object.entries(value).map(([name, item]): [string, string] => {
    if (typeof item === 'string') return [name, item];
    if (typeof item === 'boolean' || (typeof item === 'number' && Number.isFinite(item))) return [name, String(item)];
    throw wrongType(`${key}.${name}`, item, 'text', example);
  });
  return Object.fromEntries(entries);
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
