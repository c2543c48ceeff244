/** Texts that break naive quoting in Nix, sh, TOML, ini files or JSON. */
export const HOSTILE: readonly string[] = [
  '', ' ', 'plain', 'two words', '"', "'", "''", "'''", "''${x}", '${x}', '$${x}', '$', '$$', 'a$', '\\', '\\\\', '\\n', '\\${x}', '\\"',
  '$(id)', '`id`', '$HOME', '${HOME}', '#', '# comment', '; rm -rf /', '&& x', '*', '~', '{{hole}}', '{{{raw}}}', '{{>head}}', '}', '${', '"; in abort "x',
  'line\nline', 'trailing\n', '\n', 'tab\there', 'cr\rhere', 'crlf\r\nhere', 'em — dash', 'emoji 🎉', '日本語', '\u2028', '\u0001\u001b[31m', '\u007f',
  '/*', '*/', '//', '<nixpkgs>', 'EOF', '\nEOF\n', '\nHOP3_END\n', ']]', '[[nix.x]]', '"""', '-n', '--', '!x', '%s', 'x=1', ')', '1); pkgs = (2', '1; pkgs = 2',
  "it's \"q\" ${a} $b `c` \\ \n end",
];

/** What no file or environment can hold; it is refused wherever it stands. */
export const NUL = 'nul\0here';

/** 100 kB of everything above. */
export function longHostile(): string {
  const all = HOSTILE.filter((text) => !/\$\{|\$\(|`/.test(text)).join(' ');
  return all.repeat(Math.ceil(100_000 / all.length)).slice(0, 100_000);
}

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
