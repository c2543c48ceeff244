import { at, type Cause } from './model.ts';
import { PACKAGES } from './packages.ts';

/** Files that a tool makes, and how. */
const MADE_BY: Readonly<Record<string, string>> = {
  'gemset.nix': 'bundix -l makes it from Gemfile.lock (nix-shell -p bundix --run "bundix -l").',
  'Gemfile.lock': 'bundle lock makes it.',
  'composer.lock': 'composer update makes it.',
  'package-lock.json': 'npm install --package-lock-only makes it.',
  'pnpm-lock.yaml': 'pnpm install --lockfile-only makes it.',
  'go.sum': 'go mod tidy makes it.',
  'deps.json': "nixpkgs' mitmCache.updateScript makes it: its manual says how under Gradle.",
  'requirements.txt': 'pip-compile --generate-hashes makes it, or uv export.',
};

function madeBy(path: string): string {
  const how = MADE_BY[path.slice(path.lastIndexOf('/') + 1)];
  return how === undefined ? '' : ` ${how}`;
}

/** What can go wrong before anything is built. */
export const EVALUATION: readonly Cause[] = [
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
  ...PACKAGES,
  {
    // Paths of the app's own tree have been shortened to relative ones; an absolute one is somebody else's.
    pattern: /error: (?:getting status of|opening file|reading symbolic link) '([^/'][^']*)': No such file or directory/, code: 'HOP3_EVAL_FILE',
    what: (m, f) => `${at(f)}${m[1]} is not in the pushed tree.`,
    next: (m) => `Is it committed? git ls-files ${m[1]} prints it if so; what .gitignore names is left out.${madeBy(m[1]!)}`,
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
