import { printable } from '../names.ts';
import { type KeyPath, MAX_REMEMBERED, TomlMap } from './toml-map.ts';

/**
 * Finds where every key and value of a TOML text stands. The parser gives values without places; this small scanner
 * walks the same text again and remembers offsets. It accepts all that the parser accepts, and where it cannot go on it
 * throws a TomlFault, whose words are kinder than the parser's list of expected characters.
 */

/** A place where the text stops being TOML. The message never repeats a value: it might be a password. */
export class TomlFault extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.name = 'TomlFault';
    this.offset = offset;
  }
}

/** Lists in lists, as deep as the parser is told to go. */
export const MAX_DEPTH = 32;

/** @throws TomlFault where the text cannot be read further */
export function scanToml(text: string): TomlMap {
  return new Scanner(text).document();
}

interface KeyPart {
  readonly name: string;
  readonly offset: number;
}

/** Numbers, times, dates and the two truth values: all that goes without quotes. */
const PLAIN = new RegExp(`^(?:${[
  '[+-]?(?:0|[1-9](?:_?\\d)*)(?:\\.\\d(?:_?\\d)*)?(?:[eE][+-]?\\d(?:_?\\d)*)?',
  '0x[0-9A-Fa-f_]+|0o[0-7_]+|0b[01_]+',
  '[+-]?(?:inf|nan)',
  '\\d{4}-\\d\\d-\\d\\d(?:[Tt].*)?|\\d\\d:\\d\\d.*',
  'true|false',
].join('|')})$`);

class Scanner {
  private at = 0;
  private readonly text: string;
  private readonly map: TomlMap;
  /** How many tables each array of tables has so far. */
  private readonly counts = new Map<string, number>();

  constructor(text: string) {
    this.text = text;
    this.map = new TomlMap(text);
  }

  document(): TomlMap {
    let table: KeyPath = [];
    for (this.blank(); this.at < this.text.length; this.blank()) {
      if (this.text[this.at] === '[') table = this.header();
      else this.entry(table, 0);
      this.spaces();
      if (this.at < this.text.length && !this.lineEnds()) {
        throw this.fault(`the line should end here, found ${this.found()}`);
      }
    }
    return this.map;
  }

  private header(): KeyPath {
    const start = this.at;
    const isArray = this.text.startsWith('[[', start);
    this.at += isArray ? 2 : 1;
    const parts = this.key('a table name');
    const close = isArray ? ']]' : ']';
    if (!this.text.startsWith(close, this.at)) throw this.fault(`the table header needs a closing "${close}", found ${this.found()}`);
    this.at += close.length;
    return this.openTable(parts, isArray, start);
  }

  /** Enters a table: `[a.b]` below an array of tables `a` means the last table of `a`. */
  private openTable(parts: readonly KeyPart[], isArray: boolean, start: number): KeyPath {
    const path: (string | number)[] = [];
    for (const [index, part] of parts.entries()) {
      if (path.length > MAX_REMEMBERED) break;
      path.push(part.name);
      this.map.remember(path, start, start, this.at);
      const id = JSON.stringify(path);
      const count = this.counts.get(id) ?? 0;
      const isLast = index === parts.length - 1;
      if (isLast && isArray) this.counts.set(id, count + 1);
      if ((isLast && isArray) || count > 0) {
        path.push(isLast && isArray ? count : count - 1);
        this.map.remember(path, start, start, this.at);
      }
    }
    return path;
  }

  private entry(table: KeyPath, depth: number): void {
    const parts = this.key('a key');
    const first = parts[0]!;
    if (this.text[this.at] !== '=') {
      throw this.fault(`"=" should follow the key "${printable(parts.at(-1)!.name.slice(0, 60))}", found ${this.found()}`);
    }
    this.at++;
    this.spaces();
    const path = [...table, ...parts.slice(0, MAX_REMEMBERED).map((part) => part.name)];
    const start = this.at;
    this.value(path, depth);
    for (let length = table.length + 1; length < path.length; length++) {
      this.map.remember(path.slice(0, length), first.offset, first.offset, this.at);
    }
    this.map.remember(path, first.offset, start, this.at);
  }

  private key(what: string): KeyPart[] {
    const parts: KeyPart[] = [];
    for (;;) {
      this.spaces();
      const offset = this.at;
      const quote = this.text[offset];
      if (quote === '"' || quote === "'") {
        this.shortString(quote);
        parts.push({ name: unquote(this.text.slice(offset, this.at)), offset });
      } else {
        const name = this.match(/[A-Za-z0-9_-]+/y);
        if (name === null) throw this.fault(`${what} should stand here, found ${this.found()}`);
        parts.push({ name, offset });
      }
      this.spaces();
      if (this.text[this.at] !== '.') return parts;
      this.at++;
    }
  }

