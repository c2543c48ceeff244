import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';

/** Bytes of a ref's name; the file system allows 255 for each part anyway. */
const LONGEST_REF = 255;

/** git's own rules for full ref names (git-check-ref-format), so that a name is safe as an argument, a path and a log line. */
export function isRefName(ref: string): boolean {
  const parts = ref.split('/');
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  const forbidden = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{/.test(ref);
  const badPart = parts.some((part) => part === '' || part.startsWith('.') || part.endsWith('.') || part.endsWith('.lock'));
  return parts.length >= 3 && parts[0] === 'refs' && !forbidden && !badPart && Buffer.byteLength(ref) <= LONGEST_REF;
}

/** What `git branch` takes for something else than a name. */
const NO_BRANCH = /^-|^(?:HEAD|@)$|^refs\//;

/**
 * Checks the name of a branch, without refs/heads/.
 * @throws Hop3Error HOP3_BRANCH_NAME
 */
export function parseBranchName(text: string): string {
  // Names are shown in tables and logs, so what could repaint a terminal is refused beyond git's rules.
  if (isRefName(`refs/heads/${text}`) && !NO_BRANCH.test(text) && printable(text) === text) return text;
  const alone = /^refs\/heads\/(.+)$/.exec(text)?.[1];
  throw new Hop3Error('HOP3_BRANCH_NAME', {
    what: `"${printable(text)}" cannot be the name of a branch.`,
    why: 'A name has no spaces, none of ~ ^ : ? * [ \\ and no .. or @{ in it, does not begin with - or refs/, and no part of it begins with a dot or ends with one or with .lock.',
    next: alone === undefined ? 'Nothing was changed. For example: hop3 app set-branch release/2' : `Nothing was changed. Say the branch alone: hop3 app set-branch ${printable(alone)}`,
  });
}
