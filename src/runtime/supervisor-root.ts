import { chmodSync, lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync, type Stats } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { Hop3Error } from '../errors.ts';
import type { Paths } from '../paths.ts';
import type { Settings } from '../settings.ts';

/** Goes up when what lies below HOP3_ROOT can no longer be read by an older Hop3. */
const LAYOUT_VERSION = 1;
/** What may lie in a directory that was never a HOP3_ROOT: a home's dot files, a mount point's own, what an installer put there first. */
const HARMLESS = /^(?:\.|lost\+found$|admin\.token$|secret\.key$|hop3\.db)/;

/**
 * Makes HOP3_ROOT and what every part expects to find in it, all 0700. Safe to repeat.
 * @throws Hop3Error HOP3_ROOT_USER as root; HOP3_ROOT_DIR when the directory cannot be made, is another user's, holds
 * somebody else's files, or was made by a newer Hop3
 */
export function prepareRoot(paths: Paths, settings: Pick<Settings, 'root'>): void {
  refuseRoot(settings.root);
  const made = makeDir(paths.root);
  const names = readdirSync(paths.root);
  if (!made && !names.includes('version')) refuseForeign(paths, names);
  checkVersion(paths);
  const dirs = [paths.run, paths.services, paths.ownServices, paths.nginx, join(paths.nginx, 'tmp'), paths.serverLogs, paths.toolHome, paths.checkouts, paths.repos, paths.apps, paths.addons];
  for (const dir of dirs) makeDir(dir);
  writeFileSync(join(paths.root, 'version'), `${LAYOUT_VERSION}\n`, { mode: 0o600 });
}

/** @throws Hop3Error HOP3_ROOT_USER */
export function refuseRoot(root: string, uid: number | undefined = process.getuid?.()): void {
  if (uid !== 0) return;
  throw new Hop3Error('HOP3_ROOT_USER', {
    what: 'Hop3 does not run as root.',
    why: 'It runs what others push; nothing of that may have the rights of root.',
    next: [
      'Start it as an ordinary user that owns HOP3_ROOT, for example:',
      `  useradd --system --user-group hop3; install -d -o hop3 -g hop3 -m 700 ${root}`,
      `  runuser -u hop3 -- env HOP3_ROOT=${root} hop3 up`,
    ].join('\n'),
  });
}

/** Gives whether it had to be made. */
function makeDir(dir: string): boolean {
  let found: Stats | null;
  try {
    found = lstatSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw cannotUse(dir, error);
    found = null;
  }
  try {
    if (found === null) {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      return true;
    }
    const target = found.isSymbolicLink() ? lstatSync(`${dir}/.`) : found;
    if (!target.isDirectory()) throw new Hop3Error('HOP3_ROOT_DIR', { what: `${dir} is not a directory.`, next: 'Move it away, or set HOP3_ROOT to another directory.' });
    checkOwner(dir, target);
    if ((target.mode & 0o777) !== 0o700) chmodSync(dir, 0o700);
    return false;
  } catch (error) {
    throw error instanceof Hop3Error ? error : cannotUse(dir, error);
  }
}

function checkOwner(dir: string, found: Stats): void {
  const { uid, username } = userInfo();
  if (found.uid === uid) return;
  throw new Hop3Error('HOP3_ROOT_DIR', {
    what: `${dir} belongs to the user with the number ${found.uid}, and this is ${username} (${uid}).`,
    why: 'Everything below HOP3_ROOT belongs to the one user that Hop3 runs as.',
    next: `Start Hop3 as that user, or give it the directory: sudo chown -R ${username}: ${dir}`,
  });
}

function cannotUse(dir: string, error: unknown): Hop3Error {
  return new Hop3Error('HOP3_ROOT_DIR', {
    what: `${dir} cannot be made or used: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`,
    next: `Make it: sudo install -d -o ${userInfo().username} -m 700 ${dir}\nOr set HOP3_ROOT to a directory of your own.`,
    cause: error,
  });
}

/** A wrong HOP3_ROOT must not turn somebody's home directory into a server's. */
function refuseForeign(paths: Paths, names: readonly string[]): void {
  const own = new Set([paths.run, paths.services, paths.ownServices, paths.nginx, paths.serverLogs, paths.toolHome, paths.checkouts, paths.repos, paths.apps, paths.addons, paths.databaseCopies, paths.restored]);
  const foreign = names.filter((name) => !HARMLESS.test(name) && !own.has(join(paths.root, name)));
  if (foreign.length === 0) return;
  throw new Hop3Error('HOP3_ROOT_DIR', {
    what: `${paths.root} holds files that are not Hop3's: ${foreign.slice(0, 5).join(', ')}${foreign.length > 5 ? ' ...' : ''}.`,
    next: 'Set HOP3_ROOT to a new or empty directory.',
  });
}

function checkVersion(paths: Paths): void {
  let text: string;
  try {
    text = readFileSync(join(paths.root, 'version'), 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw cannotUse(paths.root, error);
  }
  if (/^\d+$/.test(text) && Number(text) <= LAYOUT_VERSION) return;
  throw new Hop3Error('HOP3_ROOT_DIR', {
    what: `${paths.root} was written by a newer Hop3 (layout ${text.slice(0, 20)}; this one knows ${LAYOUT_VERSION}).`,
    next: 'Install the newer Hop3 again, or set HOP3_ROOT to another directory.',
  });
}
