import { lstat, unlink } from 'node:fs/promises';
import type { StorePath } from '../names.ts';
import { failure, run, runOk } from '../run.ts';
import { askDaemon } from './ask-daemon.ts';
import { NoDaemonAnswer, type NixDaemon } from './daemon.ts';
import { nixEnv } from './nix-command.ts';
import { nixDaemonError } from './nix-failure.ts';

/** Seconds a look-up in the store's database may take. */
export const LOOK_UP = 60;

/**
 * The store paths that a path needs at run time, itself included.
 * @param tellSize told the bytes of each, where the daemon says them in passing
 * @throws Hop3Error HOP3_COMMAND_FAILED for a path that is not valid
 */
export async function closureOf(storePath: StorePath, tellSize: (path: string, bytes: number) => void = () => {}): Promise<readonly string[]> {
  const asked = await askDaemon((daemon) => walkClosure(daemon, storePath, tellSize));
  if (asked) return asked;
  const stdout = await runOk({ file: 'nix-store', args: ['-qR', storePath], limit: LOOK_UP, env: nixEnv() }, { keepStdout: 16 * 1024 * 1024 });
  return stdout.split('\n').filter((line) => line !== '');
}

/**
 * Whether the store has the path and knows it as complete. About 5 ms.
 * @throws Hop3Error HOP3_NIX_DAEMON, HOP3_TIMEOUT or HOP3_COMMAND_FAILED when nix could not tell
 */
export async function isValidPath(storePath: StorePath): Promise<boolean> {
  const asked = await askDaemon((daemon) => daemon.infos([storePath]));
  if (asked) return asked[0] !== null;
  const command = { file: 'nix-store', args: ['--check-validity', storePath], limit: LOOK_UP, env: nixEnv() };
  const finished = await run(command, { keepStdout: 0 });
  if (finished.code === 0) return true;
  if (finished.tail.some((line) => line.includes('is not valid'))) return false;
  throw nixDaemonError(finished.tail) ?? failure(command, finished);
}

/** A path and all that it leads to; what is needed comes before what needs it, as in nix-store's answer. */
async function walkClosure(daemon: NixDaemon, storePath: StorePath, tellSize: (path: string, bytes: number) => void): Promise<readonly string[]> {
  const references = new Map<string, readonly string[]>();
  for (let level: readonly string[] = [storePath]; level.length > 0;) {
    const found = await daemon.infos(level);
    if (found.includes(null)) throw new NoDaemonAnswer('a path of the closure is not valid');
    level.forEach((path, index) => {
      references.set(path, found[index]!.references);
      tellSize(path, found[index]!.size);
    });
    level = [...new Set(found.flatMap((info) => info!.references))].filter((path) => !references.has(path));
  }
  const ordered = new Set<string>();
  const entered = new Set<string>();
  const visit = (path: string): void => {
    if (entered.has(path)) return;
    entered.add(path);
    for (const reference of references.get(path)!) visit(reference);
    ordered.add(path);
  };
  visit(storePath);
  return [...ordered];
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

/** Paths in one question: the kernel takes 2 MB of arguments. */
const AT_ONCE = 5000;

/**
 * Bytes of each store path by itself (as a NAR); null for one that the store does not have, or not whole.
 * @throws Hop3Error HOP3_COMMAND_FAILED, HOP3_TIMEOUT when nix could not tell
 */
export async function sizesOf(paths: readonly string[]): Promise<readonly (number | null)[]> {
  const sizes: (number | null)[] = [];
  for (let at = 0; at < paths.length; at += AT_ONCE) sizes.push(...(await someSizes(paths.slice(at, at + AT_ONCE))));
  return sizes;
}

async function someSizes(paths: readonly string[]): Promise<readonly (number | null)[]> {
  const asked = await askDaemon((daemon) => daemon.infos(paths));
  if (asked) return asked.map((info) => info?.size ?? null);
  const printed = await runOk({ file: 'nix-store', args: ['--check-validity', '--print-invalid', ...paths], limit: LOOK_UP, env: nixEnv() });
  const invalid = new Set(printed.split('\n'));
  const valid = paths.filter((path) => !invalid.has(path));
  if (valid.length === 0) return paths.map(() => null);
  const told = (await runOk({ file: 'nix-store', args: ['-q', '--size', ...valid], limit: LOOK_UP, env: nixEnv() })).trim().split('\n').map(Number);
  const bytes = new Map(valid.map((path, index) => [path, told[index]!]));
  return paths.map((path) => bytes.get(path) ?? null);
}
