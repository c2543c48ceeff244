/** One word for /bin/sh, whatever it holds. */
export function shellWord(text: string): string {
  if (text.includes('\0')) throw new TypeError('a shell word cannot hold a NUL');
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
