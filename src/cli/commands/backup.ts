import { closeSync, createReadStream, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { once } from 'node:events';
import { ByteCount, partName, readBackup, roomAgain, type Manifest, type Part } from '../../backup-format.ts';
import { SHORTEST_PASSPHRASE } from '../../backup-key.ts';
import { Hop3Error } from '../../errors.ts';
import { readSettings } from '../../settings.ts';
import type { CommandContext, Handler, Options } from '../command-context.ts';
import { followDeploy } from '../deploy-stream.ts';
import type { Opener } from '../unpack-backup.ts';

/** Milliseconds between two lines about how far it is. */
const PROGRESS_MS = 5000;

/** `hop3 backup create [FILE]`: checked while it is written, and under its name only when it is whole. */
export const createBackup: Handler = async (context, [file], options) => {
  const passphrase = chosenPassphrase(options);
  const target = file ?? `hop3-backup-${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}.hop3`;
  if (target !== '-' && existsSync(target)) throw new Hop3Error('HOP3_FILE_EXISTS', { what: `${target} is there already.`, next: 'Name another file.' });
  const client = await context.client();
  const output = new Output(target);
  const copy = new PassThrough();
  const checked = inspect(context, copy);
  // Its error is met below, by whoever waits for it.
  checked.catch(() => copy.destroy());
  try {
    for await (const chunk of client.bytes('/backup', 'POST', { passphrase })) {
      await output.write(chunk);
      if (!copy.destroyed && !copy.write(chunk)) await roomAgain(copy);
    }
    copy.end();
    const seen = await checked;
    output.finish();
    const about = { file: target === '-' ? null : resolve(target), bytes: output.bytes, ...summary(seen) };
    if (target === '-') context.out.note(describe(about));
    else context.out.answer(about, () => describe(about));
  } catch (error) {
    output.discard();
    copy.end();
    // What the server wrote into the stream says more than that the stream ended.
    throw await checked.then(() => error, (told: unknown) => (told instanceof Hop3Error && told.code === 'HOP3_BACKUP' && told.what.startsWith('The server') ? told : error));
  }
};

/** `hop3 backup verify FILE`: reads all of it, and needs neither a server nor the passphrase. */
export const verifyBackup: Handler = async (context, [file]) => {
  const seen = await inspect(context, input(file!));
  context.out.answer({ file: file === '-' ? null : resolve(file!), ...summary(seen) }, () => `${file}: whole\n${describe({ file: file!, bytes: null, ...summary(seen) })}`);
};

/** `hop3 backup restore FILE`: into an empty HOP3_ROOT on this machine; then Hop3 is started and the apps with it. */
export const restoreBackup: Handler = async (context, [file], options) => {
  const { restore } = await import('../restore.ts');
  const { up } = await import('../up.ts');
  const settings = readSettings(context.env);
  const { manifest, adminToken } = await restore({ settings, file: file!, opener: opener(options), tell: (line) => context.out.note(line) });
  context.out.note(`${settings.root} is filled from a backup of ${manifest.createdAt}: ${manifest.apps.length} apps, ${manifest.addons.length} addons`);
  if (!adminToken) context.out.note(`The administrator's token was not in it: a new one is made at the start, in ${settings.adminTokenFile}`);
  if (options['start'] === false) {
    context.out.note('Nothing is started yet. Start Hop3 as you always do, then: hop3 backup finish');
    return;
  }
  await up({ detach: true, env: context.env });
  await finish(context);
};

/** `hop3 backup finish`: databases and apps, after the files of a restore are in place. */
export const finishBackup: Handler = (context) => finish(context);

async function finish(context: CommandContext): Promise<void> {
  const client = await context.client();
  await followDeploy(context, client, 'POST', '/backup/finish', {}, 'What is restored stays; hop3 backup finish goes on where it was.');
  context.out.note('Everything is restored.');
}

interface Seen {
  readonly manifest: Manifest;
  readonly parts: number;
  readonly notes: readonly string[];
}

/** Reads a backup to its end and throws its content away: whole or not, that is the question. */
async function inspect(context: CommandContext, source: Readable): Promise<Seen> {
  let manifest: Manifest | null = null;
  let notes: readonly string[] = [];
  let parts = 0;
  await readBackup(source, async (part, content) => {
    parts += 1;
    if (part.kind === 'manifest') manifest = JSON.parse(await text(content)) as Manifest;
    else if (part.kind === 'notes') notes = JSON.parse(await text(content)) as string[];
    else await pass(context, part, content);
  });
  if (manifest === null) throw new Hop3Error('HOP3_BACKUP', { what: 'This is no whole backup of Hop3: it has no manifest.' });
  return { manifest, parts, notes };
}

async function pass(context: CommandContext, part: Part, content: Readable): Promise<void> {
  const count = new ByteCount();
  const told = () => context.out.note(`${partName(part)}: ${(count.bytes / 1e6).toFixed(1)} MB`);
  const timer = setInterval(told, PROGRESS_MS);
  try {
    const counted = content.once('error', (error) => count.destroy(error)).pipe(count).resume();
    await once(counted, 'end');
    told();
  } finally {
    clearInterval(timer);
  }
}

async function text(content: Readable): Promise<string> {
  let whole = '';
  for await (const chunk of content.setEncoding('utf8') as AsyncIterable<string>) whole += chunk;
  return whole;
}

interface About extends ReturnType<typeof summary> {
  readonly file: string | null;
  readonly bytes: number | null;
}

function summary({ manifest, notes }: Seen) {
  return { created_at: manifest.createdAt, hop3: manifest.hop3, schema: manifest.schema, apps: manifest.apps.map((app) => app.name), addons: manifest.addons.map((addon) => addon.name), key: manifest.key, notes };
}

function describe(about: About): string {
  return [
    ...(about.bytes === null ? [] : [`${about.file ?? 'standard output'}: ${(about.bytes / 1e6).toFixed(1)} MB, read back and whole`]),
    `made ${about.created_at} by Hop3 ${about.hop3}: ${about.apps.length} apps (${about.apps.join(', ') || 'none'}), ${about.addons.length} addons`,
    about.key === 'encrypted'
      ? 'The key of the stored secrets is in it, encrypted: without the passphrase nobody can restore it. Keep that in another place.'
      : 'The key of the stored secrets is NOT in it: keep a copy of secret.key (HOP3_SECRET_KEY_FILE) in another place, or this backup cannot be restored.',
    'What apps wrote and what is in their databases is in it as it is: who has the file can read that.',
    ...about.notes.map((note) => `note: ${note}`),
  ].join('\n');
}

/** How the key is kept has to be said: nobody is to find out on the day of the fire that it was not. */
function chosenPassphrase(options: Options): string | null {
  const file = options['passphraseFile'];
  if (options['withoutKey'] === true && file === undefined) return null;
  if (typeof file === 'string' && options['withoutKey'] !== true) {
    const passphrase = readPassphrase(file);
    if (passphrase.length >= SHORTEST_PASSPHRASE) return passphrase;
    throw new Hop3Error('HOP3_USAGE', { what: `The passphrase is too short: at least ${SHORTEST_PASSPHRASE} characters.`, next: 'Nothing was done. A good one: head -c 24 /dev/urandom | base64' });
  }
  throw new Hop3Error('HOP3_USAGE', {
    what: 'What shall become of the key that the stored secrets are encrypted with?',
    why: 'Without it a restored server cannot open any of them.',
    next: '--passphrase-file <file>   it goes into the backup, encrypted with the passphrase in that file (- is standard input)\n--without-key              it is left out; you keep a copy of secret.key yourself',
  });
}

function opener(options: Options): Opener {
  const { passphraseFile, secretKeyFile } = options;
  if (typeof passphraseFile === 'string' && typeof secretKeyFile === 'string') throw new Hop3Error('HOP3_USAGE', { what: 'Give the passphrase or the key file, not both.' });
  if (typeof passphraseFile === 'string') return { kind: 'passphrase', passphrase: readPassphrase(passphraseFile) };
  return typeof secretKeyFile === 'string' ? { kind: 'key file', file: secretKeyFile } : null;
}

function readPassphrase(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new Hop3Error('HOP3_USAGE', { what: `The passphrase file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, next: 'Nothing was done.' });
  }
}

function input(file: string): Readable {
  if (file === '-') return process.stdin;
  if (!existsSync(file) || !statSync(file).isFile()) throw new Hop3Error('HOP3_USAGE', { what: `There is no file ${file}.` });
  return createReadStream(file);
}

/** A file of 0600 that gets its name when it is whole, or standard output. */
class Output {
  readonly #target: string;
  readonly #part: string | null;
  readonly #handle: number | null;
  bytes = 0;

  constructor(target: string) {
    this.#target = target;
    this.#part = target === '-' ? null : `${target}.part`;
    if (this.#part !== null) rmSync(this.#part, { force: true });
    this.#handle = this.#part === null ? null : openSync(this.#part, 'wx', 0o600);
  }

  async write(chunk: Buffer): Promise<void> {
    this.bytes += chunk.length;
    if (this.#handle !== null) for (let at = 0; at < chunk.length;) at += writeSync(this.#handle, chunk, at);
    else if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
  }

  finish(): void {
    if (this.#handle === null || this.#part === null) return;
    fsyncSync(this.#handle);
    closeSync(this.#handle);
    renameSync(this.#part, this.#target);
  }

  discard(): void {
    if (this.#handle === null || this.#part === null) return;
    closeSync(this.#handle);
    rmSync(this.#part, { force: true });
  }
}
