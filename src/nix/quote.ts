import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import { shellWord } from '../shell-word.ts';

/** Text that is Nix already: an expression or part of one. Templates insert it as it stands; plain strings are quoted. */
export class NixCode {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** Code that was written for a `let` binding, two columns further in. Its strings hold no line ends: they are escaped. */
export function indented(code: NixCode): NixCode {
  return new NixCode(code.text.replaceAll('\n', '\n  '));
}

/** Words of the Nix language that cannot be names. `or` is one in newer versions. */
const KEYWORDS = new Set(['assert', 'else', 'if', 'in', 'inherit', 'let', 'or', 'rec', 'then', 'with']);
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_'-]*$/;
const SAFE_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;

export function isNixIdentifier(text: string): boolean {
  return IDENTIFIER.test(text) && !KEYWORDS.has(text);
}

/**
 * The text as a Nix string in double quotes. Nix reads back the same bytes.
 * @throws Hop3Error HOP3_TEMPLATE_FIELD for a NUL or half a surrogate pair, which no Nix string can hold
 */
export function nixString(text: string): NixCode {
  return new NixCode(`"${nixStringInner(text)}"`);
}

/**
 * What stands between the quotes of a Nix string. Parts may be put side by side, with `${...}` between them: a `$` at
 * the end is escaped too, since `$${` would not interpolate.
 */
export function nixStringInner(text: string): string {
  refuseUnwritable(text);
  return text
    .replace(/[\\"]/g, '\\$&')
    .replace(/\$(?=\{|$)/g, '\\$$')
    // Nix turns a raw CR and CRLF into LF; the others are escaped to keep one value on one line.
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t');
}

/** A name on the left of `=`, quoted unless it is a plain identifier. */
export function nixAttrName(name: string): NixCode {
  return isNixIdentifier(name) ? new NixCode(name) : nixString(name);
}

/**
 * A path as a Nix path value, whatever characters it has: absolute, or relative to the expression's file (`./x`).
 * @throws TypeError for another form or one with `..`, which callers have refused already
 */
export function nixPath(path: string): NixCode {
  const [anchor, rest] = path.startsWith('./') ? ['./.', path.slice(1)] : ['/.', path];
  if (!rest.startsWith('/') || rest.split('/').includes('..')) throw new TypeError(`not a path for Nix: ${printable(path)}`);
  return new NixCode(`(${anchor} + ${nixString(rest).text})`);
}

/**
 * One word for sh, bare where it can be: a rendered script is read by people. The shell reads back the same bytes.
 * @throws Hop3Error HOP3_TEMPLATE_FIELD for a NUL
 */
export function shellQuote(text: string): string {
  refuseUnwritable(text);
  return SAFE_WORD.test(text) ? text : shellWord(text);
}

function refuseUnwritable(text: string): void {
  if (!text.includes('\0') && !/\p{Surrogate}/u.test(text)) return;
  throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
    what: `A value holds a character that can stand in no file or environment: ${printable(JSON.stringify(text))}`,
    next: 'Take the NUL character (or the half surrogate pair) out of hop3.toml.',
  });
}
