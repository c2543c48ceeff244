import { describeExit } from '../run.ts';
import { runOneOff } from '../runtime/one-off.ts';
import { Hop3Error } from '../errors.ts';
import type { Job } from './job.ts';
import type { Built } from './model.ts';
import type { Staged } from './stage.ts';

/** Seconds; whoever pushes waits for it, and the app is live already. */
const LIMIT = 600;
const RETRY = 'The release is live without it; the next push tries again.';

/**
 * Runs `[admin] create` once in an app's life, after the first release that has it went live: in that release's sandbox, with the
 * environment of its web process. A failure is told and rejects nothing, since the switch is done; the next release tries again.
 * Throws never.
 */
export async function createAdmin(job: Job, built: Built, { spec, provisioned }: Staged): Promise<void> {
  const { app, store, log } = job;
  const command = built.config.admin?.create ?? null;
  if (command === null || provisioned.lineage.reason === 'restart' || store.apps.get(app)?.adminMadeAt !== null) return;
  log.phase(`Making the administrator's account ([admin] create)`);
  try {
    const web = spec.workers.find((worker) => worker.type === 'web');
    const finished = await runOneOff({
      paths: job.paths, spec, command, env: web?.env ?? provisioned.env, streams: { kind: 'lines', onLine: (line) => log.output(line) }, limit: LIMIT,
    });
    if (finished.code === 0 && !finished.timedOut) {
      store.apps.adminMade(app);
      return;
    }
    log.problem(`[admin] create ${finished.timedOut ? `did not finish within ${LIMIT} s` : `failed: ${describeExit(finished)}`}. ${RETRY}`);
  } catch (error) {
    if (!(error instanceof Hop3Error)) job.reportDefect('[admin] create', error);
    log.problem(`[admin] create could not be run${error instanceof Hop3Error ? `: ${error.what}` : '.'} ${RETRY}`);
  }
}
