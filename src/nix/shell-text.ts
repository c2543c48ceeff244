import type { Piece } from './live-text.ts';

/** Plain words in shell text (PKGBIN, APPDIR ...) that stand for directories known to the build only. */
export type Placeholders = Readonly<Record<string, readonly Piece[]>>;

/**
 * Shell text with its placeholders replaced. `$APPDIR` and `${APPDIR}` are shell variables and stay, and so does a
 * longer word such as MYPKGBIN.
 */
export function replacePlaceholders(text: string, placeholders: Placeholders): Piece[] {
  const names = Object.keys(placeholders);
  if (names.length === 0) return text === '' ? [] : [text];
  const word = new RegExp(`(?<![A-Za-z0-9_$]|\\$\\{)(${names.join('|')})(?![A-Za-z0-9_])`, 'g');
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(word)) {
    if (match.index > from) pieces.push(text.slice(from, match.index));
    pieces.push(...placeholders[match[1]!]!);
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

/**
 * A file's content as the body of an unquoted here-document in which sh expands `${NAME}` (with its operators) and `$(...)`
 * and nothing else: `$name`, `${process.env.X}` and backticks belong to the file's own language. A backslash before `$`,
 * a backtick or another backslash takes its meaning away, as in any here-document.
 */
export function hereDocumentBody(content: string): string {
  let body = '';
  let at = 0;
  while (at < content.length) {
    const char = content[at]!;
    if (char === '\\' && /[$`\\]/.test(content[at + 1] ?? '')) {
      body += content.slice(at, at + 2);
      at += 2;
    } else if (char === '`') {
      body += '\\`';
      at += 1;
    } else if (char === '$') {
      const end = expansionEnd(content, at);
      body += end === null ? '\\$' : content.slice(at, end);
      at = end ?? at + 1;
    } else {
      body += char;
      at += 1;
    }
  }
  return body;
}

/** `${NAME}`, `${NAME:-...}`, `${#NAME}`, `${NAME%...}` and their like; not `${process.env.X}`. */
const PARAMETER = /^\$\{(?:#[A-Za-z_][A-Za-z0-9_]*\}|[A-Za-z_][A-Za-z0-9_]*(?:\}|:?[-=?+]|##?|%%?))/;

/** Index behind the expansion that begins at `at`, or null when sh is to see no expansion there. */
function expansionEnd(text: string, at: number): number | null {
  if (text.startsWith('$(', at)) return closing(text, at + 2, ')');
  if (!PARAMETER.test(text.slice(at, at + 200))) return null;
  return closing(text, at + 2, '}');
}

/** Index behind the bracket that closes what begins at `from`, past quotes and nested expansions. */
function closing(text: string, from: number, close: ')' | '}'): number | null {
  const open = close === ')' ? '(' : '{';
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    const char = text[at]!;
    if (char === '\\') {
      at += 1;
    } else if (char === "'" && close === ')') {
      at = text.indexOf("'", at + 1);
      if (at < 0) return null;
    } else if (char === '"' && close === ')') {
      const end = doubleQuoteEnd(text, at + 1);
      if (end === null) return null;
      at = end - 1;
    } else if (char === '$' && (text[at + 1] === '{' || text[at + 1] === '(')) {
      const end = closing(text, at + 2, text[at + 1] === '{' ? '}' : ')');
      if (end === null) return null;
      at = end - 1;
    } else if (char === open && close === ')') {
      depth += 1;
    } else if (char === close) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return null;
}

function doubleQuoteEnd(text: string, from: number): number | null {
  for (let at = from; at < text.length; at++) {
    const char = text[at]!;
    if (char === '\\') at += 1;
    else if (char === '"') return at + 1;
    else if (char === '$' && (text[at + 1] === '{' || text[at + 1] === '(')) {
      const end = closing(text, at + 2, text[at + 1] === '{' ? '}' : ')');
      if (end === null) return null;
      at = end - 1;
    }
  }
  return null;
}
