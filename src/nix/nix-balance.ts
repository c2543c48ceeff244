import { indentedStringEnd, stringEnd } from './live-text.ts';

const CLOSED_BY: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/**
 * Whether every bracket, quote and comment of a Nix text is closed in it, so that nothing of it reaches into what stands
 * around it. Says nothing about the rest of its grammar, which is Nix' own to judge.
 */
export function isBalanced(text: string): boolean {
  const open: string[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    const end = skipped(text, at);
    if (end === null) return false;
    if (end > at) at = end;
    else if (Object.hasOwn(CLOSED_BY, char)) open.push(CLOSED_BY[char]!);
    else if (/[)\]}]/.test(char) && open.pop() !== char) return false;
  }
  return open.length === 0;
}

/** Index of the last character of the string, comment or name that begins at `at`; `at` where none does, null without an end. */
function skipped(text: string, at: number): number | null {
  if (text[at] === '"') return stringEnd(text, at + 1);
  if (text.startsWith("''", at)) return indentedStringEnd(text, at + 2);
  if (text.startsWith('/*', at)) {
    const end = text.indexOf('*/', at + 2);
    return end < 0 ? null : end + 1;
  }
  if (text[at] === '#') {
    const end = text.indexOf('\n', at);
    return end < 0 ? text.length : end;
  }
  // foldl' and the like: the quote belongs to the name.
  const name = /^[A-Za-z_][A-Za-z0-9_'-]*/.exec(text.slice(at, at + 200));
  return name === null ? at : at + name[0].length - 1;
}
