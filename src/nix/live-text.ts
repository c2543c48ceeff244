import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import { NixCode, nixStringInner } from './quote.ts';

/** Text with Nix expressions in it: strings are literal, NixCode is interpolated at build time. */
export type Piece = string | NixCode;

/** The output's own store path, wherever it is known only to the build: Nix puts it in. */
export const OUT = new NixCode('placeholder "out"');

/** The pieces as one Nix string. */
export function nixConcat(pieces: readonly Piece[]): NixCode {
  const inner = pieces.reduce<Piece[]>(mergeText, []).map((piece) => (typeof piece === 'string' ? nixStringInner(piece) : `\${${piece.text}}`));
  return new NixCode(`"${inner.join('')}"`);
}

function mergeText(merged: Piece[], piece: Piece): Piece[] {
  const last = merged.at(-1);
  if (typeof last === 'string' && typeof piece === 'string') merged[merged.length - 1] = last + piece;
  else merged.push(piece);
  return merged;
}

/** Pieces cut at line ends, one list a line, for a Nix list of lines that a person can read. */
export function pieceLines(pieces: readonly Piece[]): Piece[][] {
  const lines: Piece[][] = [[]];
  for (const piece of pieces) {
    if (typeof piece !== 'string') {
      lines.at(-1)!.push(piece);
      continue;
    }
    const [first, ...others] = piece.split('\n');
    if (first !== '') lines.at(-1)!.push(first!);
    for (const line of others) lines.push(line === '' ? [] : [line]);
  }
  return lines;
}

/** Where a value stands in the configuration, for messages. */
export interface Place {
  readonly key: string;
  /** What may stand at the head of `${name...}`. */
  readonly names: readonly string[];
}

/**
 * Reads a text whose `${...}` Nix expands at build time. `''${` and `$${` stay literal, as in Nix' own indented
 * strings; `$out` is the output's store path.
 * @throws Hop3Error HOP3_TEMPLATE_FIELD for a `${` without its `}`, and for `${name}` when nothing has that name
 */
export function readLiveText(text: string, place: Place): Piece[] {
  const pieces: Piece[] = [];
  let literal = '';
  let at = 0;
  const push = (code: NixCode) => {
    if (literal !== '') pieces.push(literal);
    pieces.push(code);
    literal = '';
  };
  while (at < text.length) {
    if (text.startsWith("''${", at)) {
      literal += '${';
      at += 4;
    } else if (text.startsWith('$${', at)) {
      literal += '$${';
      at += 3;
    } else if (text.startsWith('${', at)) {
      const end = interpolationEnd(text, at + 2);
      if (end === null) throw unbalanced(text, place);
      const code = text.slice(at + 2, end).trim();
      push(code === 'out' ? OUT : checkHead(code, place));
      at = end + 1;
    } else if (/^\$out(?![A-Za-z0-9_])/.test(text.slice(at, at + 5))) {
      push(OUT);
      at += 4;
    } else {
      literal += text[at]!;
      at += 1;
    }
  }
  if (literal !== '') pieces.push(literal);
  return pieces;
}

/** An attribute path in `${...}` that begins in lower case: the only thing that Nix expands in runtime-env. */
const LOWER_CASE = /\$\{([a-z][a-z0-9_'-]*(?:\.[A-Za-z_][A-Za-z0-9_'-]*)*)\}/g;

/** Reads a runtime-env value: `${lower_case}` is Nix, everything else stands for itself. */
export function readRuntimeEnv(text: string, place: Place): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(LOWER_CASE)) {
    if (match.index > from) pieces.push(text.slice(from, match.index));
    pieces.push(match[1] === 'out' ? OUT : checkHead(match[1]!, place));
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

/** Index of the `}` that ends an interpolation whose inside begins at `from`; null when there is none. */
function interpolationEnd(text: string, from: number): number | null {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const rest = text.slice(at, at + 3);
    if (rest[0] === '"') {
      const end = stringEnd(text, at + 1);
      if (end === null) return null;
      at = end;
    } else if (rest.startsWith("''")) {
      const end = indentedStringEnd(text, at + 2);
      if (end === null) return null;
      at = end;
    } else if (rest[0] === '#') {
      const end = text.indexOf('\n', at);
      if (end < 0) return null;
      at = end;
    } else if (rest.startsWith('/*')) {
      const end = text.indexOf('*/', at + 2);
      if (end < 0) return null;
      at = end + 1;
    } else if (rest[0] === '{') {
      depth += 1;
    } else if (rest[0] === '}') {
      if (depth === 0) return at;
      depth -= 1;
    }
  }
  return null;
}

/** Index of the closing `"`. */
export function stringEnd(text: string, from: number): number | null {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
    else if (text.startsWith('$${', at)) at += 2;
    else if (text.startsWith('${', at)) {
      const end = interpolationEnd(text, at + 2);
      if (end === null) return null;
      at = end;
    }
  }
  return null;
}

/** Index of the last character of the closing `''`. */
export function indentedStringEnd(text: string, from: number): number | null {
  for (let at = from; at < text.length; at++) {
    if (text.startsWith("'''", at) || text.startsWith("''$", at)) at += 2;
    else if (text.startsWith("''\\", at)) at += 3;
    else if (text.startsWith("''", at)) return at + 1;
    else if (text.startsWith('$${', at)) at += 2;
    else if (text.startsWith('${', at)) {
      const end = interpolationEnd(text, at + 2);
      if (end === null) return null;
      at = end;
    }
  }
  return null;
}

/** Bound in every expression, whatever the template binds besides. */
const ALWAYS = ['pkgs', 'builtins', 'placeholder', 'toString', 'import', 'true', 'false', 'null', 'if', 'let', 'with', 'assert', 'rec'];

function checkHead(code: string, place: Place): NixCode {
  const head = /^([A-Za-z_][A-Za-z0-9_'-]*)/.exec(code)?.[1];
  // An expression that does not begin with a name (a parenthesis, a string) is left to Nix itself.
  if (head === undefined || ALWAYS.includes(head) || place.names.includes(head)) return new NixCode(code);
  throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
    what: `${place.key}: \${${printable(code)}} is expanded by Nix at build time, and nothing is called "${head}" there.`,
    why: `There are: ${[...place.names, 'pkgs'].join(', ')}.`,
    next: `Write \${pkgs.${head}}, or give it a name with [nix.let-extra]: ${head} = "pkgs.${head}"`,
  });
}

function unbalanced(text: string, place: Place): Hop3Error {
  return new Hop3Error('HOP3_TEMPLATE_FIELD', {
    what: `${place.key}: "\${" without its "}" in ${printable(JSON.stringify(text))}`,
    next: "Nix expands ${...} in this key. For a literal ${ write ''${",
  });
}
