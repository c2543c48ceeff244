import type { Fields } from './fields.ts';
import { NixCode, nixString, shellQuote } from './quote.ts';
import { checkTreePath, treeFile, type TreePlace } from './tree.ts';

/**
 * `install-files`: files of the pushed tree that are copied into an output, each taken alone so that a change elsewhere in
 * the tree builds nothing anew. Gives builder's shell lines as Nix strings.
 * @param target directory below $out, without a slash at either end
 * @throws Hop3Error HOP3_TEMPLATE_FIELD for a path that leaves the tree
 */
export function installFiles(fields: Fields, target: string, tree: TreePlace): NixCode[] {
  return fields.list('install-files', '["config/app.conf"]').map((file) => {
    const copy = treeFile(tree, checkTreePath('install-files', file));
    const word = (text: string) => nixString(shellQuote(text)).text.slice(1, -1);
    const to = `${target}/${file}`;
    return new NixCode(`"mkdir -p \\"$out\\"/${word(to.slice(0, to.lastIndexOf('/')))} && cp -rT \${${copy.text}} \\"$out\\"/${word(to)}"`);
  });
}
