import type { CronLine } from '../config/model.ts';
import { Hop3Error } from '../errors.ts';
import type { AppName } from '../names.ts';
import { describeExit, type Finished } from '../run.ts';
import { JobLog } from '../runtime/job-log.ts';
import { runOneOff } from '../runtime/one-off.ts';
import type { Host } from './job.ts';
import { limitsOf } from './limits.ts';
import { liveEnvironment, type LiveRelease } from './live-release.ts';

export type CronHost = Pick<Host, 'settings' | 'paths' | 'store' | 'addons' | 'reportDefect'>;

/** One that runs just now. */
export interface RunningJob {
  readonly since: Date;
  /** Says in its log that its next turn came too early. */
  readonly skip: () => void;
}

export interface CronEnd {
  readonly ok: boolean;
  /** "exit code 3" */
  readonly outcome: string;
}

/** Seconds that the log stays open beyond the job's own limit. */
const LOG_GRACE = 60;

/** Runs a cron line once, in the sandbox and environment of this release, with its output in the app's logs as `cron.<name>`. */
export function runCronJob(
  host: CronHost, app: AppName, live: LiveRelease, line: CronLine, onOutput: (chunk: Buffer) => void, signal: AbortSignal,
): { readonly job: RunningJob; readonly end: Promise<CronEnd> } {
  const worker = `cron.${line.name}`;
  const since = new Date();
  host.store.cron.begin(app, line.name, live.row.version);
  const log = new JobLog(host.paths, { app, worker, release: live.name, slot: live.row.slot }, line.timeout + LOG_GRACE, (error) => host.reportDefect(`log of ${worker} of ${app}`, error));
  log.say(`${worker} of ${live.name} starts`);
  const skip = () => log.say(`${worker} is still running since ${since.toISOString()}; this turn is skipped`);
  const end = (async () => {
    const result = await work(host, app, live, line, log, onOutput, signal);
    log.say(`${worker} ${result.outcome.startsWith('exit') ? 'ended with ' : ''}${result.outcome}`);
    await log.close();
    // Also of an app that was removed meanwhile: then no row is left to change.
    host.store.cron.end(app, line.name, result.ok, result.outcome);
    return result;
  })();
  return { job: { since, skip }, end };
}

async function work(host: CronHost, app: AppName, live: LiveRelease, line: CronLine, log: JobLog, onOutput: (chunk: Buffer) => void, signal: AbortSignal): Promise<CronEnd> {
  try {
    const { closure, config } = live.built;
    const finished = await runOneOff({
      paths: host.paths, spec: { app, closure, limits: limitsOf(host.settings, config) }, command: line.command, env: liveEnvironment(host, app, live),
      streams: { kind: 'together', output: log.output(onOutput) }, limit: line.timeout, signal,
    });
    return { ok: finished.code === 0 && !finished.timedOut && !finished.cancelled, outcome: describe(finished, line) };
  } catch (error) {
    if (!(error instanceof Hop3Error)) host.reportDefect(`cron.${line.name} of ${app}`, error);
    return { ok: false, outcome: `could not be started: ${error instanceof Hop3Error ? error.what : 'a defect of Hop3, told in the server\'s log'}` };
  }
}

function describe(finished: Finished, line: CronLine): string {
  if (finished.timedOut) return `was ended: it did not finish within ${line.timeout} s`;
  return finished.cancelled ? 'was ended before it was done' : describeExit(finished);
}
