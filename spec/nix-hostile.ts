/** Texts that break naive quoting in Nix, sh or JSON. */
export const HOSTILE: readonly string[] = [
  '', ' ', 'plain', 'two words', '"', "'", "''", "'''", "''${x}", '${x}', '$${x}', '$', '$$', 'a$', '\\', '\\\\', '\\n', '\\${x}', '\\"',
  '$(id)', '`id`', '$HOME', '${HOME}', '#', '# comment', '; rm -rf /', '&& x', '*', '~', '{{hole}}', '{{{raw}}}', '}', '${', '"; in abort "x',
  'line\nline', 'trailing\n', '\n', 'tab\there', 'cr\rhere', 'crlf\r\nhere', 'em — dash', 'emoji 🎉', '日本語', '\u2028', '\u0001\u001b[31m', '\u007f',
  '/*', '*/', '//', '<nixpkgs>', 'EOF', '-n', '--', '!x', '%s', 'x=1', "it's \"q\" ${a} $b `c` \\ \n end",
];

/** The same characters in random order, from a fixed seed. */
export function randomHostile(count: number): string[] {
  const parts = ['"', "'", "''", '\\', '$', '{', '}', '${', '\n', '\r', '\t', '`', 'a', ' ', '—', '🎉', '#', '$$', '\\n'];
  let seed = 12_345;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  return Array.from({ length: count }, () => Array.from({ length: random(12) }, () => parts[random(parts.length)]!).join(''));
}
