import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import { BackupWriter, type Manifest } from '../backup-format.ts';
import { keyCheck, sealSecrets } from '../backup-key.ts';
import { asHop3Error, Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';
import { failure, run } from '../run.ts';
import { VERSION } from '../version.ts';
import type { Host } from './job.ts';

/** Seconds that reading one app's files may take. */
const TAR_LIMIT = 6 * 3600;
/** Of an app's directory: what it wrote, and the logs of its builds. Slots, processes and their logs belong to the machine. */
const APP_PARTS = ['data', 'builds', 'maintenance'];
/** Being received or written: not there yet, for whoever reads the repository later. */
const GIT_UNFINISHED = ['objects/incoming-*', 'objects/tmp_objdir-*', 'objects/pack/tmp_*', '*.lock'];
const MOST_NOTES = 50;

type BackedUp = Pick<Host, 'settings' | 'paths' | 'store' | 'addons'>;

/**
 * Writes a backup of the whole server while everything runs. The database comes first and is one state; repositories come after it, so that
 * every commit it names is there; each addon's dump is one state by its own means; an app's files are read as they are.
 * @param passphrase encrypts the key of the stored secrets; null leaves the key out
 * @throws Hop3Error when it could not be finished, which `out` tells as well
 */
export async function writeBackup(host: BackedUp, passphrase: string | null, out: Writable, signal: AbortSignal): Promise<void> {
  const { paths, store } = host;
  const scratch = join(paths.run, `backup-${process.pid}-${Date.now()}`);
  const backup = new BackupWriter(out);
  const notes: string[] = [];
  try {
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    const secretKey = await readFile(host.settings.secretKeyFile, 'utf8');
    const copy = store.copyTo(scratch);
    // A change of the key between the two would leave a database that the key in the backup does not open.
    if (secretKey !== (await readFile(host.settings.secretKeyFile, 'utf8'))) throw new Hop3Error('HOP3_BACKUP_BUSY', { what: 'The key of the stored secrets is being changed.', next: 'Try again when that has ended.' });
    const manifest: Manifest = {
      hop3: VERSION, schema: store.schema, createdAt: new Date().toISOString(), domain: host.settings.domain,
      apps: store.apps.list().map(({ name, live }) => ({ name, live })),
      addons: store.addons.list().map(({ name, type, server }) => ({ name, type, server })),
      key: passphrase === null ? 'left out' : 'encrypted', keyCheck: keyCheck(secretKey),
    };
    await backup.text({ kind: 'manifest', name: '' }, JSON.stringify(manifest));
    if (passphrase !== null) {
      const adminToken = await readFile(host.settings.adminTokenFile, 'utf8');
      await backup.text({ kind: 'key', name: '' }, await sealSecrets({ secretKey, adminToken }, passphrase));
    }
    await backup.part({ kind: 'database', name: '' }, (sink) => pipeline(createReadStream(copy), sink, { end: false }));
    for (const { name } of store.apps.list()) {
      await backup.part({ kind: 'repo', name }, (sink) => tarRepo(host, name, sink, notes, signal));
      await backup.part({ kind: 'app', name }, (sink) => tarApp(host, name, sink, notes, signal));
    }
    for (const { name, server } of store.addons.list()) {
      const addon = host.addons.get(name);
      if (server === 'operator' || addon === null) continue;
      const context = host.addons.context(addon, () => {}, signal);
      await backup.part({ kind: 'addon', name }, (sink) => host.addons.driver(addon.type).dump(addon, sink, context));
    }
    for (const { name } of manifest.addons.filter(({ server }) => server === 'operator')) notes.push(`${name} lies on a database server of your own, whose backup is yours: only its address is here`);
    await backup.text({ kind: 'notes', name: '' }, JSON.stringify(notes.slice(0, MOST_NOTES)));
    if (signal.aborted) throw new Hop3Error('HOP3_CANCELLED', { what: 'The backup was cancelled.' });
    await backup.end();
  } catch (error) {
    const { what, next } = asHop3Error(error);
    await backup.abandon(JSON.stringify({ what, next }));
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Refs before objects: what a ref names that moves meanwhile is read after it. */
async function tarRepo(host: BackedUp, app: AppName, sink: Writable, notes: string[], signal: AbortSignal): Promise<void> {
  const repo = host.paths.repo(app);
  const names = (await readdir(repo)).sort((a, b) => Number(a === 'objects') - Number(b === 'objects') || (a < b ? -1 : 1));
  await tar(repo, names, GIT_UNFINISHED, sink, `the repository of ${app}`, notes, signal);
}

async function tarApp(host: BackedUp, app: AppName, sink: Writable, notes: string[], signal: AbortSignal): Promise<void> {
  const dir = host.paths.app(app);
  const there = await readdir(dir);
  await tar(dir, APP_PARTS.filter((name) => there.includes(name)), [], sink, `the data of ${app}`, notes, signal);
}

async function tar(dir: string, names: readonly string[], exclude: readonly string[], sink: Writable, what: string, notes: string[], signal: AbortSignal): Promise<void> {
  const args = ['--create', '--file=-', '--sparse', '--ignore-failed-read', '--warning=no-file-changed', '--warning=no-file-ignored', `--directory=${dir}`, ...exclude.map((pattern) => `--exclude=${pattern}`), '--', ...names.map((name) => `./${name}`)];
  const command = { file: 'tar', args, limit: TAR_LIMIT };
  const finished = await run(command, { stdout: sink, signal, onLine: (line) => { if (notes.length < MOST_NOTES) notes.push(`${what}: ${line.replace(/^tar: /, '')}`); } });
  // 1: a file changed or went while it was read, which is no failure of an app that runs.
  if (finished.cancelled || finished.timedOut || finished.signal !== null || (finished.code ?? 2) > 1) throw failure(command, finished);
}
