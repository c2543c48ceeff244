import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isOid, type Oid } from '../names.ts';

/**
 * What a branch or tag names, read from the repository's own files: no process is started. Null when there is no such ref. Every
 * repository here has git's files format (src/git/repo.ts writes repositoryformatversion 0).
 * @param ref a full, checked name: refs/heads/main
 */
export function readRef(repo: string, ref: string): Oid | null {
  // In this order, as git itself: whoever packs refs writes packed-refs first and removes the single file then.
  const loose = textOf(join(repo, ref))?.trim();
  if (loose !== undefined && isOid(loose)) return loose;
  for (const line of textOf(join(repo, 'packed-refs'))?.split('\n') ?? []) {
    const [oid = '', name] = line.split(' ');
    if (name === ref && isOid(oid)) return oid;
  }
  return null;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A directory: other refs begin with this name.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  }
}
