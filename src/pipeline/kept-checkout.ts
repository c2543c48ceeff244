import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeEntry } from '../git/objects.ts';
import type { AppName } from '../names.ts';
import type { Paths } from '../paths.ts';

/** Bytes of files that one app's kept checkout may have, and all of them together: it only saves writing them again. */
const LARGEST = 256 * 1024 * 1024;
const MOST_BYTES = 1024 * 1024 * 1024;
/** Beside `source`: what decided how its files were written. */
const ATTRIBUTES = 'attributes';

/**
 * Where a tree is checked out. The last checkout of an app is kept, so that the next one writes what changed and nothing else. Whoever
 * uses it has it under a name of its own (rename), and gives it back when all of it is as git wrote it: a crash, or a deploy that
 * stops half-way, leaves nothing that is used again.
 */
export class CheckoutPlace {
  readonly #paths: Paths;
  readonly #app: AppName;
  readonly base: string;
  /** Files of an earlier tree lie in `dir`, and `index` says which. */
  readonly isKept: boolean;
  /** Of the tree that is whole in `dir`; null while there is none. */
  #bytes: number | null;

  private constructor(paths: Paths, app: AppName, base: string, kept: KeptName | null) {
    this.#paths = paths;
    this.#app = app;
    this.base = base;
    this.isKept = kept !== null;
    this.#bytes = kept?.bytes ?? null;
  }

  /** A new, empty place; with `kept`, that of the app's last checkout where there is one. */
  static async take(paths: Paths, app: AppName, kept: boolean): Promise<CheckoutPlace> {
    await mkdir(paths.checkouts, { recursive: true, mode: 0o700 });
    const base = await mkdtemp(join(paths.checkouts, `${app}-`));
    const found = kept ? (await keptNames(paths)).find((one) => one.app === app) : undefined;
    if (found && (await moved(join(paths.checkouts, found.name), base))) return new CheckoutPlace(paths, app, base, found);
    await mkdir(join(base, 'source'));
    return new CheckoutPlace(paths, app, base, null);
  }

  /** Whether the files of the earlier tree would come out the same today. From here on `dir` is no whole tree until `whole` says so. */
  async begin(entries: readonly TreeEntry[]): Promise<boolean> {
    this.#bytes = null;
    if ((await readFile(join(this.base, ATTRIBUTES), 'utf8').catch(() => null)) !== attributesOf(entries)) return false;
    // A rendered expression of the last deploy.
    await rm(join(this.base, 'hop3.nix'), { force: true });
    return true;
  }

  get dir(): string {
    return join(this.base, 'source');
  }

  /** Git's index of `dir`. */
  get index(): string {
    return join(this.base, 'index');
  }

  /** Whether the directory holds these entries, the directories that lead to them, and nothing else. */
  async holdsOnly(entries: readonly TreeEntry[]): Promise<boolean> {
    const files = new Set(entries.map(({ path }) => path.toString('utf8')));
    const dirs = new Set<string>();
    for (const file of files) for (let end = file.lastIndexOf('/'); end > 0; end = file.lastIndexOf('/', end - 1)) dirs.add(file.slice(0, end));
    const found = await readdir(this.dir, { recursive: true, withFileTypes: true });
    const known = found.every((entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name).slice(this.dir.length + 1);
      return entry.isDirectory() ? dirs.has(path) : files.has(path);
    });
    return known && found.length === files.size + dirs.size;
  }

  /** All files are written: what is here may be kept when the deploy ends. */
  async whole(entries: readonly TreeEntry[]): Promise<void> {
    await writeFile(join(this.base, ATTRIBUTES), attributesOf(entries));
    this.#bytes = entries.reduce((sum, { size }) => sum + (size ?? 0), 0);
  }

  /** Keeps the files for the app's next checkout, or removes them. */
  async giveBack(): Promise<void> {
    if (this.#bytes === null || this.#bytes > LARGEST) return this.remove();
    for (const { name, app } of await keptNames(this.#paths)) if (app === this.#app) await removeKept(this.#paths, name);
    await rename(this.base, join(this.#paths.checkouts, keptName(this.#app, this.#bytes)));
    await removeOldest(this.#paths);
  }

  async remove(): Promise<void> {
    await rm(this.base, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Removes the kept checkout of an app that goes. */
export async function dropKept(paths: Paths, app: AppName): Promise<void> {
  for (const one of await keptNames(paths)) if (one.app === app) await removeKept(paths, one.name);
}

/**
 * What decides how git writes a file besides the file itself: attributes (line ends, encodings). After a change of those every file may
 * come out another.
 */
function attributesOf(entries: readonly TreeEntry[]): string {
  const hash = createHash('sha256');
  for (const { path, oid } of entries) if (/(?:^|\/)\.gitattributes$/.test(path.toString('latin1'))) hash.update(`${path.toString('latin1')}\0${oid}\0`);
  return hash.digest('hex');
}

interface KeptName {
  readonly name: string;
  readonly app: string;
  readonly bytes: number;
}

/** `shop.kept.20971520`: no app has a dot in its name, and no checkout in use has one. */
function keptName(app: AppName, bytes: number): string {
  return `${app}.kept.${bytes}`;
}

async function keptNames(paths: Paths): Promise<KeptName[]> {
  const names = await readdir(paths.checkouts).catch(() => []);
  return names.flatMap((name) => {
    const [, app, bytes] = /^([^.]+)\.kept\.(\d+)$/.exec(name) ?? [];
    return app === undefined ? [] : [{ name, app, bytes: Number(bytes) }];
  });
}

/** Makes room: the checkouts that were not used for longest go. */
async function removeOldest(paths: Paths): Promise<void> {
  const kept = await keptNames(paths);
  let total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= MOST_BYTES) return;
  const times = await Promise.all(kept.map(async (one) => ({ ...one, time: (await stat(join(paths.checkouts, one.name)).catch(() => null))?.mtimeMs ?? 0 })));
  for (const { name, bytes } of times.sort((a, b) => a.time - b.time)) {
    if (total <= MOST_BYTES) return;
    await removeKept(paths, name);
    total -= bytes;
  }
}

/** Under another name first, or a deploy could take what is half removed. */
async function removeKept(paths: Paths, name: string): Promise<void> {
  const going = await mkdtemp(join(paths.checkouts, 'going-'));
  await moved(join(paths.checkouts, name), going);
  await rm(going, { recursive: true, force: true, maxRetries: 3 });
}

/** False when somebody else was quicker. */
async function moved(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(() => true, (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return false;
    throw error;
  });
}
