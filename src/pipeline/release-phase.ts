import { Hop3Error } from '../errors.ts';
import { listTree } from '../git/objects.ts';
import { describeExit } from '../run.ts';
import { runOneOff } from '../runtime/one-off.ts';
import { APP_SOURCE } from '../runtime/sandbox.ts';
import { checkOut } from './checkout.ts';
import type { Job } from './job.ts';
import type { Built } from './model.ts';
import type { Staged } from './stage.ts';

/** Seconds a release command may take; migrations of large tables are slow, a hanging one must end. */
const LIMIT = 3600;
/** Names the repository's files in a command. A checkout is made for those alone that say it: most want only what was built. */
const SOURCE = 'HOP3_SOURCE';

/**
 * Runs `[run].before-run` once, in the new release's sandbox and environment, before any worker of it starts.
 * @throws Hop3Error HOP3_BEFORE_RUN
 */
export async function runReleasePhase(job: Job, built: Built, staged: Staged): Promise<void> {
  const command = built.config.run.beforeRun;
  if (command === null || staged.provisioned.lineage.reason === 'restart') return;
  const source = command.includes(SOURCE) ? await checkOut(job, built) : null;
  job.log.phase(`Running before-run: ${command}`);
  const finished = await runOneOff({
    paths: job.paths, spec: staged.spec, command, env: source === null ? staged.provisioned.env : { ...staged.provisioned.env, [SOURCE]: APP_SOURCE },
    sourceDir: source?.dir, streams: { kind: 'lines', onLine: (line) => job.log.output(line) }, limit: LIMIT, signal: job.signal,
  });
  if (finished.cancelled) throw new Hop3Error('HOP3_CANCELLED', { what: 'before-run was cancelled.' });
  if (finished.code === 0 && !finished.timedOut) return;
  throw new Hop3Error('HOP3_BEFORE_RUN', {
    what: finished.timedOut ? `before-run did not finish within ${LIMIT} s.` : `before-run failed: ${describeExit(finished)}.`,
    why: finished.tail.slice(-8).join('\n'),
    next: `${source === null ? await sourceHint(job, built, command) : ''}Nothing of this release was started. What the command itself changed (a half-done migration) is not taken back.`,
  });
}

/** For a command that names a file of the repository as if it ran there. */
async function sourceHint(job: Job, built: Built, command: string): Promise<string> {
  const files = new Set((await listTree(job.paths.repo(job.app), built.tree)).map(({ path }) => path.toString('utf8')));
  const named = command.split(/[\s'"()<>&|;]+/).find((word) => files.has(word.replace(/^\.\//, '')));
  if (named === undefined) return '';
  return `${named} is a file of the repository. before-run runs in the app's data directory and sees what was built; the repository is at $${SOURCE}: "$${SOURCE}"/${named.replace(/^\.\//, '')}\n`;
}
