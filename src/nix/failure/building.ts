import { PYTHON_CAUSES } from '../nix-failure-python.ts';
import { derivation, type Cause } from './model.ts';
import { PREBUILT_CAUSES } from './prebuilt.ts';

const DISK_FULL = /No space left on device|Disk quota exceeded|database or disk is full/i;
const FREE_SPACE = 'The disk is full. Free space on the server, for example with nix-collect-garbage, and push again.';
const START_DAEMON = 'On the server: systemctl start nix-daemon, or run nix-daemon as root where there is no systemd.';

/** What a nix client says without its daemon; the file permissions are those of an ordinary user who has none. */
const NO_DAEMON = /cannot connect to (?:socket|daemon)|cannot open connection to remote store|unexpected end-of-file|(?:creating directory|opening lock file|opening file) '\/nix\/[^']*': (?:Permission denied|Read-only file system|No such file)/;

/** Failures that come before anything is built as well as after. */
export const ANY: readonly Cause[] = [
  { pattern: NO_DAEMON, code: 'HOP3_NIX_DAEMON', what: () => 'The Nix daemon does not answer.', next: () => START_DAEMON },
  { pattern: DISK_FULL, code: 'HOP3_BUILD_DISK', what: () => 'The disk is full.', next: () => FREE_SPACE },
];

/** What can go wrong while derivations are built, besides hashes. */
export const BUILDING: readonly Cause[] = [
  ...PYTHON_CAUSES,
  ...PREBUILT_CAUSES,
  {
    pattern: /error: building of '([^']+)' .*timed out after (\d+) seconds( of silence)?/, code: 'HOP3_BUILD_TIMEOUT',
    what: (m) => `Building ${derivation(m[1]!)} ${m[3] ? `printed nothing for ${m[2]} s` : `took more than ${m[2]} s`} and was ended.`,
    next: (m) => `The limit is the server's setting ${m[3] ? 'HOP3_BUILD_SILENCE' : 'HOP3_BUILD_TIMEOUT'}.`,
  },
  {
    pattern: /derivation '([^']+)' has '__noChroot' set/, code: 'HOP3_BUILD_UNSANDBOXED',
    what: (m) => `${derivation(m[1]!)} asks to be built outside the sandbox (__noChroot), and this server does not do that.`,
    next: (_m, f) => (f.settings.allowUnsandboxedBuilds
      ? 'HOP3_ALLOW_UNSANDBOXED_BUILDS is set, but Nix does not know: the operator must write sandbox = relaxed into nix.conf and restart nix-daemon.'
      : 'Take __noChroot out; give what it fetches a hash (fetchurl, or outputHash). An operator can allow it: HOP3_ALLOW_UNSANDBOXED_BUILDS in docs/operations.md.'),
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

/** The line in which a nix program says that it found no daemon, with what to do about it; null when these are about something else. */
export function daemonMissing(lines: readonly string[]): { line: string; next: string } | null {
  const line = lines.find((each) => NO_DAEMON.test(each));
  return line === undefined ? null : { line, next: START_DAEMON };
}
