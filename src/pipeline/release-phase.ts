import { Hop3Error } from '../errors.ts';
import { describeExit } from '../run.ts';
import { runOneOff } from '../runtime/one-off.ts';
import type { Job } from './job.ts';
import type { Built } from './model.ts';
import type { Staged } from './stage.ts';

/** Seconds a release command may take; migrations of large tables are slow, a hanging one must end. */
const LIMIT = 3600;

/**
 * Runs `[run].before-run` once, in the new release's sandbox and environment, before any worker of it starts.
 * @throws Hop3Error HOP3_BEFORE_RUN
 */
export async function runReleasePhase(job: Job, built: Built, staged: Staged): Promise<void> {
  const command = built.config.run.beforeRun;
  if (command === null || staged.provisioned.lineage.reason === 'restart') return;
  job.log.phase(`Running before-run: ${command}`);
  const finished = await runOneOff({
    paths: job.paths, spec: staged.spec, command, env: staged.provisioned.env,
    streams: { kind: 'lines', onLine: (line) => job.log.output(line) }, limit: LIMIT, signal: job.signal,
  });
  if (finished.cancelled) throw new Hop3Error('HOP3_CANCELLED', { what: 'before-run was cancelled.' });
  if (finished.code === 0 && !finished.timedOut) return;
  throw new Hop3Error('HOP3_BEFORE_RUN', {
    what: finished.timedOut ? `before-run did not finish within ${LIMIT} s.` : `before-run failed: ${describeExit(finished)}.`,
    why: finished.tail.slice(-8).join('\n'),
    next: 'Nothing of this release was started. What the command itself changed (a half-done migration) is not taken back.',
  });
}
