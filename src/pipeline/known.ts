import type { AppConfig } from '../config/model.ts';
import { Hop3Error } from '../errors.ts';
import { NO_LIMITS } from '../limits.ts';
import { isValidPath } from '../nix/store.ts';
import type { PackageSet, Runtime } from '../nix/model.ts';
import type { ReleaseRow } from '../store/releases.ts';
import type { StoredBuild } from '../store/builds.ts';
import { unlessCancelled } from './cancel.ts';
import type { Job } from './job.ts';
import type { Built } from './model.ts';
import type { Received } from './receive.ts';
import { branchOf } from './release-choice.ts';

/** Raised when the same tree and package set would be rendered into an expression that builds something else than before. */
const RENDERING = 2;

/** Together with the tree it says whether an earlier build is the same build. */
export function buildKey(packageSet: PackageSet): string {
  return `${RENDERING}:${packageSet.id}`;
}

/** The build of this very tree, if there is one and its store path still exists: then nothing is checked out or built. */
export async function findKnown(job: Job, received: Received): Promise<Built | null> {
  const stored = await findStored(job, received);
  if (!stored) return null;
  if (!(await (received.lookAhead?.(stored.storePath) ?? isValidPath(stored.storePath)))) {
    job.log.line(`b${stored.number} built this tree, but its store path is gone: building it again`);
    return null;
  }
  job.log.phase('This tree is already built: nothing to build');
  job.log.line(`${stored.storePath} (b${stored.number})`);
  const { storePath, root, runtime, config } = stored;
  job.store.builds.built(job.app, job.attempt, { tree: received.tree, buildKey: stored.buildKey, storePath, root, runtime, config });
  return asBuilt(stored, job.attempt, received.commit);
}

/**
 * The build of a release that was live before.
 * @throws Hop3Error HOP3_RELEASE_PRUNED
 */
export async function builtOf(job: Job, release: ReleaseRow): Promise<Built> {
  const { store, log } = job;
  const stored = store.builds.output(job.app, release.build);
  if (!stored || !(await isValidPath(stored.storePath))) {
    throw new Hop3Error('HOP3_RELEASE_PRUNED', {
      what: `The build of v${release.version} is no longer kept.`,
      next: `Push its commit again, which builds it anew: git push -f hop3 ${release.commit}:${branchOf(store, job.app)}`,
    });
  }
  log.line(`${stored.storePath} is already built: nothing to build`);
  // The attempt's row needs the output too: a release points at its build.
  store.builds.built(job.app, job.attempt, stored);
  return asBuilt(stored, job.attempt, release.commit);
}

async function findStored(job: Job, received: Received): Promise<StoredBuild | null> {
  if (received.earlierBuild !== null) {
    const earlier = job.store.builds.output(job.app, received.earlierBuild);
    if (earlier) return earlier;
    job.log.line('its build was pruned: building it again');
  }
  return job.store.builds.findOutput(job.app, received.tree, buildKey(await unlessCancelled(job.signal, job.packageSet(job.log))));
}

/** What a build's row keeps of it as JSON. */
export interface KeptRuntime {
  readonly runtime: Runtime;
  readonly closure: readonly string[];
}

export function asBuilt(stored: StoredBuild, buildId: number, commit: Built['commit']): Built {
  const kept = JSON.parse(stored.runtime) as KeptRuntime;
  return {
    buildId, commit, tree: stored.tree, storePath: stored.storePath,
    runtime: kept.runtime, closure: kept.closure, config: keptConfig(stored.config),
  };
}

type Newer = 'limits' | 'cron';

/** A build that an older Hop3 made has nothing of what was not known then. */
export function keptConfig(text: string): AppConfig {
  const config = JSON.parse(text) as Omit<AppConfig, Newer> & Partial<Pick<AppConfig, Newer>>;
  return { ...config, limits: config.limits ?? NO_LIMITS, cron: config.cron ?? [] };
}
