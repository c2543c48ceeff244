import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Manifest } from '../backup-format.ts';
import { Hop3Error } from '../errors.ts';
import { Paths } from '../paths.ts';
import { isUp, refuseRoot } from '../runtime/supervisor.ts';
import type { Settings } from '../settings.ts';
import { stageOf, unpackBackup, type Opener } from './unpack-backup.ts';

/** What may lie in a directory that is to be filled. */
const HARMLESS = /^(?:\.bash|\.profile$|\.cache$|\.local$|\.config$|lost\+found$)/;

export interface RestoreOptions {
  readonly settings: Settings;
  /** `-` is standard input. */
  readonly file: string;
  readonly opener: Opener;
  readonly tell: (line: string) => void;
}

/**
 * Fills an empty HOP3_ROOT with what a backup holds. Everything is unpacked beside its place and checked to the last byte before the first file is
 * moved; whatever fails leaves the root as empty as it was. Nothing is started.
 * @returns what the backup says of itself, and whether the administrator's token came with it
 * @throws Hop3Error HOP3_ROOT_USER, HOP3_ROOT_DIR when it is not empty, HOP3_BACKUP, HOP3_BACKUP_KEY, HOP3_DATABASE
 */
export async function restore({ settings, file, opener, tell }: RestoreOptions): Promise<{ readonly manifest: Manifest; readonly adminToken: boolean }> {
  refuseRoot(settings.root);
  const paths = new Paths(settings.root);
  refuseUsed(paths, settings);
  const source = open(file);
  const madeRoot = !existsSync(paths.root);
  const stage = stageOf(paths.root);
  const moved: string[] = [];
  try {
    mkdirSync(paths.root, { recursive: true, mode: 0o700 });
    rmSync(stage.root, { recursive: true, force: true });
    const { manifest, secrets } = await unpackBackup(source, stage, opener, tell);
    writeSecret(settings.secretKeyFile, secrets.secretKey, moved);
    if (secrets.adminToken !== null) writeSecret(settings.adminTokenFile, secrets.adminToken, moved);
    // The database last: without it a server would take the rest for somebody else's.
    const names = readdirSync(stage.root).sort((a, b) => Number(a === basename(stage.database)) - Number(b === basename(stage.database)));
    for (const name of names) {
      renameSync(join(stage.root, name), join(paths.root, name));
      moved.push(join(paths.root, name));
    }
    rmdirSync(stage.root);
    return { manifest, adminToken: secrets.adminToken !== null };
  } catch (error) {
    source.destroy();
    for (const path of [...moved, stage.root]) rmSync(path, { recursive: true, force: true });
    if (madeRoot) rmdirSync(paths.root);
    throw error;
  }
}

function refuseUsed(paths: Paths, settings: Settings): void {
  if (isUp(paths)) throw new Hop3Error('HOP3_ROOT_DIR', { what: `Hop3 runs in ${paths.root}, and a backup is restored only into an empty HOP3_ROOT.`, next: 'Set HOP3_ROOT to another directory. Nothing was changed.' });
  const there = existsSync(paths.root) ? readdirSync(paths.root).filter((name) => !HARMLESS.test(name) && name !== basename(stageOf(paths.root).root)) : [];
  const [secret] = [settings.secretKeyFile, settings.adminTokenFile].filter((name) => existsSync(name));
  if (there.length === 0 && secret === undefined) return;
  throw new Hop3Error('HOP3_ROOT_DIR', {
    what: there.length > 0 ? `${paths.root} is not empty: ${there.slice(0, 5).join(', ')}${there.length > 5 ? ' ...' : ''}.` : `${secret} is there already.`,
    why: 'A backup is restored only into an empty HOP3_ROOT: nothing of two servers is ever mixed. Nothing was changed.',
    next: 'Move away what is there, or set HOP3_ROOT to another directory.',
  });
}

function open(file: string): Readable {
  if (file === '-') return process.stdin;
  if (!existsSync(file)) throw new Hop3Error('HOP3_USAGE', { what: `There is no file ${file}.`, next: 'Nothing was changed.' });
  return createReadStream(file);
}

function writeSecret(file: string, text: string, moved: string[]): void {
  writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  moved.push(file);
}
