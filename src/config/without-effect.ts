import type { TSchema } from 'typebox';
import type { About } from '../json-schema.ts';
import { HopToml } from './schema.ts';

interface Table {
  readonly about?: About;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, { readonly about?: About }>>;
}

/**
 * What a file asks for and this server does not do yet, as the file would name it: keys first, then whole tables. Whoever
 * gives one its effect takes `withoutEffect` out of its description in schema.ts.
 */
export function withoutEffect(data: HopToml): string[] {
  const keys: string[] = [];
  const tables: string[] = [];
  for (const [name, schema] of Object.entries<TSchema>(HopToml.properties)) {
    const table = schema as Table;
    const value = (data as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) continue;
    if (table.about?.withoutEffect) tables.push(Array.isArray(value) ? `[[${name}]]` : `[${name}]`);
    else if (!Array.isArray(value)) keys.push(...keysOf(name, table, value as Readonly<Record<string, unknown>>));
  }
  return [...keys, ...tables];
}

function keysOf(name: string, table: Table, value: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(table.properties ?? {})
    .filter(([key, { about }]) => about?.withoutEffect && value[key] !== undefined)
    .map(([key]) => `[${name}] ${key}`);
}
