import type { Fields } from './fields.ts';
import type { Piece } from './live-text.ts';
import type { NixCode } from './quote.ts';
import { shellQuote } from './quote.ts';
import { checkVariable } from './fields.ts';

/**
 * Shell text that copies a package's tree into the data directory, for applications that write beside their own files.
 * HOME_DIR names the copy. A package that changed is copied over it: files of the package are replaced, files that the
 * application made there stay.
 */
export function writableHome(fields: Fields, app: string, tree: NixCode): Piece[] {
  if (!fields.flag('writable-home-at-runtime')) return [];
  const variable = fields.text('writable-home-env-var', '"KC_HOME_DIR"');
  if (variable !== null) checkVariable('writable-home-env-var', variable);
  const home = shellQuote(`.${app}-home`);
  return [
    `HOME_DIR="$PWD"/${home}\nhop3_tree="`, tree, `"\n`,
    [
      `if [ "$(cat "$HOME_DIR/.hop3-ready" 2>/dev/null || true)" != "$hop3_tree" ]; then`,
      `  mkdir -p "$HOME_DIR"`,
      `  if [ -f "$HOME_DIR/.hop3-files" ]; then`,
      `    (cd "$HOME_DIR" && while IFS= read -r hop3_file; do rm -f -- "$hop3_file"; done < .hop3-files)`,
      `  fi`,
      `  (cd "$hop3_tree" && find . ! -type d) > "$HOME_DIR/.hop3-files"`,
      `  cp -rL --no-preserve=ownership "$hop3_tree/." "$HOME_DIR"`,
      `  chmod -R u+w "$HOME_DIR"`,
      `  printf '%s\\n' "$hop3_tree" > "$HOME_DIR/.hop3-ready"`,
      `fi`,
      ...(variable === null ? [] : [`export ${variable}="$HOME_DIR"`]),
    ].join('\n'),
  ];
}
