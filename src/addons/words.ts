import { Hop3Error } from '../errors.ts';

/**
 * Words of a command line as redis-cli reads them: apart by spaces, with '...' and "..." around what holds some.
 * @throws Hop3Error HOP3_ADDON_QUERY for a quote that is not closed
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at]!)) {
      at += 1;
      continue;
    }
    let word = '';
    while (at < text.length && !/\s/.test(text[at]!)) {
      const quote = text[at]!;
      if (quote !== '"' && quote !== "'") {
        word += quote;
        at += 1;
        continue;
      }
      const end = text.indexOf(quote, at + 1);
      if (end < 0) throw new Hop3Error('HOP3_ADDON_QUERY', { what: `The quote at character ${at + 1} is not closed.` });
      word += text.slice(at + 1, end);
      at = end + 1;
    }
    words.push(word);
  }
  return words;
}
