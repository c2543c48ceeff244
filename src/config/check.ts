import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { didYouMean } from '../nearest.ts';
import { printable } from '../names.ts';
import type { Problems } from './problems.ts';
import type { Refusal } from './shapes.ts';
import type { TomlFile } from './toml-read.ts';
import type { KeyPath } from './toml-map.ts';

/** The parts of a JSON schema that this walk understands; shapes.ts and schema.ts use no others. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly string[];
  /** A rule that no pattern can explain: says what is wrong with a value of the right type. */
  readonly refuse?: Refusal<unknown>;
  /** For tables with free names: what a name must match, and how to say it. */
  readonly keyPattern?: string;
  readonly keys?: string;
  readonly about?: { readonly retired?: string };
}

/**
 * Compares a file with its schema and puts every difference into `problems`, where it stands and in words. TypeBox's own
 * errors stop at eight, repeat themselves for unions and unknown keys, and know no lines: so the walk is done here and
 * TypeBox judges the single values.
 */
export function checkFile(toml: TomlFile, schema: TSchema, problems: Problems): void {
  new Check(toml, schema, problems).value(toml.data, schema, []);
}

class Check {
  private readonly toml: TomlFile;
  private readonly whole: Schema;
  private readonly problems: Problems;

  constructor(toml: TomlFile, whole: Schema, problems: Problems) {
    this.toml = toml;
    this.whole = whole;
    this.problems = problems;
  }

  value(value: unknown, schema: Schema, path: KeyPath): void {
    if (schema.anyOf !== undefined) return this.union(value, schema, path);
    if (schema.type === 'object') {
      if (isTable(value)) this.table(value, schema, path);
      else this.wrong(value, schema, path);
      return;
    }
    if (schema.type === 'array') {
      if (!Array.isArray(value)) return this.wrong(value, schema, path);
      for (const [index, item] of value.entries()) this.value(item, schema.items!, [...path, index]);
      return;
    }
    if (!Value.Check(schema as TSchema, value)) return this.wrong(value, schema, path);
    const refusal = schema.refuse?.(value) ?? null;
    if (refusal !== null) this.problems.add(this.toml.file, this.toml.map.valueAt(path), () => `${keyName(path)}: ${refusal}.`);
  }

  private table(table: Readonly<Record<string, unknown>>, schema: Schema, path: KeyPath): void {
    const keys = known(schema);
    for (const [key, value] of Object.entries(table)) {
      const here = [...path, key];
      if (Object.hasOwn(keys, key)) this.value(value, keys[key]!, here);
      else this.freeKey(key, value, schema, here);
    }
    for (const key of schema.required ?? []) {
      if (Object.hasOwn(table, key)) continue;
      this.problems.add(this.toml.file, this.toml.map.keyAt(path), () => `${tableName(path)} needs the key "${key}": ${keys[key]!.description}.`);
    }
  }

  /** A key that the schema does not name: one of many variables, or unknown. */
  private freeKey(key: string, value: unknown, schema: Schema, path: KeyPath): void {
    const { file, map } = this.toml;
    const [pattern, child] = freeNames(schema);
    if (child !== null) {
      if (pattern !== null && !new RegExp(pattern).test(key)) {
        this.problems.add(file, map.keyAt(path), () =>
          `"${printable(key)}" cannot be a name in ${tableName(path.slice(0, -1))}, which takes ${schema.keys}.${this.keyAbove(key, path)}`);
        return;
      }
      this.value(value, child, path);
      return;
    }
    const message = () => (path.length === 1
      ? unknownAtTop(key, known(schema), isTable(value) || isTables(value))
      : unknownKey(key, Object.keys(known(schema)), path.slice(0, -1), homesOf(key, this.whole)));
    if (schema.additionalProperties === false) this.problems.add(file, map.keyAt(path), message);
    else this.problems.note(file, map.keyAt(path), () => `ignored: ${message()}`);
  }

  /** A header such as [nix.env-exports] takes what is written below it, keys that were meant for [nix] too. */
  private keyAbove(key: string, path: KeyPath): string {
    const above = path.slice(0, -2);
    const table = above.reduce<Schema | undefined>((schema, part) => (schema === undefined ? undefined : known(schema)[String(part)]), this.whole);
    return table !== undefined && above.length > 0 && Object.hasOwn(known(table), key) ? ` If the ${key} of ${tableName(above)} is meant, it must stand above the line ${tableName(path.slice(0, -1))}.` : '';
  }

