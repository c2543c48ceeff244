import type { AppConfig } from '../config/model.ts';
import { readRuntime } from '../nix/runtime-json.ts';
import { closureOf } from '../nix/store.ts';
import type { BuildOutput } from './build.ts';
import type { Job } from './job.ts';
import { processLines } from './process-types.ts';
import type { KeptRuntime } from './known.ts';

/**
 * Reads what the build says about running it, and which store paths it may see.
 * @throws Hop3Error HOP3_RUNTIME_...
 */
export async function readBuiltRuntime(job: Job, output: BuildOutput, config: AppConfig): Promise<KeptRuntime> {
  // The look for what can be pruned would ask the daemon for the sizes once more.
  const closure = await closureOf(output.storePath, (path, bytes) => job.sizes.note(path, bytes));
  const runtime = await readRuntime(output.storePath, output.expressionEnv, closure, job.log);
  const types = [...Object.keys(runtime.workers), ...(runtime.static === null ? [] : ['static'])];
  job.log.phase('Discovering process types');
  job.log.line(`runtime.json declares types -> ${types.join(', ')}`);
  for (const line of processLines(runtime, config)) job.log.line(line);
  return { runtime, closure };
}
