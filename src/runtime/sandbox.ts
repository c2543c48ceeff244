import { join } from 'node:path';
import { Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';

/** HOME and working directory of every process of an app, as the app sees it: the same on every server. */
export const APP_HOME = '/app/data';
/** Where before-run sees the files of the repository, read-only, when it asks for them. */
export const APP_SOURCE = '/app/source';
/** Where the app's environment lies inside the sandbox. */
export const SANDBOX_ENV = '/run/hop3/env';
export const SANDBOX_INIT = '/run/hop3/init';
/** The user that an app sees itself as; outside it is Hop3's own user. */
export const APP_UID = 1000;

/** What one sandbox shows. All paths are absolute and outside. */
export interface SandboxView {
  readonly app: AppName;
  /** Store paths to show, read-only. */
  readonly closure: readonly string[];
  readonly dataDir: string;
  readonly envDir: string;
  /** Holds the files that etcFiles names. */
  readonly etcDir: string;
  readonly initFile: string;
  /** The files of the repository. */
  readonly sourceDir?: string | undefined;
  /** Bytes that each of the private /tmp and /dev/shm may hold: they are memory. Without it, what the kernel allows. */
  readonly tmpBytes?: number | null | undefined;
}

/**
 * The distribution's configuration that its programs cannot do without: public files, the same on every Debian. Names
 * that are missing on a host are left out.
 */
const HOST_ETC = [
  'alternatives', 'ca-certificates.conf', 'debian_version', 'fonts', 'gai.conf', 'ImageMagick-6', 'java-11-openjdk', 'java-17-openjdk', 'java-21-openjdk', 'ld.so.cache', 'ld.so.conf',
  'ld.so.conf.d', 'localtime', 'mime.types', 'os-release', 'perl', 'php', 'protocols', 'python3', 'python3.11', 'resolv.conf', 'services', 'ssl/certs', 'ssl/openssl.cnf',
  'timezone',
];

// bubblewrap stops at 9,000 arguments in all; three go for each store path and the rest of the view takes about 200.
const MOST_STORE_PATHS = 2900;

/** The files of the sandbox's own /etc: name to text. */
export function etcFiles(app: AppName): Readonly<Record<string, string>> {
  return {
    passwd: `root:x:0:0:root:/root:/usr/sbin/nologin\napp:x:${APP_UID}:${APP_UID}:${app}:${APP_HOME}:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
    group: `root:x:0:\napp:x:${APP_UID}:\nnogroup:x:65534:\n`,
    hosts: `127.0.0.1 localhost ${app}\n::1 localhost ip6-localhost ip6-loopback\n`,
    hostname: `${app}\n`,
    'nsswitch.conf': 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n',
  };
}

/**
 * bubblewrap's arguments for an app's sandbox: its closure and the distribution's /usr read-only, its own data directory,
 * a private /tmp, /proc and /dev, and nothing else. The network is the host's. No `--new-session`: SIGTERM would no
 * longer reach the app.
 * @throws Hop3Error HOP3_CLOSURE_SIZE
 */
export function sandboxArguments(view: SandboxView): string[] {
  if (view.closure.length > MOST_STORE_PATHS) {
    throw new Hop3Error('HOP3_CLOSURE_SIZE', {
      what: `The release needs ${view.closure.length} store paths; ${MOST_STORE_PATHS} can be shown to one app.`,
      next: 'Join them in one derivation (buildEnv with copies, or a wrapper that needs less at run time).',
    });
  }
  const size = view.tmpBytes ? ['--size', String(view.tmpBytes)] : [];
  return [
    '--unshare-user', '--uid', String(APP_UID), '--gid', String(APP_UID),
    // A user namespace of the app's own would give it capabilities to attack the kernel with.
    '--disable-userns',
    '--unshare-pid', '--unshare-ipc', '--unshare-cgroup-try', '--unshare-uts', '--hostname', view.app,
    '--die-with-parent', '--cap-drop', 'ALL',
    ...readOnly('/usr', '/usr'),
    ...['bin', 'lib', 'lib64', 'sbin'].flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]),
    ...Object.keys(etcFiles(view.app)).flatMap((name) => readOnly(join(view.etcDir, name), `/etc/${name}`)),
    ...HOST_ETC.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    '--proc', '/proc',
    '--dev', '/dev', '--perms', '1777', ...size, '--tmpfs', '/dev/shm', '--remount-ro', '/dev',
    '--perms', '1777', ...size, '--tmpfs', '/tmp', '--dir', '/var', '--symlink', '/tmp', '/var/tmp', '--symlink', '/run', '/var/run',
    ...readOnly(view.envDir, SANDBOX_ENV),
    ...readOnly(view.initFile, SANDBOX_INIT),
    '--bind', view.dataDir, APP_HOME,
    ...(view.sourceDir === undefined ? [] : readOnly(view.sourceDir, APP_SOURCE)),
    ...view.closure.flatMap((path) => readOnly(path, path)),
    '--remount-ro', '/',
    '--chdir', APP_HOME,
  ];
}

/** The arguments as `bwrap --args` reads them, which spares them the limits of a command line. */
export function asArgumentFile(args: readonly string[]): string {
  for (const arg of args) if (arg.includes('\0')) throw new TypeError('an argument of the sandbox holds a NUL');
  return args.map((arg) => `${arg}\0`).join('');
}

function readOnly(from: string, to: string): string[] {
  return ['--ro-bind', from, to];
}
