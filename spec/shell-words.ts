/**
 * The words of a shell script with their quotes taken off; expansions stay as they are written, and the words of a command in
 * `$(...)` are words too. Written apart from the project's own quoting, to judge it. Here-documents are not known.
 */
export function shellWords(script: string): string[] {
  const words: string[] = [];
  readCommand(script, 0, words, false);
  return words;
}

/** Reads words up to the end, or to the `)` that closes a command substitution; gives the index behind it. */
function readCommand(script: string, from: number, words: string[], inside: boolean): number {
  let word: string | null = null;
  let depth = 0;
  const end = () => {
    if (word !== null) words.push(word);
    word = null;
  };
  let at = from;
  while (at < script.length) {
    const char = script[at]!;
    if (inside && char === ')' && depth === 0) break;
    if (script.startsWith('$(', at)) {
      at = readCommand(script, at + 2, words, true);
      word = `${word ?? ''}$()`;
    } else if (/[\s;&|<>()]/.test(char)) {
      end();
      depth += char === '(' ? 1 : char === ')' && inside ? -1 : 0;
      at += 1;
    } else if (char === '#' && word === null) {
      at = endOf(script, '\n', at);
    } else if (char === "'") {
      const close = endOf(script, "'", at + 1);
      word = (word ?? '') + script.slice(at + 1, close);
      at = close + 1;
    } else if (char === '"') {
      const [text, close] = readDoubleQuotes(script, at + 1, words);
      word = (word ?? '') + text;
      at = close + 1;
    } else {
      if (char === '\\') at += 1;
      word = (word ?? '') + (script[at] ?? '');
      at += 1;
    }
  }
  end();
  return at + 1;
}

function readDoubleQuotes(script: string, from: number, words: string[]): [string, number] {
  let text = '';
  let at = from;
  while (at < script.length && script[at] !== '"') {
    if (script.startsWith('$(', at)) {
      at = readCommand(script, at + 2, words, true);
      text += '$()';
      continue;
    }
    if (script[at] === '\\' && /[\\"$`\n]/.test(script[at + 1] ?? '')) at += 1;
    text += script[at]!;
    at += 1;
  }
  return [text, at];
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at;
}
