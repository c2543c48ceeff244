import type { ErrorCode } from '../error-catalog.ts';
import { Hop3Error } from '../errors.ts';
import type { Finished } from '../run.ts';
import type { NixSettings } from './nix-command.ts';

/** What is known of a nix run that failed. */
export interface NixFailure {
  readonly finished: Pick<Finished, 'code' | 'signal'>;
  /** The last lines of stderr, paths shortened. */
  readonly lines: readonly string[];
  /** False while nix was still evaluating. */
  readonly building: boolean;
  /** "hop3.nix:3:12", where nix or its trace named a line of the app's own files. */
  readonly location: string | null;
  readonly packageSet: string;
  readonly settings: NixSettings;
}

interface Cause {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  what(match: RegExpExecArray, failure: NixFailure): string;
  next?(match: RegExpExecArray, failure: NixFailure): string | undefined;
}

const START_DAEMON = 'On the server: systemctl start nix-daemon, or run nix-daemon as root where there is no systemd.';

const DISK_FULL = /No space left on device|Disk quota exceeded|database or disk is full/i;
const FREE_SPACE = 'The disk is full. Free space on the server, for example with nix-collect-garbage, and push again.';

/** What a nix client says without its daemon; the file permissions are those of an ordinary user who has none. */
const NO_DAEMON = /cannot connect to (?:socket|daemon)|cannot open connection to remote store|unexpected end-of-file|(?:creating directory|opening lock file|opening file) '\/nix\/[^']*': (?:Permission denied|Read-only file system|No such file)/;

/** True of a failure in either phase. */
const ANY: readonly Cause[] = [
  { pattern: NO_DAEMON, code: 'HOP3_NIX_DAEMON', what: () => 'The Nix daemon does not answer.', next: () => START_DAEMON },
  {
    pattern: DISK_FULL,
    code: 'HOP3_BUILD_DISK',
    what: () => 'The disk is full.',
    next: () => FREE_SPACE,
  },
];

const EVALUATION: readonly Cause[] = [
  { pattern: /error: syntax error, (.*)/, code: 'HOP3_EVAL_SYNTAX', what: (m, f) => `${at(f)}syntax error: ${m[1]}.` },
  {
    pattern: /error: undefined variable '([^']+)'/, code: 'HOP3_EVAL_UNDEFINED',
    what: (m, f) => `${at(f)}nothing is called "${m[1]}".`,
    next: (m) => `If it is a package, write pkgs.${m[1]}.`,
  },
  {
    pattern: /attribute 'package' in selection path 'package' not found|expression does not evaluate to a derivation|expression selected by the selection path '[^']*' should be a set but is/,
    code: 'HOP3_EVAL_NO_PACKAGE',
    what: () => 'hop3.nix does not give an attribute set with a derivation called "package".',
    next: () => 'End it with { package = ...; } (the guide shows a whole one).',
  },
  {
    pattern: /error: attribute '([^']+)' missing/, code: 'HOP3_EVAL_MISSING',
    what: (m, f) => `${at(f)}there is no "${m[1]}" there.`,
    next: (_m, f) => `If it is a package: this server's package set does not have it under this name (${f.packageSet}).`,
  },
  {
    pattern: /access to (?:absolute path|canonical path|path|URI) '([^']+)' is forbidden in restricted mode/, code: 'HOP3_EVAL_FORBIDDEN',
    what: (m, f) => `${at(f)}the expression reads ${m[1]} while it is evaluated, and may not.`,
    next: (m) => (m[1]!.includes('://') ? 'Fetch it inside a derivation, with pkgs.fetchurl and a hash.' : 'An expression may read the pushed tree and the package set. Commit the file and name it as ./file.'),
  },
  {
    pattern: /infinite recursion encountered|stack overflow/, code: 'HOP3_EVAL_RECURSION',
    what: (_m, f) => `${at(f)}the expression recurses without end.`,
  },
  {
    pattern: /error: out of memory|GC Warning: Out of Memory|Too many heap sections|std::bad_alloc/i, code: 'HOP3_EVAL_MEMORY',
    what: (_m, f) => `${at(f)}evaluating the expression took more than 4 GiB of memory.`,
    next: () => 'Look for a loop or a very long list.',
  },
  {
    pattern: /file '([^']+)' was not found in the Nix search path/, code: 'HOP3_EVAL_NIXPKGS',
    what: (m, f) => `${at(f)}<${m[1]}> is not known here.`,
    next: () => 'Only <nixpkgs> is; a file of the pushed tree is ./file.',
  },
  {
    pattern: /unable to download '([^']+)'/, code: 'HOP3_EVAL_FETCH',
    what: (m, f) => `${at(f)}${m[1]} could not be fetched while the expression was evaluated.`,
    next: () => 'Without a way to it, use import <nixpkgs> in place of a nixpkgs of your own.',
  },
];

