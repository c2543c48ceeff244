import type { AppConfig } from '../config/model.ts';
import type { BuildOutput } from './build.ts';
import type { Job } from './job.ts';
import type { KeptRuntime } from './known.ts';
import type { Built, Source } from './model.ts';

/** Writes down what the build gave, so that the same tree is never built again. */
export function keepBuilt(job: Job, source: Source, config: AppConfig, output: BuildOutput, kept: KeptRuntime): Built {
  job.store.builds.built(job.app, job.attempt, {
    tree: source.tree, buildKey: output.buildKey, storePath: output.storePath, root: job.attempt,
    runtime: JSON.stringify(kept), config: JSON.stringify(config),
  });
  return {
    buildId: job.attempt, commit: source.commit, tree: source.tree, storePath: output.storePath,
    closure: kept.closure, runtime: kept.runtime, config,
  };
}
