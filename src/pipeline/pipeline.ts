import { createAdmin } from './admin-account.ts';
import { build } from './build.ts';
import { checkOut } from './checkout.ts';
import { configure } from './configure.ts';
import { drain } from './drain.ts';
import { giveBackPorts } from './fixed-ports.ts';
import { waitForHealth } from './health.ts';
import type { Job } from './job.ts';
import { findKnown } from './known.ts';
import type { Lineage } from './lineage.ts';
import type { Built, Push, Release } from './model.ts';
import { provision } from './provision.ts';
import { receive } from './receive.ts';
import { record } from './record.ts';
import { runReleasePhase } from './release-phase.ts';
import { renderPlan } from './render.ts';
import { keepBuilt } from './keep.ts';
import { readBuiltRuntime } from './runtime.ts';
import { stage } from './stage.ts';
import { start } from './start.ts';
import { switchOver } from './switch.ts';

/** What a deploy leaves to be done after its answer: the old release finishes its requests. */
export interface Deployed {
  readonly release: Release;
  readonly drained: Promise<void>;
}

/** A push, from the hook's request to the recorded release. A tree that was built before skips to provision. */
export async function deployPush(job: Job, push: Push): Promise<Deployed> {
  const received = await receive(job, push);
  const known = await findKnown(job, received);
  const built = known ?? (await buildAnew(job, received));
  return makeLive(job, built, received.lineage);
}

/** From a commit to a store path whose runtime is known. */
async function buildAnew(job: Job, received: { commit: Push['commit']; tree: Built['tree'] }): Promise<Built> {
  const source = await checkOut(job, received);
  const config = await configure(job, source);
  const plan = await renderPlan(job, source, config);
  const output = await build(job, source, plan);
  const runtime = await readBuiltRuntime(job, output, config);
  return keepBuilt(job, source, config, output, runtime);
}

/** From a built tree to a live release. Everything before `switchOver` is undone when it fails. */
export async function makeLive(job: Job, built: Built, lineage: Lineage): Promise<Deployed> {
  const provisioned = await provision(job, built, lineage);
  const staged = await stage(job, built, provisioned);
  await runReleasePhase(job, built, staged);
  await start(job, built, staged);
  await waitForHealth(job, built, staged);
  const switched = await switchOver(job, built, staged, lineage);
  const release = record(job, switched);
  giveBackPorts(job, built.config);
  // Neither the answer nor the next build waits for the old release's last requests; the next start does.
  const drained = drain(job, switched);
  await createAdmin(job, built, staged);
  return { release, drained };
}
