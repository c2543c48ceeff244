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
import { receive, type Received } from './receive.ts';
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
  const { steps } = job;
  return deployReceived(job, await steps.run('receive', () => receive(job, push)));
}

/** The same for a commit that the repository has and that nobody pushes now: what a backup brought back. */
export async function deployReceived(job: Job, received: Received): Promise<Deployed> {
  const { steps } = job;
  const known = await steps.run('look up', () => findKnown(job, received));
  const built = known ?? (await buildAnew(job, received));
  return makeLive(job, built, received.lineage);
}

/** From a commit to a store path whose runtime is known. */
async function buildAnew(job: Job, received: { commit: Push['commit']; tree: Built['tree'] }): Promise<Built> {
  const { steps } = job;
  const source = await steps.run('checkout', () => checkOut(job, received, true));
  const config = await steps.run('configure', () => configure(job, source));
  const plan = await steps.run('render', () => renderPlan(job, source, config));
  const output = await steps.run('build', () => build(job, source, plan));
  const runtime = await steps.run('read runtime', () => readBuiltRuntime(job, output, config));
  return steps.run('keep', () => keepBuilt(job, source, config, output, runtime));
}

/** From a built tree to a live release. Everything before `switchOver` is undone when it fails. */
export async function makeLive(job: Job, built: Built, lineage: Lineage): Promise<Deployed> {
  const { steps } = job;
  const provisioned = await steps.run('provision', () => provision(job, built, lineage));
  const staged = await steps.run('stage', () => stage(job, built, provisioned));
  await steps.run('release phase', () => runReleasePhase(job, built, staged));
  await steps.run('start', () => start(job, built, staged));
  await steps.run('health', () => waitForHealth(job, built, staged));
  const switched = await steps.run('switch', () => switchOver(job, built, staged, lineage));
  const release = await steps.run('record', () => record(job, switched));
  giveBackPorts(job, built.config);
  // Neither the answer nor the next build waits for the old release's last requests; the next start does.
  const drained = steps.run('drain', () => drain(job, staged, switched));
  await steps.run('admin account', () => createAdmin(job, built, staged));
  return { release, drained };
}
