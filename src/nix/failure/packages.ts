import { successorIn, successorOf } from '../successors.ts';
import { at, type Cause, type NixFailure } from './model.ts';

/** Nixpkgs up to 25.05 says "Package ‘x’ in f is ..., refusing to evaluate"; later it begins with the refusal. */
const refused = (reason: string) => new RegExp(`error: (?:Package ‘([^’]+)’ in \\S+|Refusing to evaluate package '([^']+)' in \\S+ because it) ${reason}`);
const nameOf = (match: RegExpExecArray) => match[1] ?? match[2]!;

/** How to allow what nixpkgs refuses: only an expression of one's own can. */
const allow = (setting: string) => `If it must be this one: hop3 nix eject, and in hop3.nix write pkgs ? import <nixpkgs> { config.${setting}; }`;

/** Packages that the set does not have, or refuses to give. */
export const PACKAGES: readonly Cause[] = [
  {
    pattern: refused('has an unfree license(?: \\(‘([^’]+)’\\))?'), code: 'HOP3_EVAL_UNFREE',
    what: (m) => `${nameOf(m)} is not free software${m[3] ? ` (license ${m[3]})` : ''}, and nixpkgs gives out free software only.`,
    next: () => `Look for a free package that does the same. ${allow('allowUnfree = true')}`,
  },
  {
    pattern: refused('is marked as insecure'), code: 'HOP3_EVAL_INSECURE',
    what: (m) => `nixpkgs refuses ${nameOf(m)}: it has known security holes, or nobody mends them any more.`,
    next: (m) => successorIn(nameOf(m))?.advice ?? `Look for a newer version or another package. ${allow(`permittedInsecurePackages = [ "${nameOf(m)}" ]`)}`,
  },
  {
    pattern: refused('(?:is marked as broken|has problems:\\s+- broken)'), code: 'HOP3_EVAL_BROKEN',
    what: (m) => `${nameOf(m)} does not build in this package set; nixpkgs marks it as broken.`,
    next: (_m, f) => `Use another version of it, or another nixpkgs with nixpkgs-rev and nixpkgs-sha256. The set here is ${f.packageSet}.`,
  },
  {
    pattern: refused('is not available on the requested hostPlatform'), code: 'HOP3_EVAL_PLATFORM',
    what: (m, f) => `${nameOf(m)} is not made for this server's system${system(f)}.`,
    next: () => 'Use another package, or a server of a system that nix lists below "platforms".',
  },
  {
    pattern: /error: attribute '([^']+)' missing/, code: 'HOP3_EVAL_MISSING',
    what: (m, f) => `${at(f)}there is no "${m[1]}" there.`,
    next: (m, f) => advised(m[1]!) ?? `If it is a package: this server's package set does not have it under this name (${f.packageSet}).${near(f)}`,
  },
  {
    // What nixpkgs' list of old names throws: a sentence about the package. An expression of one's own can throw such words too.
    pattern: /error:\s+((?:.*\b(?:has|have|was|were) (?:been )?removed\b|\S+ is EOL|.*\bend[ -]of[ -]life\b).*)/i, code: 'HOP3_EVAL_REMOVED',
    what: (m, f) => `${at(f)}${m[1]!.trim()}`,
    next: (m, f) => removedIn(m[1]!) ?? `If this is nixpkgs' word about a package: look at search.nixos.org for what took its place. The set here is ${f.packageSet}.`,
  },
  {
    pattern: /error: evaluation aborted with the following error message:[\s\S]*requires an implementation of Nix[\s\S]*?reports at least ([0-9.]+)[\s\S]*?evaluating with Nix ([0-9.]+)/, code: 'HOP3_EVAL_NIX_VERSION',
    what: (m) => `This nixpkgs needs Nix ${m[1]} or later; the server has ${m[2]}.`,
    next: () => 'Use a nixpkgs up to nixos-25.05 (nixpkgs-rev, or HOP3_NIXPKGS on the server), or install a newer Nix on the server.',
  },
];

function advised(attribute: string): string | undefined {
  const removed = successorOf(attribute);
  return removed === null ? undefined : `nixpkgs has no ${removed.attribute} any more. ${removed.advice}`;
}

/** The sentence may name the attribute itself, in quotes or not, or only tell of it. */
function removedIn(sentence: string): string | undefined {
  for (const word of sentence.match(/[A-Za-z][A-Za-z0-9_-]+/g) ?? []) {
    const removed = successorOf(word);
    if (removed !== null) return removed.advice;
  }
  return successorIn(sentence)?.advice;
}

/** Nix's own guess at what was meant. */
function near(failure: NixFailure): string {
  const guess = failure.lines.map((line) => /^\s*Did you mean (?:one of )?(.*)\?$/.exec(line)?.[1]).find((found) => found !== undefined);
  return guess === undefined ? '' : ` It has ${guess}.`;
}

function system(failure: NixFailure): string {
  const found = failure.lines.map((line) => /hostPlatform\.(?:system|config) = "([^"]+)"/.exec(line)?.[1]).find((each) => each !== undefined);
  return found === undefined ? '' : ` (${found})`;
}
