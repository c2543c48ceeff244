import { basename, dirname } from 'node:path';
import { Paths } from '../paths.ts';
import type { Command } from '../run.ts';
import type { Settings } from '../settings.ts';
import type { BuildRequest, PackageSet } from './model.ts';

/** What nix is told of the settings. */
export type NixSettings = Pick<Settings, 'root' | 'buildTimeout' | 'buildSilence' | 'evalTimeout' | 'allowUnsandboxedBuilds'> & Partial<Pick<Settings, 'buildCores' | 'evalMemory'>>;

/** Bytes of address space of a nix client, which is where evaluation happens, where no setting says otherwise: twice what all of nixpkgs' package names take. */
const EVALUATOR_MEMORY = 4 * 1024 ** 3;

/** Variables of the server that say how nix reaches its daemon and the network. They hold no secret of Hop3. */
const PASSED_ON = ['NIX_REMOTE', 'NIX_SSL_CERT_FILE', 'http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

/** The environment of every nix program; `home` keeps a user's own nix.conf and channels out. */
export function nixEnv(home?: string): Record<string, string> {
  const passed = PASSED_ON.map((name) => [name, process.env[name]] as const).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...Object.fromEntries(passed), NIX_PATH: '', ...(home === undefined ? {} : { HOME: home }) };
}

/** The restrictions that hold whenever a pushed expression is evaluated. */
function evaluationArgs(request: BuildRequest, allowedUris: readonly string[]): string[] {
  return [
    '-I', `nixpkgs=${request.packageSet.path}`,
    // Named entries, so that no <...> look-up finds the app's own files by accident.
    '-I', `hop3-source=${request.sourceDir}`,
    '-I', `hop3-expression=${request.expression}`,
    '--option', 'restrict-eval', 'true',
    '--option', 'allowed-uris', allowedUris.join(' '),
    ...(request.givePkgs ? ['--arg', 'pkgs', 'import <nixpkgs> { config = { }; overlays = [ ]; }'] : []),
  ];
}

/** The restrictions and limits of every build. */
function buildingArgs(packageSet: PackageSet, settings: NixSettings): string[] {
  return [
    // A daemon takes this from trusted users alone, and goes by its own nix.conf for the others.
    '--option', 'sandbox', settings.allowUnsandboxedBuilds ? 'relaxed' : 'true',
    // No cache has what is made of this machine's own programs; asking one that cannot be reached costs 4.5 s a build.
    ...(packageSet.kind === 'host' ? ['--option', 'substituters', ''] : []),
    '--timeout', String(settings.buildTimeout),
    '--max-silent-time', String(settings.buildSilence),
  ];
}

/** Builds the attribute `package` and registers it as a GC root. */
export function nixBuild(request: BuildRequest, allowedUris: readonly string[], settings: NixSettings): Command {
  return evaluator(settings, settings.evalTimeout + settings.buildTimeout, [
    'nix-build', request.expression, '-A', 'package', '-o', request.rootLink,
    ...evaluationArgs(request, allowedUris),
    ...buildingArgs(request.packageSet, settings),
  ]);
}

/** Evaluates `package` again, with the trace that names the line. */
export function nixTrace(request: BuildRequest, allowedUris: readonly string[], settings: NixSettings): Command {
  return evaluator(settings, settings.evalTimeout, [
    'nix-instantiate', request.expression, '-A', 'package', '--show-trace', ...evaluationArgs(request, allowedUris),
  ]);
}

/** Evaluates the attribute `env` to JSON. */
export function nixEnvAttribute(request: BuildRequest, allowedUris: readonly string[], settings: NixSettings): Command {
  return evaluator(settings, settings.evalTimeout, [
    'nix-instantiate', '--eval', '--strict', '--json', '--read-write-mode', request.expression, '-A', 'env',
    ...evaluationArgs(request, allowedUris),
  ]);
}

/** Evaluates what the package set says of one of its packages. `path` is a Nix list of names. */
export function nixCheckPackage(expression: string, path: string, packageSet: PackageSet, settings: NixSettings): Command {
  return evaluator(settings, settings.evalTimeout, [
    'nix-instantiate', '--eval', '--strict', '--json', expression, '--arg', 'path', path,
    '-I', `nixpkgs=${packageSet.path}`, '-I', `hop3-check=${expression}`,
    '--option', 'restrict-eval', 'true', '--option', 'allowed-uris', '',
  ]);
}

/** Evaluates `package` to its derivation, which is written to the store. */
export function nixInstantiate(request: BuildRequest, allowedUris: readonly string[], settings: NixSettings): Command {
  return evaluator(settings, settings.evalTimeout, ['nix-instantiate', request.expression, '-A', 'package', ...evaluationArgs(request, allowedUris)]);
}

/** Builds a derivation once more and compares with what the store has. */
export function nixRebuild(derivation: string, packageSet: PackageSet, settings: NixSettings): Command {
  return evaluator(settings, settings.buildTimeout, ['nix-build', derivation, '--check', '--no-out-link', ...buildingArgs(packageSet, settings)]);
}

/** A line of nix with the server's own directories left out: `hop3.nix:3:5` is what the user has. */
export function shortenPaths(line: string, request: Pick<BuildRequest, 'expression' | 'sourceDir'>): string {
  return line.replaceAll(request.expression, basename(request.expression))
    .replaceAll(`${request.sourceDir}/`, '')
    .replaceAll(`${dirname(request.sourceDir)}/`, '../')
    .replaceAll(`${dirname(dirname(request.sourceDir))}/`, '../../');
}

function evaluator(settings: NixSettings, limit: number, command: readonly string[]): Command {
  return {
    file: 'prlimit',
    args: [`--as=${settings.evalMemory ?? EVALUATOR_MEMORY}`, '--', ...command],
    limit,
    env: nixEnv(new Paths(settings.root).toolHome),
  };
}
