import type { Position } from './toml-map.ts';

/** Tables whose lines may be shown as they are. Any other may hold a password, and build logs are kept. */
const OPEN_TABLES = new Set([
  'metadata', 'build', 'run', 'nix', 'domains', 'port', 'ports', 'healthcheck', 'addons', 'provider',
  'nix.config-files', 'nix.file-mappings', 'backup', 'test', 'test.validations', 'limits', 'volumes',
]);
const WIDTH = 100;

/**
 * The source line with a caret below the column, two lines of text. In a table that may hold secrets the letters and
 * digits of values are shown as `*`: quotes and brackets are what a syntax error is about.
 */
export function excerpt(text: string, position: Position): string {
  const lines = text.split('\n', position.line);
  const line = (lines[position.line - 1] ?? '').replace(/\r$/, '');
  const shown = maySeeValues(lines) ? line : veil(line);
  // A window around the caret, for lines that are whole files in base64.
  const from = position.column > WIDTH - 20 ? position.column - WIDTH / 2 : 0;
  const window = `${from > 0 ? '...' : ''}${shown.slice(from, from + WIDTH)}`.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
  const margin = String(position.line);
  const caret = ' '.repeat(Math.min(position.column - 1 - from, WIDTH) + (from > 0 ? 3 : 0));
  return `${margin} | ${window.trimEnd()}\n${' '.repeat(margin.length)} | ${caret}^`;
}

function maySeeValues(lines: readonly string[]): boolean {
  const header = lines.findLast((line) => /^\s*\[/.test(line));
  if (header === undefined) return true;
  const name = /^\s*\[\[?\s*([A-Za-z0-9_.-]+)/.exec(header);
  return name !== null && OPEN_TABLES.has(name[1]!);
}

function veil(line: string): string {
  if (/^\s*\[/.test(line)) return line;
  const separator = line.search(/[=:]/);
  return line.slice(0, separator + 1) + line.slice(separator + 1).replace(/[\p{L}\p{N}]/gu, '*');
}
