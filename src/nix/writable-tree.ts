import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INSTALL_DIR } from '../paths.ts';
import type { Piece } from './live-text.ts';

/**
 * Shell text for the start script that brings a read-only tree to a directory where the application may write, and changes
 * there only what a new release changed: nix-templates/parts/writable-tree.sh says how.
 * @param tree shell text for inside double quotes: the tree's own path, which is another one when its content is
 * @param home one word of shell text: an absolute path
 * @param links `keep` copies symbolic links as they are, `follow` what they lead to
 */
export function writableTree(tree: readonly Piece[], home: string, links: 'keep' | 'follow'): Piece[] {
  return [`hop3_home=${home}\nhop3_follow=${links === 'follow' ? '-L' : '-P'}\nhop3_tree="`, ...tree, `"\n${shellText()}`];
}

let text: string | null = null;

/** The comments at the file's top are for its readers alone. */
function shellText(): string {
  text ??= readFileSync(join(INSTALL_DIR, 'nix-templates', 'parts', 'writable-tree.sh'), 'utf8').replace(/^(?:#.*\n)+/, '').trimEnd();
  return text;
}