  private value(path: KeyPath, depth: number): void {
    if (depth > MAX_DEPTH) throw this.fault(`lists and tables are nested deeper than ${MAX_DEPTH} levels here`);
    const char = this.text[this.at];
    if (char === '[') return this.list(path, depth);
    if (char === '{') return this.inlineTable(path, depth);
    if (this.text.startsWith('"""', this.at) || this.text.startsWith("'''", this.at)) return this.longString();
    if (char === '"' || char === "'") return this.shortString(char);
    if (this.match(/\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d[^\s,\]}#]*/y) !== null) return;
    if (char === undefined || /[\s,\]}#=]/.test(char)) throw this.fault(`a value should stand here, found ${this.found()}`);
    const start = this.at;
    const word = this.match(/[^\s,\]}#=]+/y) ?? '';
    if (PLAIN.test(word)) return;
    this.at = start;
    if (/^[+-]?\d/.test(word)) throw this.fault('this is no number or date as TOML has them; text needs quotes around it');
    throw this.fault(/^[“”‘’„«]/.test(word)
      ? 'this quotation mark is not one of TOML\'s: use " or \''
      : 'this is no value: text needs quotes around it, and only true and false go without');
  }

  private list(path: KeyPath, depth: number): void {
    const open = this.at++;
    for (let index = 0; ; index++) {
      this.blank();
      if (this.text[this.at] === ']') break;
      if (this.at >= this.text.length) throw this.fault('this list has no closing "]"', open);
      const start = this.at;
      this.value([...path, index], depth + 1);
      this.map.remember([...path, index], start, start, this.at);
      this.blank();
      if (this.text[this.at] === ',') this.at++;
      else if (this.text[this.at] !== ']') throw this.unclosed(open, 'list', ']');
    }
    this.at++;
  }

  private inlineTable(path: KeyPath, depth: number): void {
    const open = this.at++;
    for (;;) {
      this.blank();
      if (this.text[this.at] === '}') break;
      if (this.at >= this.text.length) throw this.fault('this table has no closing "}"', open);
      this.entry(path, depth + 1);
      this.blank();
      if (this.text[this.at] === ',') this.at++;
      else if (this.text[this.at] !== '}') throw this.unclosed(open, 'table', '}');
    }
    this.at++;
  }

  /** Inside brackets something stands where "," or the closing bracket belongs; the opening may be the useful place. */
  private unclosed(open: number, what: string, close: string): TomlFault {
    if (this.at >= this.text.length) return this.fault(`this ${what} has no closing "${close}"`, open);
    const line = this.map.positionOf(open).line;
    return this.fault(`"," or "${close}" should stand here (the ${what} begins on line ${line}), found ${this.found()}`);
  }

  private shortString(quote: '"' | "'"): void {
    const open = this.at++;
    for (; ; this.at++) {
      const char = this.text[this.at];
      if (char === quote) break;
      if (char === undefined || char === '\n') throw this.fault(`this text has no closing ${quote} on its line`, open);
      if (char === '\\' && quote === '"' && this.text[this.at + 1] !== '\n') this.at++;
    }
    this.at++;
  }

  private longString(): void {
    const open = this.at;
    const marks = this.text.slice(open, open + 3);
    this.at += 3;
    for (;;) {
      if (this.at >= this.text.length) throw this.fault(`this text has no closing ${marks}`, open);
      if (this.text.startsWith(marks, this.at)) break;
      this.at += this.text[this.at] === '\\' && marks === '"""' ? 2 : 1;
    }
    this.at += 3;
    // Up to two quotes may stand right before the closing three.
    for (let extra = 0; extra < 2 && this.text[this.at] === marks[0]; extra++) this.at++;
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) return null;
    this.at += found[0].length;
    return found[0];
  }

  private spaces(): void {
    while (this.text[this.at] === ' ' || this.text[this.at] === '\t') this.at++;
  }

  /** Spaces, line ends and comments. */
  private blank(): void {
    for (;;) {
      this.match(/[ \t\r\n]+/y);
      if (this.text[this.at] !== '#') return;
      const end = this.text.indexOf('\n', this.at);
      this.at = end < 0 ? this.text.length : end;
    }
  }

  private lineEnds(): boolean {
    return /^(?:\r?\n|#)/.test(this.text.slice(this.at, this.at + 2));
  }

  /** What stands here, in words; a word of the text is never repeated. */
  private found(): string {
    const code = this.text.codePointAt(this.at);
    if (code === undefined) return 'the end of the file';
    const char = String.fromCodePoint(code);
    if (char === '\n' || char === '\r') return 'the end of the line';
    if (char === '#') return 'a comment';
    if (char === '"' || char === "'") return 'a quotation mark';
    return /[\p{L}\p{N}]/u.test(char) ? 'more text' : `"${printable(char)}"`;
  }

  private fault(message: string, offset = this.at): TomlFault {
    return new TomlFault(offset, message);
  }
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', e: '\u001b' };

/** The name that a quoted key stands for. */
function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith("'")) return inner;
  return inner.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))/g, (_, u, U, x, char: string | undefined) => {
    if (char !== undefined) return ESCAPES[char] ?? char;
    const code = Number.parseInt(u ?? U ?? x, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  });
}
