import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Hop3Error } from '../errors.ts';
import type { PushLog } from '../log.ts';
import { isStorePath } from '../names.ts';
import { INSTALL_DIR, Paths } from '../paths.ts';
import { run, runOk } from '../run.ts';
import type { Settings } from '../settings.ts';
import type { PackageSet } from './model.ts';
import { nixEnv } from './nix-command.ts';
import { nixDaemonError } from './nix-failure.ts';
import { nixpkgsTarball } from './nixpkgs-source.ts';
import { builtInPin } from './pins.ts';
import { addRoot } from './store.ts';
import { nixString } from './quote.ts';

type SetSettings = Pick<Settings, 'root' | 'nixpkgs'>;

/** Seconds for the one download of a pinned nixpkgs: about 40 MB, and 250 MB to unpack. */
const FETCH_LIMIT = 900;

/**
 * Finds what `<nixpkgs>` is for builds, by the setting HOP3_NIXPKGS. A pin is fetched once and kept by a GC root. Nothing
 * falls back to another set: what a build is made of never changes without a word.
 * @throws Hop3Error HOP3_NIXPKGS_UNREACHABLE, HOP3_NIXPKGS_PATH, HOP3_NIX_DAEMON
 */
export async function resolvePackageSet(settings: SetSettings, log: PushLog): Promise<PackageSet> {
  const { nixpkgs } = settings;
  switch (nixpkgs.kind) {
    case 'host':
      return hostSet();
    case 'path':
      return pathSet(nixpkgs.path);
    case 'revision':
      return fetchPin({ title: `nixpkgs ${nixpkgs.rev.slice(0, 12)}`, rev: nixpkgs.rev, sha256: nixpkgs.sha256 }, settings, log);
    case 'built-in': {
      const pin = builtInPin(await runOk({ file: 'nix-build', args: ['--version'], limit: 60, env: nixEnv() }));
      return fetchPin({ title: `${pin.branch} (${pin.rev.slice(0, 12)})`, rev: pin.rev, sha256: pin.sha256 }, settings, log);
    }
  }
}

async function hostSet(): Promise<PackageSet> {
  const path = join(INSTALL_DIR, 'nix-templates', 'host');
  await mustBeNixpkgs(path, "Hop3's own package set");
  const hash = createHash('sha256');
  for (const file of await filesBelow(path)) hash.update(`${file}\0`).update(await readFile(join(path, file))).update('\0');
  // Its packages are the distribution's programs, so they change with it.
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const point = await readFile('/etc/debian_version', 'utf8').catch(() => '');
  hash.update(/^VERSION=.*$/m.exec(release)?.[0] ?? release).update(point);
  const name = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1] ?? 'this distribution';
  return {
    kind: 'host', path: await realpath(path), id: `host:${hash.digest('hex').slice(0, 32)}`,
    title: `host: the programs of ${name}; builds are not reproducible`,
  };
}

async function pathSet(path: string): Promise<PackageSet> {
  await mustBeNixpkgs(path, `HOP3_NIXPKGS=${path}`);
  const real = await realpath(path);
  const version = (await readFile(join(real, '.version'), 'utf8').catch(() => '')).trim();
  const revision = await gitRevision(real) ?? await readFile(join(real, '.git-revision'), 'utf8').then((text) => text.trim(), () => null);
  // A directory that says nothing of its state may have changed whenever its entry file did.
  const state = isStorePath(real) ? 'store' : revision ?? `changed ${(await stat(join(real, 'default.nix'))).mtimeMs}`;
  const shown = [version, revision?.slice(0, 12)].filter((text) => text).join(' ');
  return { kind: 'path', path: real, id: `path:${real}:${version}:${state}`, title: shown === '' ? path : `${path} (${shown})` };
}

async function gitRevision(directory: string): Promise<string | null> {
  const finished = await run({ file: 'git', args: [`--git-dir=${join(directory, '.git')}`, 'rev-parse', '--verify', 'HEAD'], limit: 20 });
  return finished.code === 0 ? finished.stdout.trim() : null;
}

interface Pin {
  readonly title: string;
  readonly rev: string;
  readonly sha256: string;
}

async function fetchPin(pin: Pin, settings: SetSettings, log: PushLog): Promise<PackageSet> {
  const home = new Paths(settings.root).toolHome;
  const url = nixpkgsTarball(pin.rev);
  const expression = `builtins.fetchTarball { url = ${nixString(url).text}; sha256 = ${nixString(pin.sha256).text}; }`;
  // Nothing is downloaded when the store has it; then these lines would only puzzle.
  const announce = setTimeout(() => log.line(`Fetching ${pin.title} from ${url} (once; at most ${FETCH_LIMIT} s)`), 1000);
  const command = {
    file: 'nix-instantiate', limit: FETCH_LIMIT, env: nixEnv(home),
    // Without a way out, two tries tell as much as nix' five, and a silent network is given up after seconds.
    args: ['--eval', '--read-write-mode', '--json', '--option', 'download-attempts', '2', '--option', 'connect-timeout', '20', '-E', expression],
  };
  const finished = await run(command).finally(() => clearTimeout(announce));
  if (finished.code !== 0 || finished.timedOut) {
    const daemon = nixDaemonError(finished.tail);
    throw daemon ?? unreachable(pin, url, finished.timedOut ? `It took more than ${FETCH_LIMIT} s.` : errorLines(finished.tail));
  }
  const path: unknown = JSON.parse(finished.stdout);
  if (typeof path !== 'string' || !isStorePath(path)) throw new TypeError('fetchTarball gave no store path');
  await addRoot(join(home, `nixpkgs-${pin.rev.slice(0, 12)}`), path);
  return { kind: 'pin', path, id: `pin:${pin.rev}:${pin.sha256}`, title: pin.title };
}

/** Nix's errors without its warnings about each try. */
function errorLines(tail: readonly string[]): string {
  const errors = tail.filter((line) => line.startsWith('error:'));
  return (errors.length > 0 ? errors : tail.slice(-4)).join('\n');
}

function unreachable(pin: Pin, url: string, why: string): Hop3Error {
  return new Hop3Error('HOP3_NIXPKGS_UNREACHABLE', {
    what: `${pin.title} could not be fetched from ${url}.`,
    why,
    next: [
      'Let the server reach github.com, or choose another package set and restart it:',
      'HOP3_NIXPKGS=/path/to/nixpkgs   a tree you brought there',
      "HOP3_NIXPKGS=host               the distribution's own programs (builds are not reproducible)",
    ].join('\n'),
  });
}

async function mustBeNixpkgs(path: string, what: string): Promise<void> {
  const entry = join(path, 'default.nix');
  const found = await stat(entry).catch((error: NodeJS.ErrnoException) => error.code ?? 'unreadable');
  if (typeof found !== 'string' && found.isFile()) return;
  throw new Hop3Error('HOP3_NIXPKGS_PATH', {
    what: `${what} is not a package set: ${entry} ${typeof found === 'string' ? `cannot be read (${found})` : 'is not a file'}.`,
    next: 'Set HOP3_NIXPKGS to the top of a nixpkgs tree that the user of the server may read.',
  });
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.path, entry.name).slice(directory.length + 1)).sort();
}
