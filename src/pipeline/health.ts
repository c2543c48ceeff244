import { waitUntilReady } from '../runtime/ready.ts';
import type { Job } from './job.ts';
import type { Built } from './model.ts';
import type { Staged } from './stage.ts';

/**
 * Waits until every worker of the release is up and its web worker answers; the app's own output streams meanwhile.
 * @throws Hop3Error HOP3_WORKER_DIED, HOP3_UNHEALTHY
 */
export async function waitForHealth(job: Job, built: Built, staged: Staged): Promise<void> {
  if (staged.spec.workers.length === 0) return;
  await waitUntilReady({
    paths: job.paths,
    spec: staged.spec,
    healthcheck: built.config.healthcheck,
    startTimeoutS: built.config.run.startTimeout,
    host: `${job.app}.${job.settings.domain}`,
    onOutput: (line) => job.log.output(line),
    signal: job.signal,
  });
}
