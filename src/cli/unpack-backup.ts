import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { damaged, partName, readBackup, type Manifest, type Part } from '../backup-format.ts';
import { keyCheck, openSecrets, type ServerSecrets } from '../backup-key.ts';
import { Hop3Error } from '../errors.ts';
import { parseAppName } from '../names.ts';
import { Paths } from '../paths.ts';
import { failure, run } from '../run.ts';
import { prepareRestored } from '../store/restored.ts';

/** Seconds that unpacking one app's files may take. */
const TAR_LIMIT = 6 * 3600;
/** Bytes of a part that is held as a whole. */
const LARGEST_TEXT = 64 * 1024 * 1024;

/** What opens the key of a backup: the passphrase it was made with, or the key file that was kept apart. */
export type Opener = { readonly kind: 'passphrase'; readonly passphrase: string } | { readonly kind: 'key file'; readonly file: string } | null;

/** A backup unpacked: files below `stage`, laid out as a HOP3_ROOT is. */
export interface Unpacked {
  readonly manifest: Manifest;
  readonly secrets: ServerSecrets | { readonly secretKey: string; readonly adminToken: null };
}

/**
 * Reads a whole backup into a directory. What belongs nowhere, is damaged, or cannot be opened with what was given ends it; the key is tried
 * before anything large is written.
 * @throws Hop3Error HOP3_BACKUP, HOP3_BACKUP_KEY, HOP3_DATABASE
 */
export async function unpackBackup(source: Readable, stage: Paths, opener: Opener, tell: (line: string) => void): Promise<Unpacked> {
  let manifest: Manifest | null = null;
  let secrets: Unpacked['secrets'] | null = null;
  let database = false;
  for (const dir of [stage.root, stage.repos, stage.apps, stage.restored]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  await readBackup(source, async (part, content) => {
    if (part.kind !== 'manifest' && manifest === null) throw damaged('its manifest is not the first part');
    if (part.kind !== 'manifest' && part.kind !== 'key') secrets ??= givenKey(manifest!, opener);
    if (part.name !== '') tell(`restoring ${partName(part)}`);
    switch (part.kind) {
      case 'manifest':
        manifest = JSON.parse(await text(content)) as Manifest;
        writeFileSync(stage.restoredManifest, JSON.stringify(manifest), { mode: 0o600 });
        return;
      case 'key':
        secrets = await openKey(manifest!, await text(content), opener);
        return;
      case 'database':
        await pipeline(content, createWriteStream(stage.database, { mode: 0o600, flags: 'wx' }));
        prepareRestored(stage.database);
        database = true;
        return;
      case 'repo': return untar(content, stage.repo(parseAppName(part.name)), part);
      case 'app': return untar(content, stage.app(parseAppName(part.name)), part);
      case 'addon': return pipeline(content, createWriteStream(stage.restoredDump(part.name), { mode: 0o600, flags: 'wx' }));
      case 'notes': case 'error': case 'end':
        content.resume();
    }
  });
  if (manifest === null || secrets === null || !database) throw damaged('its database is missing');
  return { manifest, secrets };
}

async function openKey(manifest: Manifest, sealed: string, opener: Opener): Promise<Unpacked['secrets']> {
  if (opener?.kind === 'key file') return givenKey(manifest, opener);
  if (opener === null) throw needsKey('The key in this backup is encrypted with a passphrase, and none was given.', 'Give it in a file: --passphrase-file <file>, or - for standard input.');
  const secrets = await openSecrets(sealed, opener.passphrase);
  if (keyCheck(secrets.secretKey) !== manifest.keyCheck) throw damaged('its key is not the one that its database is sealed with');
  return secrets;
}

function givenKey(manifest: Manifest, opener: Opener): Unpacked['secrets'] {
  if (opener?.kind !== 'key file') {
    throw needsKey('The key of the stored secrets was left out of this backup.', 'Give the copy of secret.key that was kept apart: --secret-key-file <file>');
  }
  let secretKey: string;
  try {
    secretKey = readFileSync(opener.file, 'utf8');
  } catch (error) {
    throw needsKey(`${opener.file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, 'It is the copy of secret.key that was kept apart.');
  }
  if (keyCheck(secretKey) !== manifest.keyCheck) throw needsKey(`${opener.file} is not the key that the secrets in this backup are sealed with.`, 'Look for the secret.key of the server at the time of the backup.');
  return { secretKey, adminToken: null };
}

function needsKey(what: string, next: string): Hop3Error {
  return new Hop3Error('HOP3_BACKUP_KEY', { what, why: 'Without it no variable of any app could be read again, so nothing was restored.', next });
}

async function untar(content: Readable, dir: string, part: Part): Promise<void> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const command = { file: 'tar', args: ['--extract', '--file=-', '--preserve-permissions', '--no-same-owner', `--directory=${dir}`], limit: TAR_LIMIT };
  const cut = new AbortController();
  content.once('close', () => { if (!content.readableEnded) cut.abort(); });
  const finished = await run(command, { stdin: content, signal: cut.signal });
  if (finished.code === 0) return;
  throw new Hop3Error('HOP3_BACKUP', { what: `${partName(part)} could not be unpacked: ${failure(command, finished).what}`, why: finished.tail.slice(-4).join('\n'), next: 'Is there room on the disk?' });
}

async function text(content: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_TEXT) throw damaged('a part of it is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The directory that a restore works in, below the root that it fills: one rename from its place. */
export function stageOf(root: string): Paths {
  return new Paths(join(root, '.restore'));
}
