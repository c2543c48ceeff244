import { styleText } from 'node:util';
import type { ErrorInfo } from '../server/api-types.ts';
import type { GlobalFlags } from './flags.ts';

/** Where text goes: data on stdout, the story on stderr. With --json, stdout holds one JSON document (followed logs: one a line). */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;

  constructor(flags: GlobalFlags) {
    this.json = flags.json === true;
    this.quiet = flags.quiet === true;
    this.verbose = flags.verbose === true;
  }

  /** The answer: as JSON when that was asked for, as text otherwise. */
  answer(value: unknown, text: () => string): void {
    const shown = this.json ? asJson(value, 2) : text();
    if (shown !== '') process.stdout.write(shown.endsWith('\n') ? shown : `${shown}\n`);
  }

  /** One line of data of a stream. */
  line(value: unknown, text: string): void {
    process.stdout.write(`${this.json ? asJson(value) : text}\n`);
  }

  /** What happened, for the person watching. */
  note(text: string): void {
    if (!this.quiet) process.stderr.write(`${text}\n`);
  }

  /** Text of the server's log of a deploy, with its line ends. */
  story(text: string): void {
    if (!this.quiet) process.stderr.write(text);
  }

  error(error: ErrorInfo): void {
    if (this.json) process.stdout.write(`${asJson({ error }, 2)}\n`);
    else process.stderr.write(formatError(error));
  }
}

/** ` !     what` and below it why, what to do, and the code: the shape that a push shows too. */
export function formatError(error: ErrorInfo): string {
  const lines = [error.why, error.next].filter((text) => text !== null).flatMap((text) => text.split('\n'));
  const what = error.what.split('\n').map((line, index) => `${index === 0 ? ' !     ' : '       '}${line}`);
  return [...what, ...lines.map((line) => `       ${line}`.trimEnd()), `       [${error.code}]`].join('\n') + '\n';
}

/** Columns padded to their widest cell; the head in capitals. An empty table is the empty text. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const all = [head.map((cell) => cell.toUpperCase()), ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  const lines = all.map((row) =>
    row.map((cell, column) => cell + ' '.repeat(widths[column]! - width(cell))).join('  ').trimEnd());
  return [dim(lines[0]!), ...lines.slice(1)].join('\n');
}

/** `key   value` lines. */
export function fields(pairs: readonly (readonly [string, string | null])[]): string {
  const shown = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== null);
  const widest = Math.max(...shown.map(([key]) => key.length));
  return shown.map(([key, value]) => `${(key === '' ? '' : `${key}:`).padEnd(widest + 1)}  ${value}`).join('\n');
}

export function dim(text: string): string {
  return showsColours() ? styleText('dim', text) : text;
}

/** Colours only where a person looks: a terminal, and no NO_COLOR. */
export function showsColours(): boolean {
  return process.stdout.isTTY && !process.env['NO_COLOR'];
}

/** JSON that a terminal shows and does not obey: JSON itself leaves DEL and the second set of control characters as they are. */
function asJson(value: unknown, indent?: number): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return JSON.stringify(value, null, indent).replace(/[\u007f-\u009f]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function width(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let cells = 0;
  for (const char of text) cells += WIDE.test(char) ? 2 : COMBINING.test(char) ? 0 : 1;
  return cells;
}

/** Nearly every cell, and all of a thousand rows: then no character is looked at by itself. */
const PLAIN = /^[\x20-\x7e]*$/;
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;
const COMBINING = /\p{Mn}/u;
