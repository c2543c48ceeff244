import { lstat, unlink } from 'node:fs/promises';
import { isStorePath, type StorePath } from '../names.ts';
import { failure, run, runOk } from '../run.ts';
import { NixDaemon, NoDaemonAnswer } from './daemon.ts';
import { nixEnv } from './nix-command.ts';
import { nixDaemonError } from './nix-failure.ts';

/** Seconds a look-up in the store's database may take. */
const LOOK_UP = 60;

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

/** Null where the daemon did not answer: then the nix-store program is asked, and says why. */
async function askDaemon<T>(question: (daemon: NixDaemon) => Promise<T>): Promise<T | null> {
  let daemon: NixDaemon | undefined;
  try {
    daemon = await NixDaemon.open();
    return await question(daemon);
  } catch (error) {
    if (error instanceof NoDaemonAnswer) return null;
    throw error;
  } finally {
    daemon?.close();
  }
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

/** Seconds that one deletion may wait: it locks the store, and waits for builds that register what they made. */
const DELETION = 600;

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

/** What a build put into the store besides its output. */
export interface BuildInputs {
  /** Null where nix does not know how the output was made. */
  readonly derivation: string | null;
  /** The sources that the derivation names; those of the derivations that it needs are not among them. */
  readonly sources: readonly string[];
}

export async function inputsOf(storePath: StorePath): Promise<BuildInputs> {
  const derived = await run({ file: 'nix-store', args: ['-q', '--deriver', storePath], limit: LOOK_UP, env: nixEnv() });
  const derivation = derived.stdout.trim();
  if (derived.code !== 0 || !isStorePath(derivation)) return { derivation: null, sources: [] };
  return { derivation, sources: (await related('--references', derivation)).filter((path) => !path.endsWith('.drv')) };
}

/** Deletes one store path where nothing needs it: no root, no running process, and no other path. */
export async function deleteIfDead(path: string): Promise<void> {
  // Asking costs a look into a database; a refused deletion costs a lock on the store and a walk over all roots.
  if ((await related('--referrers', path)).some((referrer) => referrer !== path)) return;
  await run({ file: 'nix-store', args: ['--delete', path], limit: DELETION, env: nixEnv() }, { keepStdout: 64 * 1024 });
}

/** Empty for a path that is not there. */
async function related(how: '--references' | '--referrers', path: string): Promise<string[]> {
  const finished = await run({ file: 'nix-store', args: ['-q', how, path], limit: LOOK_UP, env: nixEnv() });
  return finished.code === 0 ? finished.stdout.split('\n').filter((line) => line !== '') : [];
}

/** Every store path that no root of any user of this machine keeps. */
export async function deadPaths(): Promise<readonly string[]> {
  const stdout = await runOk({ file: 'nix-store', args: ['--gc', '--print-dead'], limit: DELETION, env: nixEnv() }, { keepStdout: 64 * 1024 * 1024 });
  return stdout.split('\n').filter((line) => line.startsWith('/nix/store/'));
}

/** Deletes every dead store path of the machine; no root and no generation of any profile is touched. Bytes that were freed. */
export async function collectDeadPaths(): Promise<number> {
  const command = { file: 'nix-store', args: ['--gc'], limit: 6 * DELETION, env: nixEnv() };
  const finished = await run(command, { keepStdout: 64 * 1024 * 1024 });
  if (finished.code !== 0) throw nixDaemonError(finished.tail) ?? failure(command, finished);
  const [, amount] = /, (\d+(?:\.\d+)?) MiB freed/.exec(finished.tail.join('\n')) ?? [];
  return Math.round(Number(amount ?? 0) * 1024 ** 2);
}