  /** Of several shapes the one with the value's own type is the one that was meant. */
  private union(value: unknown, schema: Schema, path: KeyPath): void {
    const meant = schema.anyOf!.find((branch) =>
      (branch.type === 'object' && isTable(value)) || (branch.type === 'array' && Array.isArray(value)));
    if (meant !== undefined) return this.value(value, meant, path);
    if (!schema.anyOf!.some((branch) => Value.Check(branch as TSchema, value))) this.wrong(value, schema, path);
  }

  private wrong(value: unknown, schema: Schema, path: KeyPath): void {
    this.problems.add(this.toml.file, this.toml.map.valueAt(path), () => {
      const near = schema.enum !== undefined && typeof value === 'string' ? didYouMean(value, schema.enum) : '';
      return `${keyName(path)} must be ${schema.description}; got ${described(value, isPrivate(path))}.${near}`;
    });
  }
}

/** What names a schema takes besides those it lists: a pattern for the name, and the schema of the values. */
function freeNames(schema: Schema): readonly [string | null, Schema | null] {
  if (schema.patternProperties !== undefined) return Object.entries(schema.patternProperties)[0]!;
  if (typeof schema.additionalProperties === 'object') return [schema.keyPattern ?? null, schema.additionalProperties];
  return [null, null];
}

function known(schema: Schema): Readonly<Record<string, Schema>> {
  return schema.properties ?? {};
}

function unknownKey(key: string, candidates: readonly string[], table: KeyPath, homes: readonly string[]): string {
  const near = homes.length > 0 ? ` ${homes.join(' and ')} ${homes.length > 1 ? 'have' : 'has'} a key of that name.` : didYouMean(key, candidates);
  const list = near === '' && candidates.length <= 12 ? ` It knows ${candidates.join(', ')}.` : near;
  return `unknown key "${printable(key)}" in ${tableName(table)}.${list}`;
}

/** Outside any table a key is mostly one that lost its table: a header below it, or none. */
function unknownAtTop(key: string, tables: Readonly<Record<string, Schema>>, isTableItself: boolean): string {
  if (isTableItself) return `unknown table [${printable(key)}].${didYouMean(key, Object.keys(tables))}`;
  const homes = homesOf(key, { properties: tables });
  const hint = homes.length > 0 ? ` It belongs below ${homes.join(' or ')}.` : '';
  return `unknown key "${printable(key)}" outside any table.${hint}`;
}

/** The tables that have a key of this name, by their headers. */
function homesOf(key: string, whole: Schema): string[] {
  const homes: string[] = [];
  for (const [name, table] of Object.entries(known(whole))) {
    if (table.about?.retired !== undefined) continue;
    if (Object.hasOwn(known(table), key)) homes.push(`[${name}]`);
    else if (table.items !== undefined && Object.hasOwn(known(table.items), key)) homes.push(`[[${name}]]`);
  }
  return homes;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function isTables(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isTable);
}

/** `[nix.config-files]` as a person would write its header. */
function tableName(path: KeyPath): string {
  if (path.length === 0) return 'the file';
  const names = path.filter((part) => typeof part === 'string').map((name) => printable(name));
  return typeof path.at(-1) === 'number' ? `[[${names.join('.')}]]` : `[${names.join('.')}]`;
}

/** `[run] start-timeout`, `[[ports]] number`, `[nix] exec-args, item 2` */
function keyName(path: KeyPath): string {
  const last = path.at(-1)!;
  if (typeof last === 'number') return `${keyName(path.slice(0, -1))}, item ${last + 1}`;
  if (path.length === 1) return `[${printable(last)}]`;
  return `${tableName(path.slice(0, -1))} ${printable(last)}`;
}

/** Tables of `[nix]` that are written for a program's environment or its files. */
const PRIVATE_NIX = new Set(['local-vars', 'env-exports', 'env-exports-raw', 'runtime-env', 'conditional-env', 'config-files']);

/** Values below these are never repeated in a message: they may be passwords, and messages are kept in logs. */
function isPrivate([first, second]: KeyPath): boolean {
  return first === 'env' || first === 'admin' || (first === 'nix' && PRIVATE_NIX.has(String(second)));
}

function described(value: unknown, hidden: boolean): string {
  if (typeof value === 'string') {
    if (value === '') return 'empty text';
    return hidden ? 'a text' : `the text "${printable(value)}"`;
  }
  if (typeof value === 'number') return hidden ? 'a number' : `the number ${value}`;
  if (typeof value === 'boolean') return hidden ? 'true or false' : String(value);
  if (value instanceof Date) return 'a date';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return 'a table';
}
