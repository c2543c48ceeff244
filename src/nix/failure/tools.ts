import type { ErrorCode } from '../../error-catalog.ts';
import type { NixFailure } from './model.ts';

/** What the tools that fetch and install packages say, and what it means in a build. */
interface Said {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  what(match: RegExpExecArray): string;
  readonly next: string;
}

const SAID: readonly Said[] = [
  {
    // A template's own look at what a key names.
    pattern: /^error: (\[nix\] .*)$/m, code: 'HOP3_TEMPLATE_FIELD',
    what: (m) => m[1]!,
    next: 'Correct it in hop3.toml, commit, and push again.',
  },
  {
    pattern: /error: (the host package set has no .*)/, code: 'HOP3_BUILD_FAILED',
    what: (m) => m[1]!,
    next: 'The host set is made of the programs of the server: install it there, or set HOP3_NIXPKGS to a real nixpkgs.',
  },
  {
    pattern: /ERROR: (\S+\.whl) is not a supported wheel on this platform/, code: 'HOP3_BUILD_WHEEL',
    what: (m) => `${m[1]} is a wheel for another Python or another system.`,
    next: 'Lock the packages anew with the Python that runtime-package names, and drop the hash of the packages.',
  },
  {
    pattern: /ERROR: No matching distribution found for ([^\s(]+)/, code: 'HOP3_BUILD_WHEEL',
    what: (m) => `pip found no wheel of ${m[1]} for this Python and this system.`,
    next: 'Its wheels may be for another Python (runtime-package chooses it), or this version is gone from the index. "from versions:" above lists what there is.',
  },
  {
    pattern: /npm (?:error|ERR!) (?:code )?ENOTCACHED[\s\S]*?request to (\S+) failed/, code: 'HOP3_BUILD_OFFLINE',
    what: (m) => `npm wanted ${m[1]}, which package-lock.json does not name, and a build step has no network.`,
    next: 'Run npm install, commit package-lock.json with package.json, and take the hash of the packages out so that it is made anew.',
  },
  {
    pattern: /npm (?:error|ERR!) `npm ci` can only install packages when/, code: 'HOP3_BUILD_LOCK_FILE',
    what: () => 'package.json and package-lock.json do not fit together.',
    next: 'Run npm install and commit both.',
  },
  {
    pattern: /ERR_PNPM_NO_OFFLINE_TARBALL\s+.*downloaded from (\S+?)\.?\s*$/m, code: 'HOP3_BUILD_OFFLINE',
    what: (m) => `pnpm wanted ${m[1]}, which is not among the fetched packages.`,
    next: 'Commit pnpm-lock.yaml with package.json, and take the hash of the packages out so that it is made anew.',
  },
  {
    pattern: /ERR_PNPM_OUTDATED_LOCKFILE/, code: 'HOP3_BUILD_LOCK_FILE',
    what: () => 'pnpm-lock.yaml does not fit package.json.',
    next: 'Run pnpm install --lockfile-only and commit both.',
  },
  {
    pattern: /missing go\.sum entry for (?:module providing package )?(\S+)/, code: 'HOP3_BUILD_LOCK_FILE',
    what: (m) => `go.sum has no line for ${m[1]}.`,
    next: 'Run go mod tidy and commit go.mod and go.sum.',
  },
  {
    pattern: /vendor folder (is empty|exists), please set 'vendorHash = null;'/, code: 'HOP3_BUILD_LOCK_FILE',
    what: (m) => (m[1] === 'is empty' ? 'Go has no modules to fetch here.' : 'vendor/ is committed, so there are no modules to fetch.'),
    next: 'Put go-vendor-hash = "none" under [nix].',
  },
  {
    pattern: /main module \(\S+\) does not contain package (\S+)/, code: 'HOP3_BUILD_FAILED',
    what: (m) => `${m[1]} is a module of its own below this one, and go does not build it from here.`,
    next: 'Name the programs to build: go-sub-packages = ["."] is the top of the module.',
  },
  {
    pattern: /note: module requires Go (\S+)|invalid go version '([^']+)': must match format/, code: 'HOP3_BUILD_TOO_OLD',
    what: (m) => `go.mod asks for Go ${m[1] ?? m[2]}, and the package set has an older one.`,
    next: 'Name a newer one with go-version, or lower the "go" line of go.mod.',
  },
  {
    pattern: /go: go\.mod requires go >= (\S+) \(running go (\S+);/, code: 'HOP3_BUILD_TOO_OLD',
    what: (m) => `go.mod asks for Go ${m[1]!.replace(/;$/, '')}, and the package set has ${m[2]!.replace(/;$/, '')}.`,
    next: 'Name a newer one with go-version, or lower the "go" line of go.mod.',
  },
  {
    pattern: /module lookup disabled by GOPROXY=off|is explicitly required in go\.mod, but not marked as explicit|dial tcp: lookup proxy\.golang\.org|cannot find module providing package (\S+): import lookup disabled/, code: 'HOP3_BUILD_OFFLINE',
    what: () => 'go wanted a module that is not among the fetched ones, and a build step has no network.',
    next: 'Run go mod tidy (and go mod vendor where vendor/ is committed), commit, and set go-vendor-hash: "none" is for modules without dependencies.',
  },
  {
    pattern: /The "(https?:[^"]+)"\s+file\s+could\s+not\s+be\s+downloaded/, code: 'HOP3_BUILD_OFFLINE',
    what: (m) => `composer wanted ${m[1]!.replace(/\s+/g, '')}, and could not reach it.`,
    next: 'Commit composer.lock with composer.json; what it names is fetched where composer-deps-hash stands for it.',
  },
  {
    pattern: /Could not find (?:gem '[^']+'|\S+-[0-9]\S*) in (?:any of the sources|cached gems|locally installed gems)/, code: 'HOP3_BUILD_LOCK_FILE',
    what: (m) => `bundler: ${m[0].replace(/^C/, 'c')}; gemset.nix does not have what Gemfile asks for.`,
    next: 'Run bundle lock and bundix, and commit Gemfile.lock and gemset.nix.',
  },
  {
    pattern: /deployment mode after changing|(?:because|as) frozen mode is set|can't be updated because .* frozen/, code: 'HOP3_BUILD_LOCK_FILE',
    what: () => 'bundler: Gemfile and Gemfile.lock do not fit together.',
    next: 'Run bundle lock and bundix, and commit Gemfile, Gemfile.lock and gemset.nix.',
  },
  {
    pattern: /Your Ruby version is (\S+), but your Gemfile specified (\S+)/, code: 'HOP3_BUILD_TOO_OLD',
    what: (m) => `Gemfile asks for Ruby ${m[2]}, and runtime-package is Ruby ${m[1]}.`,
    next: 'Name that Ruby under [nix], for example runtime-package = "ruby_3_4", or take the ruby line out of Gemfile.',
  },
  {
    pattern: /curl: \(22\) The requested URL returned error: (\d+)/, code: 'HOP3_BUILD_FETCH',
    what: (m) => `The server of a download answered ${m[1]}${m[1] === '404' ? ' (there is no such file)' : ''}.`,
    next: 'Check the address in hop3.toml, and that the version was released under this name.',
  },
  {
    pattern: /curl: \((?:6|7|28|35|60)\) (.*)|getaddrinfo (?:EAI_AGAIN|ENOTFOUND) (\S+)/, code: 'HOP3_BUILD_FETCH',
    what: (m) => `A download failed: ${m[1] ?? `${m[2]} is not known`}.`,
    next: 'If the server has no way to this address, it must be fetched another way. Only what has a hash is fetched with a network; other build steps have none.',
  },
  {
    pattern: /^(?:cp|mv|install|ln): cannot stat '([^'*]+)': No such file or directory$/m, code: 'HOP3_BUILD_FAILED',
    what: (m) => `there is no ${m[1]} where the step runs.`,
    next: 'Is it committed, or made by a step before? A path in a build step is relative to the source.',
  },
];

/** The one sentence of a template's step that gives up; stdenv's own say only which phase it was. */
const TEMPLATE_GIVES_UP = /^error: (?!builder for |\d+ dependencies |\w+ failed with exit code|could not download )(.*)$/m;

/** What a tool's own words in the output of a build step mean, or null. */
export function saidByTool(failure: NixFailure): { code: ErrorCode; what: string; next?: string } | null {
  // Nix repeats the last lines behind "> ".
  const text = failure.lines.map((line) => line.replace(/^\s*> ?/, '')).join('\n');
  for (const said of SAID) {
    const match = said.pattern.exec(text);
    if (match !== null) return { code: said.code, what: said.what(match), next: said.next };
  }
  const own = failure.hashes === undefined ? null : TEMPLATE_GIVES_UP.exec(text);
  return own === null ? null : { code: 'HOP3_BUILD_FAILED', what: own[1]! };
}
