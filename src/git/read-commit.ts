import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isOid, type Oid } from '../names.ts';
import { commitAt, offsetIn } from './pack-file.ts';

/** Bytes of a commit that is read here; larger ones are git's business. */
const LARGEST = 64 * 1024;
/**
 * Commits of a history that are read one by one: each may be looked for in all of up to 50 packs, while nothing else is done. A longer way is
 * git's business.
 */
const FARTHEST = 12;

export interface Commit {
  readonly tree: Oid;
  readonly parents: readonly Oid[];
}

/**
 * A commit from the pack that its push left: no process is started, which takes git 4 ms and the server 1 to 3. Null for everything else,
 * about which git must be asked: loose objects, other types, what is stored as a difference, what is damaged.
 */
export function readCommit(repo: string, oid: Oid): Commit | null {
  return commitIn(packsOf(repo), oid);
}

/**
 * Whether `ancestor` is the commit itself or lies in its history. Null when that cannot be told from single commits: git must be asked. The
 * repository must have whole histories (no `shallow` file).
 */
export function isNearAncestor(repo: string, ancestor: Oid, commit: Oid): boolean | null {
  const packs = packsOf(repo);
  const seen = new Set<Oid>([commit]);
  for (const next of seen) {
    if (next === ancestor) return true;
    const read = seen.size <= FARTHEST ? commitIn(packs, next) : null;
    if (read === null) return null;
    for (const parent of read.parents) seen.add(parent);
  }
  return false;
}

/** Without `.idx` and `.pack`. */
function packsOf(repo: string): readonly string[] {
  const dir = join(repo, 'objects', 'pack');
  try {
    return readdirSync(dir).filter((name) => name.endsWith('.idx')).map((name) => join(dir, name.slice(0, -'.idx'.length)));
  } catch {
    return [];
  }
}

function commitIn(packs: readonly string[], oid: Oid): Commit | null {
  try {
    for (const pack of packs) {
      const offset = offsetIn(`${pack}.idx`, oid);
      if (offset !== null) return parsed(commitAt(`${pack}.pack`, offset, LARGEST), oid);
    }
  } catch {
    // A pack that git has just put into another one, or that is damaged.
  }
  return null;
}

function parsed(text: Buffer | null, oid: Oid): Commit | null {
  if (text === null) return null;
  const hash = createHash(oid.length === 40 ? 'sha1' : 'sha256').update(`commit ${text.length}\0`).update(text);
  if (hash.digest('hex') !== oid) return null;
  const [header = ''] = text.toString('latin1').split('\n\n', 1);
  const [tree, ...parents] = header.split('\n').flatMap((line) => /^(?:tree|parent) ([0-9a-f]+)$/.exec(line)?.[1] ?? []);
  return tree !== undefined && [tree, ...parents].every(isOid) ? { tree: tree as Oid, parents: parents as Oid[] } : null;
}
