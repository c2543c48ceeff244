import type { StorePath } from '../names.ts';
import { failure, run, runOk } from '../run.ts';
import { askDaemon } from './ask-daemon.ts';
import { nixEnv } from './nix-command.ts';
import { nixDaemonError } from './nix-failure.ts';
import { LOOK_UP } from './store.ts';

/** Seconds that one deletion may wait: it locks the store, and waits for builds that register what they made. */
const DELETION = 600;
/** Paths in one command: the kernel takes 2 MB of arguments. */
const AT_ONCE = 5000;

/**
 * What builds put into the store besides their outputs: the derivations that made them, and the sources that those name. Sources of
 * derivations that were needed by the way are not among them.
 */
export async function inputsOf(outputs: readonly StorePath[]): Promise<readonly string[]> {
  const asked = await askDaemon(async (daemon) => {
    const derivations = present((await daemon.infos(outputs)).map((info) => info?.deriver));
    return [...derivations, ...(await daemon.infos(derivations)).flatMap((info) => sources(info?.references ?? []))];
  });
  if (asked) return asked;
  const derivations: string[] = [];
  for (const output of outputs) derivations.push(...(await query('--deriver', output)).filter((path) => path !== 'unknown-deriver'));
  const named: string[] = [];
  for (const derivation of derivations) named.push(...sources(await query('--references', derivation)));
  return [...derivations, ...named];
}

const sources = (references: readonly string[]): string[] => references.filter((path) => !path.endsWith('.drv'));
const present = (paths: readonly (string | null | undefined)[]): string[] => paths.filter((path) => typeof path === 'string');

/**
 * Deletes those of the store paths that nothing needs: no root, no running process, and no path that is not among them. At best with one
 * walk of nix over the roots of the machine, and one more for each path that it refuses.
 * @throws Hop3Error HOP3_NIX_DAEMON, HOP3_TIMEOUT when nix could not be asked
 */
export async function deleteDead(paths: readonly string[]): Promise<void> {
  let left = await namedByNoOther([...new Set(paths)]);
  while (left.length > 0) {
    const some = left.slice(0, AT_ONCE);
    const refused = await deletion(some);
    if (refused.length === 0) left = left.slice(AT_ONCE);
    // What nix deleted before it refused is gone, and asking for it once more does no harm.
    else left = left.filter((path) => !refused.includes(path));
  }
}

/** One deletion. @returns the paths that need not be asked for again, for they stay: none when all were deleted */
async function deletion(paths: readonly string[]): Promise<readonly string[]> {
  const finished = await run({ file: 'nix-store', args: ['--delete', ...paths], limit: DELETION, env: nixEnv() }, { keepStdout: 16 * 1024 * 1024 });
  if (finished.code === 0) return [];
  const unreachable = nixDaemonError(finished.tail);
  if (unreachable) throw unreachable;
  const alive = paths.filter((path) => finished.tail.some((line) => line.includes(`'${path}'`) && line.includes('alive')));
  if (alive.length > 0 || paths.length === 1) return alive.length > 0 ? alive : paths;
  // It refused in words that are not known here: each by itself then.
  for (const path of paths) await deletion([path]);
  return paths;
}

/** Without those that a path outside needs: nix would refuse them too, at the price of a walk over all roots for each. */
async function namedByNoOther(paths: readonly string[]): Promise<readonly string[]> {
  const referrers = await askDaemon((daemon) => daemon.referrers(paths)) ?? await each(paths, (path) => query('--referrers', path));
  const going = new Set(paths);
  for (let before = -1; before !== going.size;) {
    before = going.size;
    paths.forEach((path, index) => {
      if (referrers[index]!.some((other) => other !== path && !going.has(other))) going.delete(path);
    });
  }
  return [...going];
}

async function each<T>(paths: readonly string[], ask: (path: string) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (const path of paths) answers.push(await ask(path));
  return answers;
}

/** Empty for a path that is not there. */
async function query(how: '--references' | '--referrers' | '--deriver', path: string): Promise<string[]> {
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
