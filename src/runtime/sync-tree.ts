import { closeSync, fsync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const sync = promisify(fsync);
/** Files that are open at once. */
const AT_ONCE = 64;

/** Writes a directory with all its files to the disk. Pipes and symlinks in it are left alone. */
export async function syncTree(dir: string): Promise<void> {
  const paths = pathsOf(dir);
  for (let at = 0; at < paths.length; at += AT_ONCE) await Promise.all(paths.slice(at, at + AT_ONCE).map(syncPath));
}

/** Writes one file, or a directory's own entries, to the disk. Only the writing is waited for: a thread for each step took longer than the steps. */
export async function syncPath(path: string): Promise<void> {
  const fd = openSync(path, 'r');
  try {
    await sync(fd);
  } finally {
    closeSync(fd);
  }
}

function pathsOf(dir: string): string[] {
  const below = readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    // s6 keeps its own state there, which it makes anew.
    if (entry.isDirectory()) return entry.name === 'supervise' || entry.name === 'event' ? [] : pathsOf(path);
    return entry.isFile() ? [path] : [];
  });
  return [...below, dir];
}
