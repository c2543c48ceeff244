import { Hop3Error } from '../errors.ts';
import type { TreeEntry } from '../git/objects.ts';
import { printable } from '../names.ts';
import { linksOut, TooManySteps, type TreeLink } from './tree-links.ts';

/** Most problems that are told one by one; a tree with more has one cause. */
const SHOWN = 10;

/**
 * Refuses a tree that cannot become a source directory as it is, before anything is written: submodules (the build
 * would see empty directories), file names that are not UTF-8 (nix and JSON cannot hold them), and what only a tree that was made by hand
 * holds: git's own names, and one name for two things.
 * @throws Hop3Error HOP3_TREE with every path
 */
export function checkEntries(entries: readonly TreeEntry[]): void {
  const problems: string[] = [];
  for (const entry of entries) {
    const text = entry.path.toString('utf8');
    if (!Buffer.from(text, 'utf8').equals(entry.path)) problems.push(`${printable(entry.path.toString('latin1'))}: the name is not UTF-8`);
    else if (entry.mode === '160000') problems.push(`${printable(text)}: a submodule; its files are not part of the push`);
    else if (GITS_OWN.test(text)) problems.push(`${printable(text)}: a name that git keeps for itself`);
  }
  for (const name of namedTwice(entries)) problems.push(`${printable(name)}: the tree holds two things of this name`);
  refuse(problems, 'Commit a submodule\'s files themselves (git subtree, or a plain copy); rename anything else.');
}

/** What git's own checkout refuses as part of a path. */
const GITS_OWN = /(?:^|\/)(?:\.\.?|\.git)(?:\/|$)/i;

/** Names that stand for two entries, or for a file and a directory at once. */
function namedTwice(entries: readonly TreeEntry[]): Set<string> {
  const names = new Set<string>();
  const twice = new Set<string>();
  for (const { path } of entries) {
    const name = path.toString('latin1');
    if (names.has(name)) twice.add(path.toString('utf8'));
    names.add(name);
  }
  for (const { path } of entries) {
    const name = path.toString('latin1');
    for (let slash = name.indexOf('/'); slash !== -1; slash = name.indexOf('/', slash + 1)) {
      if (names.has(name.slice(0, slash))) twice.add(path.toString('utf8', 0, slash));
    }
  }
  return twice;
}

/**
 * Refuses a tree that is larger than a push may be: a gigabyte of zeros travels in a megabyte.
 * @throws Hop3Error HOP3_TREE_SIZE naming the largest file
 */
export function checkSize(entries: readonly TreeEntry[], maxBytes: number): void {
  let total = 0;
  let largest: TreeEntry | null = null;
  for (const entry of entries) {
    total += entry.size ?? 0;
    if ((entry.size ?? 0) > (largest?.size ?? -1)) largest = entry;
  }
  if (total <= maxBytes) return;
  throw new Hop3Error('HOP3_TREE_SIZE', {
    what: `The tree has ${megabytes(total)} MB; ${megabytes(maxBytes)} MB is the most.`,
    why: `The largest file is ${printable(largest!.path.toString('utf8'))} with ${megabytes(largest!.size!)} MB.`,
    next: 'Keep what is not source out of the repository (the build can fetch it by hash), or raise HOP3_MAX_PUSH_BYTES on the server.',
  });
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(bytes < 10 * 1024 * 1024 ? 1 : 0);
}

/**
 * Refuses symlinks that lead out of the tree: on the server they would name the server's files.
 * @throws Hop3Error HOP3_TREE
 */
export function checkLinks(links: readonly TreeLink[]): void {
  const problems = followed(links).map((link) => `${printable(link.path)}: a symlink out of the tree, to ${printable(link.target)}`);
  refuse(problems, 'Replace the symlink by the file, or make it relative within the tree.');
}

function followed(links: readonly TreeLink[]): TreeLink[] {
  try {
    return linksOut(links);
  } catch (error) {
    if (!(error instanceof TooManySteps)) throw error;
    throw new Hop3Error('HOP3_TREE', {
      what: `The ${links.length} symlinks lead through more than ${error.steps} directories; where they end was not looked up.`,
      next: 'Replace symlinks by the files.',
    });
  }
}

const LFS_HEAD = 'version https://git-lfs.github.com/spec/v1\n';
/** git-lfs keeps its pointer files below 1024 bytes; real ones have about 130. */
export const LARGEST_LFS_POINTER = 1024;

export function isLfsPointer(head: Buffer): boolean {
  return head.toString('latin1').startsWith(LFS_HEAD);
}

/** @throws Hop3Error HOP3_TREE when any path is named */
export function refuseLfsPointers(paths: readonly string[]): void {
  refuse(
    paths.map((path) => `${printable(path)}: a Git LFS pointer; the file's own bytes are not part of the push`),
    'Take the file out of LFS (git lfs migrate export --include=<path>), or have the build fetch it by hash.',
  );
}

function refuse(problems: readonly string[], remedy: string): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, SHOWN);
  if (problems.length > SHOWN) shown.push(`... and ${problems.length - SHOWN} more`);
  throw new Hop3Error('HOP3_TREE', {
    what: problems.length === 1 ? problems[0]! : `${problems.length} things in the tree cannot be deployed; the first: ${problems[0]}`,
    ...(problems.length === 1 ? {} : { why: shown.join('\n') }),
    next: remedy,
  });
}
