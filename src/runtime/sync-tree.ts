import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes a directory with all its files to the disk. Pipes and symlinks in it are left alone. */
export async function syncTree(dir: string): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true });
  await Promise.all(
    entries.map(async (entry) => {
      const path = join(dir, entry.name);
      // s6 keeps its own state there, which it makes anew.
      if (entry.isDirectory() && entry.name !== 'supervise' && entry.name !== 'event') await syncTree(path);
      else if (entry.isFile()) await syncPath(path);
    }),
  );
  await syncPath(dir);
}

/** Writes one file, or a directory's own entries, to the disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
