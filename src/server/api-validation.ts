import type { FastifySchema, FastifySchemaCompiler } from 'fastify';
import { Compile } from 'typebox/compile';
import type { TSchema } from 'typebox';
import { Settings } from 'typebox/system';
import { Convert, Default } from 'typebox/value';
import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import { didYouMean } from '../nearest.ts';

// Eight is the library's default; someone who sends ten mistakes should read of ten.
Settings.Set({ maxErrors: 32 });

/** The API's own bodies have three. */
const MOST_LEVELS = 32;

interface Problem {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/**
 * Fastify's validator on TypeBox schemas. Nothing is stripped and nothing is coerced, except that the texts of a path
 * or query become the numbers and booleans their schema names. All problems are told at once, each with its place.
 */
export const validatorCompiler: FastifySchemaCompiler<FastifySchema> = ({ schema, httpPart }) => {
  const checked = Compile(schema as TSchema);
  const isBody = httpPart === 'body';
  const place = isBody ? 'body' : httpPart === 'params' ? 'path' : 'query';
  return (input: unknown) => {
    if (isDeep(input)) return { error: new Hop3Error('HOP3_USAGE', { what: `The request cannot be used: ${place} is nested deeper than ${MOST_LEVELS} levels.` }) };
    let value = Default(schema as TSchema, structuredClone(input ?? {}));
    if (!isBody) value = Convert(schema as TSchema, value);
    if (checked.Check(value)) return { value };
    const lines = explain(checked.Errors(value) as Iterable<Problem>, value, place, schema);
    return { error: new Hop3Error('HOP3_USAGE', { what: `The request cannot be used: ${lines.join('; ')}.` }) };
  };
};

/** Whether lists and objects stand in each other deeper than anything of the API's; what follows would run out of stack. */
function isDeep(input: unknown): boolean {
  let level = [input];
  for (let depth = 0; depth <= MOST_LEVELS; depth += 1) {
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
    if (level.length === 0) return false;
  }
  return true;
}

/** One text a problem. A value is repeated only when it is a number or a boolean: a text may be a secret. */
function explain(problems: Iterable<Problem>, root: unknown, place: string, schema: TSchema): string[] {
  const lines = new Set<string>();
  for (const problem of problems) {
    // An unknown key is told twice by the library; the other one names the key.
    if (problem.keyword === 'boolean') continue;
    const where = place + problem.instancePath.split('/').slice(1).map((part) => `.${printable(part)}`).join('');
    lines.add(sentence(problem, where, valueAt(root, problem.instancePath), schema));
  }
  return [...lines];
}

function sentence(problem: Problem, where: string, value: unknown, schema: TSchema): string {
  const { params } = problem;
  switch (problem.keyword) {
    case 'required':
      return (params['requiredProperties'] as string[]).map((key) => `${where}.${key} is missing`).join('; ');
    case 'additionalProperties': {
      const known = Object.keys((schema as { properties?: object }).properties ?? {});
      return (params['additionalProperties'] as string[])
        .map((key) => `${where}: unknown key "${printable(key)}".${didYouMean(key, known)} Allowed: ${known.join(', ') || 'none'}`)
        .join('; ');
    }
    case 'type':
      return `${where} should be ${article(params['type'] as string)}, got ${describe(value)}`;
    case 'enum':
      return `${where} should be one of ${(params['allowedValues'] as unknown[]).join(', ')}`;
    default:
      return `${where} ${problem.message.replace(/^must /, 'should ')}, got ${describe(value)}`;
  }
}

function valueAt(root: unknown, pointer: string): unknown {
  return pointer.split('/').slice(1).reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], root);
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a text', number: 'a number', integer: 'a whole number', boolean: 'true or false', object: 'an object', array: 'a list', null: 'null',
};

function article(type: string): string {
  return WORDS[type] ?? type;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return `a text of ${value.length} character${value.length === 1 ? '' : 's'}`;
  return article(typeof value);
}
