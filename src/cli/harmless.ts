/** Control characters but tab, and what turns the direction of the text around: a line could be made to read as another. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const UNSEEN = /\u001b\[[\d;:]*m|[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * A line of a stranger's program as it may be printed. A terminal obeys escape sequences: they set its title, write over earlier lines,
 * and have made some run a command. Colours pass where they are wanted, and end with the line; elsewhere they are left
 * out. Everything else is shown as its code. Also when the output is no terminal: what `grep` finds goes to one.
 */
export function harmless(text: string, colours: boolean): string {
  let coloured = false;
  const shown = text.replace(UNSEEN, (found) => {
    if (found.length > 1) {
      coloured = colours;
      return colours ? found : '';
    }
    const code = found.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return coloured ? `${shown}\u001b[0m` : shown;
}
