import { Hop3Error } from '../errors.ts';
import { ANY, BUILDING, daemonMissing } from './failure/building.ts';
import { EVALUATION } from './failure/evaluation.ts';
import { hashFailure } from './failure/hashes.ts';
import { at, type Cause, type NixFailure } from './failure/model.ts';
import { saidByTool } from './failure/tools.ts';

export type { NixFailure } from './failure/model.ts';

/** The one-line cause of a nix run that failed and what to do about it, with nix's own last words under it. */
export function nixFailure(failure: NixFailure): Hop3Error {
  const error = causeOf(failure);
  const rendered = failure.hashes !== undefined && failure.location?.startsWith('hop3.nix:') && error.what.includes(failure.location);
  if (!rendered) return error;
  const { code, what, why } = error;
  return new Hop3Error(code, { what, ...(why !== undefined && { why }), next: [error.next, RENDERED].filter(Boolean).join('\n') });
}

/** Whoever uses a template has no hop3.nix to look at. */
const RENDERED = 'hop3.nix is what the template makes of hop3.toml: hop3 nix generate prints it.';

function causeOf(failure: NixFailure): Hop3Error {
  const text = failure.lines.join('\n');
  const why = lastWords(failure.lines);
  const wrongHash = hashFailure(failure, why);
  if (wrongHash !== null) return wrongHash;
  const causes = failure.building ? [...BUILDING, ...ANY, ...EVALUATION] : [...ANY, ...EVALUATION, ...BUILDING];
  for (const cause of causes) {
    const match = cause.pattern.exec(text);
    if (match) return told(cause, match, failure, why);
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
  const missing = daemonMissing(lines);
  return missing === null ? null : new Hop3Error('HOP3_NIX_DAEMON', { what: 'The Nix daemon does not answer.', why: missing.line, next: missing.next });
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

function told(cause: Cause, match: RegExpExecArray, failure: NixFailure, why: string): Hop3Error {
  const what = sentence(cause.what(match, failure));
  const own = cause.next?.(match, failure);
  // A step that failed says why in the words of the tool it ran.
  const tool = cause.code === 'HOP3_BUILD_FAILED' && own === undefined ? saidByTool(failure) : null;
  if (tool !== null) {
    return new Hop3Error(tool.code, { what: sentence(`${what.replace(/\.$/, ': ')}${tool.what}`), why, ...(tool.next !== undefined && { next: tool.next }) });
  }
  return new Hop3Error(cause.code, { what, why, ...(own === undefined ? {} : { next: own }) });
}

/** The first sentence of nix's error; some begin on the line below. */
function firstError(lines: readonly string[]): string | undefined {
  const index = lines.findIndex((each) => /^error:(?: |$)/.test(each));
  if (index < 0) return undefined;
  const own = lines[index]!.slice(7).trim();
  return (own || lines.slice(index + 1).find((each) => each.trim() !== '')?.trim())?.slice(0, 500);
}

/** Advice to run a command on the server, what failed because this did, and nixpkgs' advice for machines of one's own. */
const UNHELPFUL = /^\(use '--show-trace'|^\s*For full logs, run 'nix log|^error: \d+ dependencies of derivation /;
const ADVICE = /^\s+a\) To temporarily allow|^\s+You can install it anyway by allowing/;

/** Nix's error and what follows, at most twelve lines; the builder's own last lines where it says nothing more. */
function lastWords(lines: readonly string[]): string {
  const first = lines.findLastIndex((line) => /^error:(?! \d+ dependencies of)(?: |$)/.test(line));
  const from = first < 0 ? Math.max(0, lines.length - 12) : first;
  const words = lines.slice(from, from + 14);
  const advice = words.findIndex((line) => ADVICE.test(line));
  return (advice < 0 ? words : words.slice(0, advice)).map((line) => line.trimEnd()).filter((line) => line.trim() !== '' && !UNHELPFUL.test(line)).slice(0, 12).join('\n');
}

function sentence(text: string): string {
  return /[.!?:]$/.test(text) ? text : `${text}.`;
}
