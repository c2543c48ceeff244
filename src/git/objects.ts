import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hop3Error } from '../errors.ts';
import { isOid, isZeroOid, shortOid, type Oid } from '../names.ts';
import { failure, run, runOk } from '../run.ts';
import { git } from './command.ts';
import { isNearAncestor } from './read-commit.ts';
import { readRef } from './read-ref.ts';

/** Seconds for a walk over a history, or a tree written to disk. */
const LONG = 600;
/** Bytes of `git ls-tree` output: MOST_FILES with 250 bytes each. */
const LONGEST_LIST = 64 * 1024 * 1024;
/** Files in a tree, three times those of the Linux kernel. Trees in trees can name more than any machine could list, in a push of a kilobyte. */
const MOST_FILES = 250_000;

/** One file, symlink or submodule of a tree. */
export interface TreeEntry {
  /** As git writes it: 100644, 100755, 120000 (symlink), 160000 (submodule). */
  readonly mode: string;
  readonly oid: Oid;
  /** Bytes; null for what has none. */
  readonly size: number | null;
  /** The bytes of the name, which need not be UTF-8. */
  readonly path: Buffer;
}

const TYPES = ['commit', 'tag', 'tree', 'blob'] as const;

export interface GitObject {
  readonly oid: Oid;
  readonly type: (typeof TYPES)[number];
}

/** What names (a ref, an object id, `<id>^{commit}`, `<id>^{tree}`) lead to, in one process; null for one that leads nowhere. */
export async function lookUp<const Names extends readonly string[]>(repo: string, names: Names): Promise<{ [Name in keyof Names]: GitObject | null }> {
  const command = git(repo, ['cat-file', '--batch-check=%(objectname) %(objecttype)']);
  const lines = (await runOk({ ...command, input: names.map((name) => `${name}\n`).join('') })).split('\n');
  return names.map((_, index) => parseObject(lines[index] ?? '')) as { [Name in keyof Names]: GitObject | null };
}

/** Whether `ancestor` is the commit itself or lies in its history. False when the repository does not have one of the two. */
export async function isAncestor(repo: string, ancestor: Oid, commit: Oid): Promise<boolean> {
  const known = isShallow(repo) ? null : isNearAncestor(repo, ancestor, commit);
  if (known !== null) return known;
  const command = git(repo, ['merge-base', '--is-ancestor', ancestor, commit], { limit: LONG });
  const finished = await run(command);
  if (finished.timedOut) throw failure(command, finished);
  return finished.code === 0;
}

/**
 * Sets a ref. `old` is what it must name now: null for "it must not exist yet", left out for "whatever it names".
 * @throws Hop3Error HOP3_STALE_PUSH when it names something else
 */
export async function updateRef(repo: string, ref: string, commit: Oid, old?: Oid | null): Promise<void> {
  await moveRef(repo, ref, old, ['update-ref', '-m', 'hop3', ref, commit, ...expected(old, commit)]);
}

/** @throws Hop3Error HOP3_STALE_PUSH when the ref names something else than `old` */
export async function deleteRef(repo: string, ref: string, old?: Oid): Promise<void> {
  await moveRef(repo, ref, old, ['update-ref', '-m', 'hop3', '-d', ref, ...(old === undefined ? [] : [old])]);
}

/**
 * Whether a push may go on although the ref is not what it was when the push began: the ref moved forward, and the push builds on that. It
 * takes nothing away, and begun a moment later it would be no question.
 */
export async function buildsOn(repo: string, push: { readonly old: Oid | null; readonly commit: Oid }, now: Oid | null): Promise<boolean> {
  if (now === null) return false;
  return (push.old === null || (await isAncestor(repo, push.old, now))) && isAncestor(repo, now, push.commit);
}

/** The error for a push that began before the ref became what it is now. */
export function stalePush(ref: string, now: Oid | null): Hop3Error {
  return new Hop3Error('HOP3_STALE_PUSH', {
    what: `${ref.replace(/^refs\/heads\//, '')} has moved to ${now === null ? 'nothing' : shortOid(now)} since this push began.`,
    why: 'Someone else pushed in the meantime.',
    next: 'git fetch hop3, look at what changed, and push again.',
  });
}

/**
 * Whether the repository holds the commit's history down to something a ref already names. A push from a shallow clone
 * brings commits without their parents: rev-list then ends with 128.
 */
export async function hasWholeHistory(repo: string, commit: Oid): Promise<boolean> {
  const command = git(repo, ['rev-list', '--quiet', commit, '--not', '--all'], { limit: LONG });
  const finished = await run(command);
  if (finished.timedOut) throw failure(command, finished);
  return finished.code === 0;
}

/** Whether the repository itself lacks parents of a commit that was pushed from a shallow clone. */
export function isShallow(repo: string): boolean {
  return existsSync(join(repo, 'shallow'));
}

