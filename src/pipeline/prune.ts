import type { AppName } from '../names.ts';
import { removeRoot } from '../nix/store.ts';
import type { KeptOutput } from '../store/builds.ts';
import type { Host } from './job.ts';
import { chooseOutputs, type Candidate } from './prune-choice.ts';
import { closureOf } from './sweep.ts';

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
 * to use one of them. Their files go later, see {@link StoreSweep}.
 */
export async function pruneBuilds(host: Host, app: AppName): Promise<Prunable> {
  const found = await findPrunable(host, app);
  if (found.outputs.length === 0) return found;
  for (const root of host.store.builds.forget(app, found.outputs.map(({ number }) => number))) await removeRoot(host.paths.buildRoot(app, root));
  host.sweep.add(app, found.outputs);
  return found;
}
