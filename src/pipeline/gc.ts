import { objectBytes, repack, trimReflogs } from '../git/tidy.ts';
import type { AppName, Oid } from '../names.ts';
import { collectDeadPaths, deadPaths } from '../nix/store-deletion.ts';
import { bytesOf, deadQuarantine, oldBuildLogs, oldCheckouts, oldWorkerLogs, remove, strayRoots, type Left } from './gc-files.ts';
import type { Host } from './job.ts';
import { findPrunable, pruneBuilds } from './prune.ts';

export type GarbageKind = 'builds' | 'gc roots' | 'build logs' | 'worker logs' | 'quarantine' | 'repository' | 'checkouts' | 'store';

/** One kind of what nothing needs any more. */
export interface Garbage {
  readonly kind: GarbageKind;
  /** Null for what belongs to no app. */
  readonly app: AppName | null;
  /** "builds of v1, v2": for a person. */
  readonly what: string;
  /** Null where it is known only afterwards. */
  readonly bytes: number | null;
}

export interface GarbageReport {
  readonly found: readonly Garbage[];
  /** Apps that were left alone, each with what kept them busy. */
  readonly busy: readonly { readonly app: AppName; readonly with: string }[];
}

/** Bytes that packs and their indexes take besides objects; less than this is not worth a line. */
const PACK_OVERHEAD = 64 * 1024;

/** Looks, and changes nothing. */
export async function findGarbage(host: Host, store: boolean): Promise<GarbageReport> {
  const found: Garbage[] = [];
  for (const { name } of host.store.apps.list()) {
    const { outputs, bytes } = await findPrunable(host, name);
    if (outputs.length > 0) found.push(describeBuilds(name, outputs, bytes));
    for (const { kind, left } of await leftOf(host, name)) found.push(describeFiles(kind, name, left));
    const { all, reachable } = await objectBytes(host.paths.repo(name));
    if (all - reachable > PACK_OVERHEAD) found.push({ kind: 'repository', app: name, what: 'objects that no branch leads to, at most', bytes: all - reachable });
  }
  const checkouts = await oldCheckouts(host);
  if (checkouts.length > 0) found.push(describeFiles('checkouts', null, checkouts));
  if (store) {
    const dead = await deadPaths();
    if (dead.length > 0) found.push({ kind: 'store', app: null, what: `${dead.length === 1 ? '1 store path' : `${dead.length} store paths`} that no root keeps`, bytes: null });
  }
  return { found, busy: [] };
}

/** Removes what nothing of one app needs. Called when it is the app's turn. */
export async function collectApp(host: Host, app: AppName): Promise<Garbage[]> {
  const removed: Garbage[] = [];
  const { outputs, bytes } = await pruneBuilds(host, app);
  if (outputs.length > 0) removed.push(describeBuilds(app, outputs, bytes));
  for (const { kind, left } of await leftOf(host, app)) {
    await remove(left);
    removed.push(describeFiles(kind, app, left));
  }
  const repo = host.paths.repo(app);
  const before = await bytesOf(repo);
  await trimReflogs(repo, neededCommits(host, app));
  await repack(repo);
  const freed = before - (await bytesOf(repo));
  if (freed > 0) removed.push({ kind: 'repository', app, what: 'packed anew', bytes: freed });
  return removed;
}

/** Removes what belongs to no app, and the files of builds that apps have given up; with `store`, every dead path of the machine's Nix store. */
export async function collectHost(host: Host, store: boolean): Promise<Garbage[]> {
  const removed: Garbage[] = [];
  // One deletion for the builds of all apps, none of which waits for it.
  await host.sweep.now();
  const checkouts = await oldCheckouts(host);
  await remove(checkouts);
  if (checkouts.length > 0) removed.push(describeFiles('checkouts', null, checkouts));
  if (store) removed.push({ kind: 'store', app: null, what: 'store paths that no root kept', bytes: await collectDeadPaths() });
  return removed;
}

async function leftOf(host: Host, app: AppName): Promise<{ kind: GarbageKind; left: Left[] }[]> {
  const kinds: { kind: GarbageKind; left: Left[] }[] = [
    { kind: 'build logs', left: await oldBuildLogs(host, app) },
    { kind: 'worker logs', left: await oldWorkerLogs(host, app) },
    { kind: 'quarantine', left: await deadQuarantine(host, app) },
    { kind: 'gc roots', left: await strayRoots(host, app) },
  ];
  return kinds.filter(({ left }) => left.length > 0);
}

/** Those of the releases that can be rolled back to; a branch leads to the rest of what must stay. */
function neededCommits({ store }: Host, app: AppName): Set<Oid> {
  return new Set(store.builds.outputs(app).flatMap(({ number }) => store.builds.get(app, number)?.commit ?? []));
}

function describeBuilds(app: AppName, outputs: readonly { readonly version: number | null; readonly number: number }[], bytes: number): Garbage {
  const names = outputs.map(({ version, number }) => (version === null ? `b${number}` : `v${version}`));
  return { kind: 'builds', app, what: `${names.length === 1 ? 'build of' : 'builds of'} ${shorten(names)}`, bytes };
}

const KIND_WORDS: Readonly<Partial<Record<GarbageKind, string>>> = {
  'build logs': 'build log', 'worker logs': 'directory of old output', quarantine: 'broken-off push', 'gc roots': 'root that no build has', checkouts: 'checkout of a deploy that is over',
};

function describeFiles(kind: GarbageKind, app: AppName | null, left: readonly Left[]): Garbage {
  return { kind, app, what: count(left.length, KIND_WORDS[kind] ?? kind), bytes: left.reduce((sum, { bytes }) => sum + bytes, 0) };
}

function count(number: number, word: string): string {
  if (number === 1) return `1 ${word}`;
  const [first = '', ...rest] = word.split(' ');
  const many = { directory: 'directories', checkout: 'checkouts', root: 'roots' }[first];
  return many === undefined ? `${number} ${word}${word.endsWith('push') ? 'es' : 's'}` : [number, many, ...rest].join(' ');
}

function shorten(names: readonly string[]): string {
  return names.length <= 6 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
}
