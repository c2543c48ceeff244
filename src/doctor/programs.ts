import { findProgram, postgresBinDirs } from '../addons/programs.ts';
import { run } from '../run.ts';
import { currentAddonTypes } from './database.ts';
import { fail, ok, warn, type Finding, type Look } from './model.ts';

interface Program {
  readonly name: string;
  /** The Debian package that has it. */
  readonly apt: string;
  /** How it tells its version, and the least that will do. */
  readonly version?: { readonly args: readonly string[]; readonly least: readonly [number, number]; readonly why: string };
}

const PROGRAMS: readonly Program[] = [
  // proc-receive hooks came with 2.29.
  { name: 'git', apt: 'git', version: { args: ['--version'], least: [2, 29], why: 'hooks that answer for a ref (proc-receive)' } },
  { name: 'nginx', apt: 'nginx-light', version: { args: ['-v'], least: [1, 18], why: 'the switch of releases was tried from there on' } },
  { name: 's6-svscan', apt: 's6' },
  { name: 's6-svunlink', apt: 's6' },
  { name: 's6-envdir', apt: 's6' },
  { name: 'tini', apt: 'tini' },
  { name: 'bwrap', apt: 'bubblewrap', version: { args: ['--version'], least: [0, 8], why: '--disable-userns' } },
  { name: 'tar', apt: 'tar' },
  { name: 'prlimit', apt: 'util-linux' },
  { name: 'nix-build', apt: 'nix-bin' },
];

const ADDON_PROGRAMS: Readonly<Record<string, readonly { readonly name: string; readonly apt: string }[]>> = {
  postgres: [{ name: 'postgres', apt: 'postgresql' }, { name: 'pg_dump', apt: 'postgresql-client' }],
  mysql: [{ name: 'mariadbd', apt: 'mariadb-server' }, { name: 'mariadb-dump', apt: 'mariadb-client' }],
  redis: [{ name: 'redis-server', apt: 'redis-server' }],
};

export const lookAtPrograms: readonly Look[] = [
  { name: 'node', look: () => [nodeVersion(process.versions.node)] },
  ...PROGRAMS.map((program) => ({ name: program.name, look: async () => [await lookFor(program)] })),
  { name: 'addon programs', look: ({ paths }) => Object.keys(ADDON_PROGRAMS).map((type) => addonPrograms(type, currentAddonTypes(paths).includes(type))) },
  { name: 'sandbox', look: async () => [await startSandbox()] },
];

function nodeVersion(version: string): Finding {
  const major = Number(version.split('.')[0]);
  return major >= 20 && major < 23 ? ok('node', version) : fail('node', `${version}; Hop3 runs on 20 and 22`, 'Install Node 20 or 22: https://nodejs.org/en/download');
}

async function lookFor({ name, apt, version }: Program): Promise<Finding> {
  const found = findProgram(name);
  if (found === null) return fail(name, 'is not installed', `apt-get install ${apt}`);
  if (!version) return ok(name, found);
  const finished = await run({ file: found, args: version.args, limit: 10 });
  const [, text, major, minor] = /((\d+)\.(\d+)[.\d]*)/.exec(`${finished.stdout}\n${finished.tail.join('\n')}`) ?? [];
  if (text === undefined) return warn(name, `${found} does not tell its version`, `Try it: ${found} ${version.args.join(' ')}`);
  const [least, more] = version.least;
  const enough = Number(major) > least || (Number(major) === least && Number(minor) >= more);
  return enough ? ok(name, text) : fail(name, `${text} is too old: ${least}.${more} is needed for ${version.why}`, `Upgrade the distribution, or install a newer ${apt}`);
}

/** Nobody needs a database server before an app asks for one. */
function addonPrograms(type: string, needed: boolean): Finding {
  const name = `addons: ${type}`;
  const missing = ADDON_PROGRAMS[type]!.filter((program) => findProgram(program.name, type === 'postgres' ? postgresBinDirs() : []) === null);
  if (missing.length === 0) return ok(name, 'can be run here');
  const text = `${missing.map((one) => one.name).join(' and ')} is not installed`;
  const remedy = `apt-get install ${[...new Set(missing.map((one) => one.apt))].join(' ')}`;
  return needed ? fail(name, `${text}, and there is an addon of that kind`, remedy) : ok(name, `${text}; no app asks for one (${remedy})`);
}

/** The chain that every process of an app is started by. */
async function startSandbox(): Promise<Finding> {
  const view = ['--ro-bind', '/usr', '/usr', ...['bin', 'lib', 'lib64', 'sbin'].flatMap((dir) => ['--symlink', `usr/${dir}`, `/${dir}`]), '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'];
  const args = [
    '-s', '-g', '-p', 'SIGTERM', '--', 'env', '--ignore-signal=TERM', 'bwrap', '--unshare-user', '--uid', '1000', '--gid', '1000', '--disable-userns', '--unshare-pid', '--unshare-ipc',
    '--die-with-parent', '--cap-drop', 'ALL', ...view, '--', 'env', '--default-signal=TERM', 'true',
  ];
  const finished = await run({ file: 'tini', args, limit: 20 }).catch(() => null);
  if (finished?.code === 0) return ok('sandbox', 'bubblewrap with a user namespace starts');
  return fail('sandbox', `bubblewrap could not start a sandbox${finished === null ? ': tini is not installed' : `: ${finished.tail.at(-1) ?? 'it says nothing'}`}`, [
    'The kernel must let this user make user namespaces:',
    '  sysctl kernel.unprivileged_userns_clone=1                 (Debian, where it is 0)',
    '  sysctl kernel.apparmor_restrict_unprivileged_userns=0     (Ubuntu 24.04 and newer)',
    '  sysctl user.max_user_namespaces                           (must not be 0)',
    'In a container: run it with a seccomp profile that allows unshare and mount.',
  ].join('\n'));
}
