/**
 * ":3:12" (line and column) for the place at which a text stops being JSON. JSON.parse of Node 20 names no position for
 * a wrong token, which is the commonest mistake.
 */
export function describePosition(text: string): string {
  const before = text.slice(0, new JsonScanner(text).firstError()).split('\n');
  return `:${before.length}:${before.at(-1)!.length + 1}`;
}

const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/** Walks over JSON with a stack of its own, since a hostile text may nest deeper than calls can. */
class JsonScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  firstError(): number {
    const open: ('{' | '[')[] = [];
    let expected: 'value' | 'value or ]' | 'name' | 'name or }' | 'end' = 'value';
    for (;;) {
      this.#take(SPACE);
      const char = this.#text[this.#at] ?? '';
      if (expected === 'end') {
        const inner = open.at(-1);
        if (inner === undefined) return this.#at;
        if (char === ',') expected = inner === '{' ? 'name' : 'value';
        else if (char === (inner === '{' ? '}' : ']')) open.pop();
        else return this.#at;
        this.#at += 1;
      } else if (expected === 'name' || expected === 'name or }') {
        if (expected === 'name or }' && char === '}') {
          open.pop();
          expected = 'end';
          this.#at += 1;
          continue;
        }
        if (!this.#take(STRING)) return this.#at;
        this.#take(SPACE);
        if (this.#text[this.#at] !== ':') return this.#at;
        this.#at += 1;
        expected = 'value';
      } else if (char === '{' || char === '[') {
        open.push(char);
        expected = char === '{' ? 'name or }' : 'value or ]';
        this.#at += 1;
      } else if (expected === 'value or ]' && char === ']') {
        open.pop();
        expected = 'end';
        this.#at += 1;
      } else {
        if (!this.#take(STRING) && !this.#take(NUMBER) && !this.#take(WORD)) return this.#at;
        expected = 'end';
      }
    }
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (!match) return false;
    this.#at += match[0].length;
    return true;
  }
}
