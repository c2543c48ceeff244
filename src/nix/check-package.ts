import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Hop3Error } from '../errors.ts';
import { isStorePath, printable } from '../names.ts';
import { nearest } from '../nearest.ts';
import { INSTALL_DIR } from '../paths.ts';
import { failure, run } from '../run.ts';
import type { PackageSet } from './model.ts';
import { nixCheckPackage, type NixSettings } from './nix-command.ts';
import { nixDaemonError } from './nix-failure.ts';
import { nixString } from './quote.ts';
import { successorOf } from './successors.ts';

/** What the package set says of one of its packages. */
export interface PackageCheck {
  /** The attribute path, without `pkgs.`. */
  readonly path: string;
  /** Name and version, as in its store path. */
  readonly name: string;
  readonly version: string | null;
  readonly description: string | null;
  /** `meta.mainProgram`: what `lib.getExe` gives. */
  readonly mainProgram: string | null;
  /** What lies in its bin/, where this server's store has the package; else null. */
  readonly programs: readonly string[] | null;
  readonly broken: boolean;
  readonly insecure: boolean;
  readonly unfree: boolean;
  /** Not for the server's system. */
  readonly unsupported: boolean;
  readonly vulnerabilities: readonly string[];
  readonly licenses: readonly string[];
  /** What nixpkgs takes from upstream as it was built there, for example "binaryBytecode"; empty where it builds all of it. */
  readonly prebuilt: readonly string[];
}

type Answer =
  | ({ readonly kind: 'package'; readonly programsFrom: string | null } & Omit<PackageCheck, 'path' | 'programs'>)
  | { readonly kind: 'missing'; readonly name: string; readonly left: number; readonly names: readonly string[] }
  | { readonly kind: 'set'; readonly names: readonly string[] }
  | { readonly kind: string };

const EXPRESSION = join(INSTALL_DIR, 'nix-templates', 'check-package.nix');
/** Bytes of the answer: all names of nixpkgs are 0.6 MB. */
const LARGEST_ANSWER = 16 * 1024 * 1024;
const PART = /^[A-Za-z_][A-Za-z0-9_'+-]*$/;
const LONGEST_PATH = 200;
/** Errors of the evaluator itself, which are none of the package set's sentences. */
const EVALUATOR = /is forbidden in restricted mode|^infinite recursion|^stack overflow|^undefined variable|^attribute '[^']*' missing|^attempt to call|^value is .* while|^syntax error|[Oo]ut of memory/;
/** Names that are shown where the one asked for is not there. */
const SHOWN = 5;

/**
 * An attribute path such as `php84Extensions.redis`, with or without `pkgs.` in front.
 * @throws Hop3Error HOP3_USAGE
 */
export function parsePackagePath(text: string): string[] {
  const path = text.replace(/^pkgs\./, '').split('.');
  if (text.length <= LONGEST_PATH && path.every((part) => PART.test(part))) return path;
  throw new Hop3Error('HOP3_USAGE', {
    what: `"${printable(text.slice(0, LONGEST_PATH))}" cannot be the name of a package.`,
    next: 'A name looks like grafana, or like python3Packages.requests: letters, digits, _, - and + with dots between.',
  });
}

/**
 * Asks the package set about a package: evaluated under the restrictions and limits of a push, nothing is built.
 * @throws Hop3Error HOP3_USAGE for a name that cannot be one, HOP3_NO_PACKAGE with near names, HOP3_NIX_DAEMON,
 *   HOP3_EVAL_FAILED, HOP3_TIMEOUT, HOP3_CANCELLED
 */
