import { deleteIfDead, inputsOf, removeRoot } from '../nix/store.ts';
import type { AppName, StorePath } from '../names.ts';
import type { KeptOutput } from '../store/builds.ts';
import type { Host } from './job.ts';
import type { KeptRuntime } from './known.ts';
import { chooseOutputs, type Candidate } from './prune-choice.ts';

/** What of an app's builds nothing needs any more. */
export interface Prunable {
  readonly outputs: readonly KeptOutput[];
  /** Of their store paths, what no kept build of the app needs. */
  readonly bytes: number;
}

/** Looks, and changes nothing. */
export async function findPrunable(host: Host, app: AppName): Promise<Prunable> {
  const { store, settings, sizes } = host;
  const outputs = store.builds.outputs(app);
  const candidates = outputs.map((output): Candidate => ({ ...output, closure: closureOf(output) }));
  if (candidates.some(({ live }) => !live)) await sizes.learn(candidates.flatMap(({ closure }) => closure));
  const { forget, bytes } = chooseOutputs(candidates, { releases: settings.keepReleases, bytes: settings.keepBytes }, (path) => sizes.of(path));
  const going = new Set(forget);
  return { outputs: outputs.filter(({ number }) => going.has(number)), bytes };
}

/**
 * Forgets the builds that nothing can go back to, and gives their store paths up. Called when it is the app's turn: no deploy may be about
 * to use one of them. Their files go in the background.
 */
export async function pruneBuilds(host: Host, app: AppName): Promise<Prunable & { readonly deleted: Promise<void> }> {
  const found = await findPrunable(host, app);
  if (found.outputs.length === 0) return { ...found, deleted: Promise.resolve() };
  for (const root of host.store.builds.forget(app, found.outputs.map(({ number }) => number))) await removeRoot(host.paths.buildRoot(app, root));
  const deleted = deleteFiles(host, app, found.outputs).catch((error: unknown) => host.reportDefect(`deleting old builds of ${app}`, error));
  return { ...found, deleted };
}

/**
 * Deletes what the forgotten builds had in the store: outputs, the derivations that made them, the rest of their closures, and sources. Nix refuses for every
 * path that anything still needs, so at worst a path is made again by the next build.
 */
async function deleteFiles(host: Host, app: AppName, forgotten: readonly KeptOutput[]): Promise<void> {
  const kept = new Set(host.store.builds.outputs(app).flatMap(closureOf));
  const gone = [...new Set<StorePath>(forgotten.map(({ storePath }) => storePath))].filter((path) => !kept.has(path));
  const inputs = await Promise.all(gone.map(inputsOf));
  // nix-store -qR lists what is needed before what needs it.
  const rest = forgotten.flatMap((output) => closureOf(output).toReversed()).filter((path) => !kept.has(path));
  // What refers to a path must go before it.
  const inOrder = [...gone, ...inputs.flatMap(({ derivation }) => derivation ?? []), ...rest, ...inputs.flatMap(({ sources }) => sources)];
  for (const path of new Set(inOrder)) await deleteIfDead(path);
}

function closureOf({ runtime }: KeptOutput): readonly string[] {
  return (JSON.parse(runtime) as KeptRuntime).closure ?? [];
}
