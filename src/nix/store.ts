import { lstat, unlink } from 'node:fs/promises';
import type { StorePath } from '../names.ts';
import { failure, run, runOk } from '../run.ts';
import { nixEnv } from './nix-command.ts';
import { nixDaemonError } from './nix-failure.ts';

/** Seconds a look-up in the store's database may take. */
const LOOK_UP = 60;

/**
 * The store paths that a path needs at run time, itself included.
 * @throws Hop3Error HOP3_COMMAND_FAILED for a path that is not valid
 */
export async function closureOf(storePath: StorePath): Promise<readonly string[]> {
  const stdout = await runOk({ file: 'nix-store', args: ['-qR', storePath], limit: LOOK_UP, env: nixEnv() }, { keepStdout: 16 * 1024 * 1024 });
  return stdout.split('\n').filter((line) => line !== '');
}

/**
 * Whether the store has the path and knows it as complete. About 20 ms.
 * @throws Hop3Error HOP3_NIX_DAEMON, HOP3_TIMEOUT or HOP3_COMMAND_FAILED when nix could not tell
 */
export async function isValidPath(storePath: StorePath): Promise<boolean> {
  const command = { file: 'nix-store', args: ['--check-validity', storePath], limit: LOOK_UP, env: nixEnv() };
  const finished = await run(command, { keepStdout: 0 });
  if (finished.code === 0) return true;
  if (finished.tail.some((line) => line.includes('is not valid'))) return false;
  throw nixDaemonError(finished.tail) ?? failure(command, finished);
}

/** Keeps the path from garbage collection for as long as the symlink `link` stands there. */
export async function addRoot(link: string, storePath: StorePath): Promise<void> {
  await runOk({ file: 'nix-store', args: ['--realise', storePath, '--add-root', link], limit: LOOK_UP, env: nixEnv() });
}

/** Gives the path up to garbage collection. Nothing happens when the link is gone already. */
export async function removeRoot(link: string): Promise<void> {
  const stat = await lstat(link).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (stat === null) return;
  if (!stat.isSymbolicLink()) throw new TypeError(`not a GC root: ${link}`);
  await unlink(link);
}