export async function checkPackage(text: string, packageSet: PackageSet, settings: NixSettings, signal?: AbortSignal): Promise<PackageCheck> {
  const path = parsePackagePath(text);
  const list = `[ ${path.map((part) => nixString(part).text).join(' ')} ]`;
  const command = nixCheckPackage(EXPRESSION, list, packageSet, settings);
  const lines: string[] = [];
  const finished = await run(command, { signal, keepStdout: LARGEST_ANSWER, onLine: (line, stream) => { if (stream === 'stderr' && lines.length < 200) lines.push(line); } });
  if (finished.cancelled || finished.timedOut) throw failure(command, finished);
  if (finished.code !== 0) throw nixDaemonError(lines) ?? refused(path, packageSet, lines);
  const answer = JSON.parse(finished.stdout) as Answer;
  if (answer.kind !== 'package' || !('programsFrom' in answer)) throw noPackage(path, answer, packageSet);
  const { kind: _kind, programsFrom, ...found } = answer;
  return { path: path.join('.'), ...found, programs: await programsOf(programsFrom) };
}

async function programsOf(storePath: string | null): Promise<readonly string[] | null> {
  if (storePath === null || !isStorePath(storePath)) return null;
  const there = await readdir(storePath).catch(() => null);
  if (there === null) return null;
  // `.name-wrapped` is what a wrapper starts, and nobody else.
  return (await readdir(join(storePath, 'bin')).catch(() => [])).filter((name) => !name.startsWith('.')).sort();
}

/** The package set itself throws for a name that it has given up, and says why. */
function refused(path: readonly string[], packageSet: PackageSet, lines: readonly string[]): Hop3Error {
  const errors = lines.map((line) => /^\s*error: (.+)/.exec(line)?.[1]).filter((line) => line !== undefined);
  const why = errors.at(-1);
  const what = `The package set (${packageSet.title}) does not give "${path.join('.')}"`;
  if (why === undefined || EVALUATOR.test(why)) {
    return new Hop3Error('HOP3_EVAL_FAILED', { what: `${what}: it cannot be evaluated.`, why: why ?? lines.slice(-5).join('\n') });
  }
  return new Hop3Error('HOP3_NO_PACKAGE', { what: `${what}: ${sentence(why)}`, next: successorOf(path.at(-1)!)?.advice ?? 'Its own words may name what took its place.' });
}

function noPackage(path: readonly string[], answer: Answer, packageSet: PackageSet): Hop3Error {
  const whole = path.join('.');
  if ('names' in answer && 'left' in answer) {
    const parent = path.slice(0, path.length - answer.left);
    const near = nearNames(answer.name, answer.names).map((name) => [...parent, name].join('.'));
    const advice = successorOf(answer.name)?.advice;
    return new Hop3Error('HOP3_NO_PACKAGE', {
      what: `The package set has no "${[...parent, answer.name].join('.')}" (${packageSet.title}).`,
      next: advice ?? (near.length === 0 ? 'search.nixos.org lists the packages of nixpkgs.' : `Near it: ${near.join(', ')}.`),
    });
  }
  if ('names' in answer) {
    return new Hop3Error('HOP3_NO_PACKAGE', { what: `"${whole}" is a set of names (${answer.names.length}), and no package.`, next: `Say which one: ${whole}.<name>` });
  }
  return new Hop3Error('HOP3_NO_PACKAGE', { what: `"${whole}" is ${answer.kind === 'lambda' ? 'a function' : `a value (${answer.kind})`}, and no package.` });
}

/** Names that were probably meant: typing errors first, then those with the same letters in front (php84 for php81). */
export function nearNames(word: string, names: readonly string[]): string[] {
  const found: string[] = [];
  // Few people mistype both of the first two letters, and nixpkgs has 25,000 names: comparing all takes a third of a second.
  let left = names.filter((name) => sameLetter(name, word, 0) || sameLetter(name, word, 1) || name[0] === word[1]);
  for (let name = nearest(word, left); name !== null && found.length < SHOWN; name = nearest(word, left)) {
    found.push(name);
    left = left.filter((other) => other !== name);
  }
  const stem = /^[A-Za-z]{3,}/.exec(word)?.[0].toLowerCase();
  const related = stem === undefined ? [] : left.filter((name) => name.toLowerCase().startsWith(stem)).sort((a, b) => a.length - b.length);
  return [...found, ...related].slice(0, SHOWN);
}

function sameLetter(a: string, b: string, at: number): boolean {
  return a[at]?.toLowerCase() === b[at]?.toLowerCase();
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
