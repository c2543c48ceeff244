import { statfsSync } from 'node:fs';
import { asHop3Error, fullDisk, Hop3Error } from '../errors.ts';
import { cleanOutput } from '../log.ts';
import { removeRoot } from '../nix/store.ts';
import { liveSlot } from '../runtime/slots.ts';
import { cancelReason } from './cancel.ts';
import type { Job } from './job.ts';

/**
 * Unwinds, writes the failure down, and says what is running now: read from the switch itself, not remembered.
 * @param write calls what it is given, now or as soon as the database can be written
 */
export async function concludeFailure(job: Job, thrown: unknown, write: (work: () => void) => Promise<void> = async (work) => work()): Promise<Hop3Error> {
  const { app, store, paths } = job;
  let error = asHop3Error(thrown);
  // Programs fail in many words for want of space, git among them without naming it.
  if ((error.code === 'HOP3_INTERNAL' || error.code === 'HOP3_COMMAND_FAILED') && isFull(paths.root)) error = fullDisk(thrown);
  if (error.code === 'HOP3_INTERNAL') job.reportDefect(`deploy of ${app}`, thrown);
  // A program that was ended because of a cancel looks like any failing program; the signal knows by whom.
  const reason = cancelReason(job.signal);
  if (reason) error = new Hop3Error(reason.code, { what: reason.what, cause: error });
  for (const left of await job.undo.unwind()) job.reportDefect(`undo: ${left.what}`, left.error);
  // Nothing of the app is left that could be written down or said.
  if (!store.apps.get(app)) return error;
  // A build whose runtime.json was refused left a root that no row knows of.
  if (!store.builds.output(app, job.attempt)) await removeRoot(paths.buildRoot(app, job.attempt)).catch((left: unknown) => job.reportDefect('GC root', left));
  const status = error.code === 'HOP3_CANCELLED' ? 'cancelled' : 'failed';
  // Either may hold the app's last words, and those a secret.
  const what = job.log.withoutSecrets(error.what);
  // Nor may they reach a terminal that obeys them.
  const why = error.why === undefined ? undefined : cleanOutput(job.log.withoutSecrets(error.why));
  await write(() => store.builds.end(app, job.attempt, status, { error: `[${error.code}] ${what}`, times: job.steps.times }));
  job.log.keepProblem(`${what} [${error.code}]`);
  for (const line of why?.split('\n') ?? []) job.log.keepProblem(line);
  return new Hop3Error(error.code, {
    what,
    ...(why === undefined ? {} : { why }),
    next: [error.next, whatRuns(job, error), `The whole log: hop3 builds log b${job.attempt} --app ${app}`].filter(Boolean).join('\n'),
    cause: thrown,
  });
}

/** Bytes below which a disk counts as full: nothing that a deploy writes gets by with less. */
const NOTHING = 256 * 1024;

function isFull(dir: string): boolean {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize < NOTHING;
}

/** What is live after a failure. */
function whatRuns({ app, paths, store }: Job, error: Hop3Error): string {
  const slot = liveSlot(paths, app);
  const live = store.releases.live(app);
  // A stale push is told in the same breath that the branch has moved, by another one.
  const rest = error.code === 'HOP3_STALE_PUSH' ? 'this push has changed nothing.' : 'the branch has not moved.';
  if (slot === null) return `${app} has no live release yet; ${rest}`;
  if (live?.slot === slot) return `v${live.version} is still live; ${rest}`;
  return 'The new release answers already, but could not be written down. That is done as soon as the database can be written.';
}
