import { checkVariable, type Fields } from './fields.ts';
import type { Piece } from './live-text.ts';
import { shellQuote, type NixCode } from './quote.ts';
import { writableTree } from './writable-tree.ts';

/**
 * Shell text that copies a package's tree into the data directory, for applications that write beside their own files
 * (`writable-home-at-runtime`). HOME_DIR names the copy. Links are followed: what a package links to is to be writable, too.
 */
export function writableHome(fields: Fields, app: string, tree: NixCode): Piece[] {
  if (!fields.flag('writable-home-at-runtime')) return [];
  const variable = fields.text('writable-home-env-var', '"KC_HOME_DIR"');
  if (variable !== null) checkVariable('writable-home-env-var', variable);
  return [
    `HOME_DIR="$PWD"/${shellQuote(`.${app}-home`)}\n`,
    ...writableTree([tree], '"$HOME_DIR"', 'follow'),
    ...(variable === null ? [] : [`\nexport ${variable}="$HOME_DIR"`]),
  ];
}
