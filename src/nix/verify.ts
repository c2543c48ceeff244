import { Hop3Error } from '../errors.ts';
import type { PushLog } from '../log.ts';
import { isStorePath, type StorePath } from '../names.ts';
import { failure, run, runOk } from '../run.ts';
import type { BuildRequest, PackageSet } from './model.ts';
import { nixEnv, nixInstantiate, nixRebuild, shortenPaths, type NixSettings } from './nix-command.ts';
import { findLocation, nixDaemonError, nixFailure } from './nix-failure.ts';
import { fetchesOwnNixpkgs, NIXPKGS_URIS } from './own-nixpkgs.ts';

/** Seconds a look-up in the store's database may take. */
const LOOK_UP = 60;
/** Lines kept for the message of a rebuild that fails. */
const KEPT_LINES = 60;
/** What the log says by itself already, and a warning that every build of an ordinary user gives. */
const UNHELPFUL = /^checking outputs of |may not be deterministic|restricted setting and you are not a trusted user/;

/** A store path that this server has built, and what it was built by. */
export interface BuiltHere {
  readonly path: StorePath;
  readonly derivation: StorePath;
}

/** Where the paths of a closure come from. */
export interface Origins {
  readonly builtHere: readonly BuiltHere[];
  /** Sources and downloads: known by their content's hash. */
  readonly byHash: number;
  /** Copied from a cache, with its signature. */
  readonly fromCache: number;
}

interface PathInfo {
  readonly path?: string;
  readonly deriver?: string | null;
  readonly ultimate?: boolean;
  readonly ca?: string | null;
}

/**
 * Tells of each path in a closure whether this server built it.
 * @throws Hop3Error HOP3_COMMAND_FAILED for a path that is not valid, HOP3_NIX_DAEMON
 */
export async function originsOf(storePath: StorePath): Promise<Origins> {
  const args = ['--extra-experimental-features', 'nix-command', 'path-info', '--json', '--recursive', storePath];
  const answer: unknown = JSON.parse(await runOk({ file: 'nix', args, limit: LOOK_UP, env: nixEnv() }, { keepStdout: 64 * 1024 * 1024 }));
  // A list up to Nix 2.18, a table by path since.
  const infos: PathInfo[] = Array.isArray(answer)
    ? (answer as PathInfo[])
    : Object.entries(answer as Record<string, PathInfo>).map(([path, info]) => ({ ...info, path }));
  const builtHere: BuiltHere[] = [];
  let byHash = 0;
  let fromCache = 0;
  for (const { path, deriver, ultimate, ca } of infos) {
    if (ca) byHash += 1;
    else if (ultimate && deriver && path !== undefined && isStorePath(path) && isStorePath(deriver)) builtHere.push({ path, derivation: deriver });
    else fromCache += 1;
  }
  return { builtHere, byHash, fromCache };
}

/**
 * Evaluates `package` and gives what it would be built as today; its derivations are in the store afterwards.
 * @throws Hop3Error HOP3_EVAL_..., HOP3_CANCELLED
 */
export async function instantiate(
  request: BuildRequest, text: string, options: { readonly settings: NixSettings; readonly log: PushLog; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const uris = !request.givePkgs && fetchesOwnNixpkgs(text) ? NIXPKGS_URIS : [];
  const command = nixInstantiate(request, uris, options.settings);
  const lines: string[] = [];
  const finished = await run(command, {
    signal: options.signal,
    onLine: (line, stream) => { if (stream === 'stderr' && lines.length < KEPT_LINES) lines.push(shortenPaths(line, request)); },
  });
  if (finished.cancelled || finished.timedOut) throw failure(command, finished);
  if (finished.code !== 0) {
    throw nixFailure({ finished, lines, building: false, location: findLocation(lines), packageSet: request.packageSet.title, settings: options.settings });
  }
  // nix-instantiate adds the output's name where that is not `out`.
  const derivation = finished.stdout.trim().replace(/!.*$/, '');
  const outputs = await runOk({ file: 'nix-store', args: ['-q', '--outputs', derivation], limit: LOOK_UP, env: nixEnv() });
  return outputs.trim().split('\n');
}

/**
 * Builds a store path once more, in the sandbox, and tells whether it came out the same. Nix's lines go to the log. One at a
 * time: given several, nix would not compare what depends on a path that differs.
 * @throws Hop3Error HOP3_BUILD_... when the rebuild fails, HOP3_NIX_DAEMON, HOP3_TIMEOUT, HOP3_CANCELLED
 */
export async function rebuildsTheSame(
  built: BuiltHere, packageSet: PackageSet,
  options: { readonly settings: NixSettings; readonly log: PushLog; readonly signal: AbortSignal },
): Promise<boolean> {
  const command = nixRebuild(built.derivation, packageSet, options.settings);
  const lines: string[] = [];
  let differs = false;
  const finished = await run(command, {
    signal: options.signal,
    onLine: (line, stream) => {
      if (stream === 'stdout') return;
      // The exit code for a difference, 104, is that of a nix without a daemon; with one it is 1, so the words count.
      if (/may not be deterministic: output '[^']+' differs/.test(line)) differs = true;
      lines.push(line.slice(0, 2000));
      if (lines.length > KEPT_LINES) lines.shift();
      if (!UNHELPFUL.test(line)) options.log.output(line);
    },
  });
  if (finished.cancelled || finished.timedOut) throw failure(command, finished);
  if (finished.code === 0) return true;
  if (differs) return false;
  throw nixDaemonError(lines) ?? nixFailure({ finished, lines, building: true, location: null, packageSet: packageSet.title, settings: options.settings });
}

/** The error that lists what came out different. */
export function notIdentical(what: string, differing: readonly StorePath[]): Hop3Error {
  return new Hop3Error('HOP3_NOT_IDENTICAL', {
    what, why: [...differing].sort().join('\n'),
    next: 'Something in their build is not the same every time: a date, a random number, the order of files, the number of cores. What is live stays as it is.',
  });
}