/** All branches and what they name. */
export async function branches(repo: string): Promise<Map<string, Oid>> {
  const lines = (await runOk(git(repo, ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads']))).split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => {
    const [oid = '', ref = ''] = line.split(' ');
    return [ref.replace(/^refs\/heads\//, ''), oid as Oid];
  }));
}

/** Makes HEAD name a branch, so that a clone of the repository checks that one out. */
export async function setHead(repo: string, branch: string): Promise<void> {
  if (headBranch(repo) !== branch) await runOk(git(repo, ['symbolic-ref', 'HEAD', `refs/heads/${branch}`]));
}

/** The branch that HEAD names, whether it exists or not; null for a HEAD that names a commit. */
export function headBranch(repo: string): string | null {
  return /^ref: refs\/heads\/(.+)\n$/.exec(readFileSync(join(repo, 'HEAD'), 'utf8'))?.[1] ?? null;
}

/**
 * Everything below a tree, directories left out.
 * @throws Hop3Error HOP3_TREE_SIZE for more than MOST_FILES
 */
export async function listTree(repo: string, tree: Oid): Promise<TreeEntry[]> {
  // Not -z: quoted names are ASCII, so they survive being read as text whatever their bytes are.
  const command = git(repo, ['-c', 'core.quotePath=true', 'ls-tree', '-r', '-l', '--full-tree', tree], { limit: LONG });
  const stop = new AbortController();
  let files = 0;
  const finished = await run(command, {
    keepStdout: LONGEST_LIST, signal: stop.signal,
    onLine: () => {
      files += 1;
      if (files > MOST_FILES) stop.abort();
    },
  });
  if (files > MOST_FILES) {
    throw new Hop3Error('HOP3_TREE_SIZE', { what: `The tree has more than ${MOST_FILES} files.`, next: 'Was the right directory committed? Keep what is not source out of the repository.' });
  }
  if (finished.code !== 0 || finished.timedOut) throw failure(command, finished);
  return finished.stdout.split('\n').filter((line) => line !== '').map(parseEntry);
}

/**
 * Writes a tree's files into a directory as a checkout does (attributes apply, hooks do not run). `index` is a file that does not
 * exist yet, or the one of an earlier checkout into the same directory: then only those files are written that changed in the
 * tree, or that are no longer as git left them (size, times, inode).
 */
export async function checkoutTree(repo: string, tree: Oid, dir: string, index: string, signal?: AbortSignal): Promise<void> {
  const command = git(repo, [`--work-tree=${dir}`, '-c', 'core.bare=false', '-c', 'core.hooksPath=/dev/null', 'read-tree', '--reset', '-u', tree], { limit: LONG, env: { GIT_INDEX_FILE: index } });
  await runOk({ ...command, cwd: dir }, { signal });
}

/** `<object id> <type>`, or `<name> missing`. */
function parseObject(line: string): GitObject | null {
  const [oid = '', word] = line.split(' ');
  const type = TYPES.find((name) => name === word);
  return type && isOid(oid) ? { oid, type } : null;
}

function parseEntry(line: string): TreeEntry {
  const match = /^(\d{6}) \w+ ([0-9a-f]+) +(-|\d+)\t(.+)$/.exec(line);
  if (!match) throw new TypeError(`git ls-tree printed a line that is none of its own: ${line.slice(0, 100)}`);
  return { mode: match[1]!, oid: match[2] as Oid, size: match[3] === '-' ? null : Number(match[3]), path: unquote(match[4]!) };
}

const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, '\\': 92 };

/** Git's quoting of a file name: in double quotes, C escapes, bytes above 127 in octal. */
function unquote(text: string): Buffer {
  if (!text.startsWith('"')) return Buffer.from(text, 'utf8');
  const bytes: number[] = [];
  for (const part of text.slice(1, -1).matchAll(/\\([0-7]{3})|\\(.)|([^\\])/gs)) {
    if (part[1] !== undefined) bytes.push(parseInt(part[1], 8));
    else if (part[2] !== undefined) bytes.push(ESCAPES[part[2]]!);
    else bytes.push(part[3]!.charCodeAt(0));
  }
  return Buffer.from(bytes);
}

function expected(old: Oid | null | undefined, like: Oid): string[] {
  if (old === undefined) return [];
  return [old ?? '0'.repeat(like.length)];
}

async function moveRef(repo: string, ref: string, old: Oid | null | undefined, args: readonly string[]): Promise<void> {
  const command = git(repo, args);
  const finished = await run(command);
  if (finished.code === 0) return;
  const now = readRef(repo, ref);
  if (old === undefined || now === old || (old !== null && isZeroOid(old))) throw failure(command, finished);
  throw stalePush(ref, now);
}
