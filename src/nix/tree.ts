import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';
import { NixCode, nixPath } from './quote.ts';

/**
 * Where the pushed tree lies, seen from the expression: `beside` it in a directory `source` (rendered at a push), or all
 * `around` it (an ejected hop3.nix at the top of the tree).
 */
export type TreePlace = 'beside' | 'around';

/**
 * All of the tree as a source for a derivation. An ejected hop3.nix leaves itself out, so that both forms have one store
 * path; and .git, which no pushed tree has but a working tree does.
 */
export function wholeTree(place: TreePlace, name = 'source'): NixCode {
  if (place === 'beside') return new NixCode(`builtins.path { name = "${name}"; path = ./source; }`);
  return new NixCode(`builtins.path { name = "${name}"; path = ./.; filter = path: type: !(builtins.elem path [ (toString ./.git) (toString ./hop3.nix) ]); }`);
}

/**
 * One file or directory of the tree as a source of its own, so that a change elsewhere in the tree builds nothing anew. In the
 * store it is called `name`, since its own name may hold characters that the store does not allow.
 */
export function treeFile(place: TreePlace, path: string, name = 'file'): NixCode {
  if (path.split('/').every((part) => part === '.')) return wholeTree(place, name);
  const from = nixPath(place === 'beside' ? `./source/${path}` : `./${path}`);
  return new NixCode(`builtins.path { name = "${name}"; path = ${from.text}; }`);
}

/**
 * A path that must be relative and stay inside the tree.
 * @throws Hop3Error HOP3_TEMPLATE_FIELD naming the key
 */
export function checkTreePath(key: string, path: string): string {
  if (/^[^/\0\n]/.test(path) && !path.split('/').some((part) => part === '..' || part === '')) return path;
  throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
    what: `[nix] ${key}: "${printable(path)}" is not the path of a file of this tree.`,
    next: `Paths are relative to the top of the tree, for example: ${key} = "config/app.conf"`,
  });
}
