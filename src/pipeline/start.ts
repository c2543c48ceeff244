import { startSlot } from '../runtime/services.ts';
import { freePorts } from './fixed-ports.ts';
import type { Job } from './job.ts';
import type { Built } from './model.ts';
import type { Staged } from './stage.ts';

/**
 * Starts the release's workers beside the live ones.
 * @throws Hop3Error HOP3_FIXED_PORT
 */
export async function start(job: Job, built: Built, staged: Staged): Promise<void> {
  const { spec, provisioned } = staged;
  if (spec.workers.length === 0) return;
  const live = job.store.releases.live(job.app);
  job.log.phase(`Starting v${provisioned.lineage.version}${live ? ` beside v${live.version}` : ''}`);
  for (const worker of spec.workers) job.log.line(worker.port === null ? worker.name : `${worker.name} on port ${worker.port}`);
  await staged.portsSwept;
  await freePorts(job, built.config.ports, staged);
  await startSlot(job.paths, spec);
}
