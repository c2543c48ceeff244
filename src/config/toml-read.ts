import { parse } from 'toml';
import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import { excerpt } from './excerpt.ts';
import { Problems } from './problems.ts';
import { type KeyPath, type Position, TomlMap } from './toml-map.ts';
import { MAX_DEPTH, scanToml, TomlFault } from './toml-scan.ts';

/** A parsed hop3.toml: plain objects without surprises in their prototypes, and where everything stands. */
export interface TomlFile {
  readonly file: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly map: TomlMap;
}

/** Names that mean something to JavaScript objects. No table of an app needs them, so nothing below has to fear them. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses TOML (version 1.1).
 * @throws Hop3Error HOP3_CONFIG: a syntax error with line, column and the source line, or keys and depths that are never allowed
 */
export function readToml(file: string, text: string): TomlFile {
  let data: unknown;
  try {
    data = parse(text, { maxDepth: MAX_DEPTH });
  } catch (error) {
    throw syntaxError(file, text, error);
  }
  const map = locate(text);
  const problems = new Problems();
  inspect(file, map, data, problems);
  problems.throwIfAny();
  // The parser's tables have no prototype; String(table) would throw and comparisons with literals fail.
  return { file, data: structuredClone(data) as Record<string, unknown>, map };
}

/** Positions are help, not substance: if the scanner stumbled over a file that the parser took, they are just missing. */
function locate(text: string): TomlMap {
  try {
    return scanToml(text);
  } catch (error) {
    if (error instanceof TomlFault) return new TomlMap(text);
    throw error;
  }
}

/** Walks the tables without recursion, since dotted keys can nest a hundred thousand deep. */
function inspect(file: string, map: TomlMap, root: unknown, problems: Problems): void {
  const waiting: { readonly value: unknown; readonly path: KeyPath }[] = [{ value: root, path: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, path } = next;
    if (path.length > MAX_DEPTH) {
      problems.add(file, map.keyAt(path), () => `tables are nested deeper than ${MAX_DEPTH} levels here.`);
      continue;
    }
    if (typeof value === 'string' && value.includes('\0')) {
      problems.add(file, map.valueAt(path), () => 'this text holds a NUL character, which no program can be given.');
    }
    if (typeof value !== 'object' || value === null || value instanceof Date) continue;
    for (const [key, child] of Object.entries(value)) {
      const childPath = [...path, Array.isArray(value) ? Number(key) : key];
      if (!Array.isArray(value) && FORBIDDEN_KEYS.has(key)) {
        problems.add(file, map.keyAt(childPath), () => `the key "${key}" is not allowed anywhere in this file.`);
      }
      waiting.push({ value: child, path: childPath });
    }
  }
}

/** What the parser throws: `location` for broken syntax, `line` and `column` for text that is well formed but means nothing. */
interface ParserError {
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
  readonly location?: { readonly start: { readonly offset: number; readonly line: number; readonly column: number } };
}

function syntaxError(file: string, text: string, error: unknown): Hop3Error {
  if (!(error instanceof Error)) throw error;
  const { message, line, column, location } = error as ParserError;
  if (location === undefined) {
    if (line === undefined || column === undefined) throw error;
    return problem(file, text, { line, column }, meaning(message));
  }
  try {
    scanToml(text);
  } catch (fault) {
    // Further on than the parser got, the scanner's opinion is about something else.
    if (fault instanceof TomlFault && fault.offset <= location.start.offset) {
      return problem(file, text, new TomlMap(text).positionOf(fault.offset), fault.message);
    }
  }
  return problem(file, text, location.start, 'this is not TOML');
}

/** The parser gives sentences and no codes, so its sentences are all there is to tell its complaints apart. */
function meaning(message: string): string {
  const defined = /^Cannot redefine existing key '(.*)'\.$/s.exec(message);
  if (defined) return `"${printable(defined[1]!)}" is defined a second time here`;
  const extended = /^Cannot (?:use dotted keys to extend table|extend inline table|append to statically defined array) '(.*?)'/s.exec(message);
  if (extended) return `"${printable(extended[1]!)}" was completed further up and cannot be added to here`;
  if (message.startsWith('Integer literal')) return 'this number is too large; put it in quotes if it is text';
  if (message.startsWith('Maximum nesting depth')) return `lists and tables are nested deeper than ${MAX_DEPTH} levels here`;
  if (message.startsWith('Invalid escape')) return 'this backslash begins nothing that TOML knows: double it, or use \'...\' instead of "..."';
  if (message.startsWith('Invalid Unicode')) return 'this escape is no Unicode character';
  if (/^Invalid (?:date|time|offset)/.test(message)) return 'there is no such date or time; put it in quotes if it is text';
  return 'this is not TOML';
}

function problem(file: string, text: string, position: Position, message: string): Hop3Error {
  return new Hop3Error('HOP3_CONFIG', {
    what: `${file}:${position.line}:${position.column}: ${message}.`,
    why: excerpt(text, position),
    next: `Nothing was built. Correct ${file}, commit, and push again.`,
  });
}