const BUILDING: readonly Cause[] = [
  {
    pattern: /error: hash mismatch in fixed-output derivation '([^']+)'/, code: 'HOP3_BUILD_HASH',
    what: (m, f) => `${derivation(m[1]!)} has another hash than the expression says.${hashes(f)}`,
    next: () => 'If the new content is what you want, put the hash after "got:" in the place of the old one.',
  },
  {
    pattern: /error: building of '([^']+)' .*timed out after (\d+) seconds( of silence)?/, code: 'HOP3_BUILD_TIMEOUT',
    what: (m) => `Building ${derivation(m[1]!)} ${m[3] ? `printed nothing for ${m[2]} s` : `took more than ${m[2]} s`} and was ended.`,
    next: (m) => `The limit is the server's setting ${m[3] ? 'HOP3_BUILD_SILENCE' : 'HOP3_BUILD_TIMEOUT'}.`,
  },
  {
    pattern: /derivation '([^']+)' has '__noChroot' set/, code: 'HOP3_BUILD_UNSANDBOXED',
    what: (m) => `${derivation(m[1]!)} asks to be built outside the sandbox (__noChroot), and this server does not do that.`,
    next: () => 'Take __noChroot out; give what it fetches a hash (fetchurl, or outputHash).',
  },
  {
    pattern: /namespaces that are required for sandboxing|cloning builder process|unable to start build process/, code: 'HOP3_BUILD_SANDBOX',
    what: () => 'Nix could not set up its build sandbox on this server.',
    next: () => 'The kernel must let the Nix daemon make namespaces (in a container: allow mount and user namespaces).',
  },
  {
    pattern: /error: builder for '([^']+)' failed with exit code (\d+)/, code: 'HOP3_BUILD_FAILED',
    what: (m) => `Building ${derivation(m[1]!)} failed with exit code ${m[2]}.`,
    next: (_m, f) => (f.lines.some((line) => DISK_FULL.test(line)) ? FREE_SPACE : undefined),
  },
  {
    pattern: /error: builder for '([^']+)' failed due to signal (\d+) \(([^)]*)\)/, code: 'HOP3_BUILD_FAILED',
    what: (m) => `Building ${derivation(m[1]!)} was ended by signal ${m[2]} (${m[3]}).`,
    next: (m) => (m[2] === '9' ? 'Signal 9 often means that the server ran out of memory.' : 'Push again if this comes from outside.'),
  },
  {
    pattern: /error: builder for '([^']+)' failed to produce output path for output '([^']+)'/, code: 'HOP3_BUILD_FAILED',
    what: (m) => `Building ${derivation(m[1]!)} ended well but did not write $${m[2]}.`,
    next: () => 'Make $out in the build, for example: mkdir -p $out',
  },
];

/** The one-line cause of a nix run that failed, with nix's own last words under it. */
export function nixFailure(failure: NixFailure): Hop3Error {
  const text = failure.lines.join('\n');
  const causes = failure.building ? [...BUILDING, ...ANY, ...EVALUATION] : [...ANY, ...EVALUATION, ...BUILDING];
  const why = lastWords(failure.lines);
  for (const cause of causes) {
    const match = cause.pattern.exec(text);
    if (match) return new Hop3Error(cause.code, { what: sentence(cause.what(match, failure)), why, ...next(cause, match, failure) });
  }
  if (!failure.building && failure.finished.signal !== null) {
    return new Hop3Error('HOP3_EVAL_MEMORY', {
      what: `Nix was ended by ${failure.finished.signal} while it evaluated the expression.`, why,
      next: 'Look for a loop or a very long list; or the server is out of memory.',
    });
  }
  return failure.building
    ? new Hop3Error('HOP3_BUILD_FAILED', { what: sentence(['The build failed', firstError(failure.lines)].filter(Boolean).join(': ')), why })
    : new Hop3Error('HOP3_EVAL_FAILED', { what: sentence(`${at(failure) || 'hop3.nix: '}${firstError(failure.lines) ?? 'Nix could not evaluate the expression.'}`), why });
}

/** The error for a nix program that found no daemon, or null when these lines are about something else. */
export function nixDaemonError(lines: readonly string[]): Hop3Error | null {
  const line = lines.find((each) => NO_DAEMON.test(each));
  return line === undefined ? null : new Hop3Error('HOP3_NIX_DAEMON', { what: 'The Nix daemon does not answer.', why: line, next: START_DAEMON });
}

/** The first place in the app's own files that a trace names. */
export function findLocation(lines: readonly string[]): string | null {
  for (const line of lines) {
    // Absolute paths are the package set's own files; the user's have been shortened to relative ones.
    const match = /^\s*at ([^/\s][^\s]*:\d+:\d+):/.exec(line);
    if (match) return match[1]!;
  }
  return null;
}

function at(failure: NixFailure): string {
  return failure.location === null ? '' : `${failure.location}: `;
}

/** "/nix/store/<hash>-shop-1.0.drv!out" -> "shop-1.0" */
function derivation(path: string): string {
  return path.replace(/^.*\/[0-9a-z]{32}-/, '').replace(/\.drv(?:!.*)?$/, '');
}

function hashes(failure: NixFailure): string {
  const got = failure.lines.map((line) => /^\s*got:\s+(\S+)/.exec(line)?.[1]).find((found) => found !== undefined);
  return got === undefined ? '' : ` It is now ${got}.`;
}

function next(cause: Cause, match: RegExpExecArray, failure: NixFailure): { next?: string } {
  const text = cause.next?.(match, failure);
  return text === undefined ? {} : { next: text };
}

function firstError(lines: readonly string[]): string | undefined {
  return lines.find((each) => each.startsWith('error: '))?.slice(7, 507);
}

/** Advice to run a command on the server. */
const UNHELPFUL = /^\(use '--show-trace'|^\s*For full logs, run 'nix log/;

/** Nix's error and what follows, at most twelve lines; the builder's own last lines where it says nothing more. */
function lastWords(lines: readonly string[]): string {
  const first = lines.findLastIndex((line) => /^error: (?!\d+ dependencies of)/.test(line));
  const from = first < 0 ? Math.max(0, lines.length - 12) : first;
  return lines.slice(from, from + 14).map((line) => line.trimEnd()).filter((line) => line.trim() !== '' && !UNHELPFUL.test(line)).slice(0, 12).join('\n');
}

function sentence(text: string): string {
  return text.endsWith('.') || text.endsWith('!') || text.endsWith('?') ? text : `${text}.`;
}
