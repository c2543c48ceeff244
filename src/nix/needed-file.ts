import { NixCode, nixPath, nixString } from './quote.ts';
import { checkTreePath, treeFile, type TreePlace } from './tree.ts';

/** A file that a template cannot do without. */
export interface NeededFile {
  /** Where hop3.toml names it, for a path that leaves the tree. */
  readonly key: string;
  /** Relative to the top of the tree. */
  readonly path: string;
  /** What makes it, as a sentence: nix says it where the tree has no such file. */
  readonly help: string;
}

/**
 * A file of the tree under `name` in the store. Only nix sees the tree, so a missing file is told by the expression itself.
 * @throws Hop3Error HOP3_TEMPLATE_FIELD for a path that leaves the tree
 */
export function neededFile(place: TreePlace, file: NeededFile, name: string): NixCode {
  return orHelp(place, file, treeFile(place, checkTreePath(file.key, file.path), name));
}

/** The same file as a Nix path value, for functions that read it while they are evaluated. */
export function neededPath(place: TreePlace, file: NeededFile): NixCode {
  return orHelp(place, file, inTree(place, checkTreePath(file.key, file.path)));
}

/** A file of the tree as a Nix path value, whether it is there or not. */
export function inTree(place: TreePlace, path: string): NixCode {
  return nixPath(place === 'beside' ? `./source/${path}` : `./${path}`);
}

function orHelp(place: TreePlace, { path, help }: NeededFile, code: NixCode): NixCode {
  const missing = nixString(`The pushed tree has no ${path}. ${help}`);
  return new NixCode(`if builtins.pathExists ${inTree(place, path).text} then ${code.text} else throw ${missing.text}`);
}
