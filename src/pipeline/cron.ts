import { setTimeout as delay } from 'node:timers/promises';
import type { CronLine } from '../config/model.ts';
import { isDue, nextRun } from '../config/schedule.ts';
import { Hop3Error } from '../errors.ts';
import { printable, type AppName } from '../names.ts';
import { didYouMean } from '../nearest.ts';
import type { CronRunRow } from '../store/cron.ts';
import { runCronJob, type CronEnd, type CronHost, type RunningJob } from './cron-job.ts';
import { findLive, type LiveRelease } from './live-release.ts';

const MINUTE = 60_000;
/** Milliseconds that a timer may fire before its time. */
const EARLY = 1000;
/** Milliseconds between two starts: at the full hour a hundred apps want the machine at once. */
const STAGGER = 200;

/** A cron line of the live release, for people. */
export interface CronStatus {
  readonly line: CronLine;
  readonly next: Date | null;
  readonly last: CronRunRow | null;
}

/**
 * Runs the `[[cron]]` lines of every app's live release. There is no list of what is to come: at the beginning of each minute the
 * lines that are live then are asked. So a deploy needs to tell nothing here, and what fell into a time without a
 * server is not made up for.
 */
export class Cron {
  readonly #host: CronHost;
  readonly #runJob: typeof runCronJob;
  readonly #running = new Map<string, RunningJob>();
  readonly #ends = new Set<Promise<unknown>>();
  readonly #stop = new AbortController();
  /** The lines of a build do not change; reading them from the database's JSON each minute would be work for nothing. */
  readonly #known = new Map<AppName, { readonly build: number; readonly lines: readonly CronLine[] }>();
  #timer: NodeJS.Timeout | undefined;
  #lastMinute = 0;

  constructor(host: CronHost, runJob: typeof runCronJob = runCronJob) {
    this.#host = host;
    this.#runJob = runJob;
  }

  start(): void {
    const wait = MINUTE - (Date.now() % MINUTE);
    this.#timer = setTimeout(() => {
      const minute = Math.floor((Date.now() + EARLY) / MINUTE) * MINUTE;
      if (minute !== this.#lastMinute) this.minute(new Date(minute)).catch((error: unknown) => this.#host.reportDefect('cron', error));
      this.#lastMinute = minute;
      this.start();
    }, wait);
    this.#timer.unref();
  }

  /** Ends what runs and starts nothing more. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stop.abort();
    await Promise.allSettled(this.#ends);
  }

  /** Starts every line that names this minute; returns when all are started. */
  async minute(minute: Date): Promise<void> {
    for (const { name: app } of this.#host.store.apps.list()) {
      // What is wrong with one app must not keep the others from their turn.
      await this.#turnOf(app, minute).catch((error: unknown) => this.#host.reportDefect(`cron of ${app}`, error));
    }
  }

  async #turnOf(app: AppName, minute: Date): Promise<void> {
    for (const line of this.#lines(app)) {
      if (this.#stop.signal.aborted) return;
      if (!isDue(line.schedule, minute)) continue;
      const live = findLive(this.#host, app);
      if (!live) return;
      const running = this.#running.get(key(app, line.name));
      if (running) running.skip();
      else this.#begin(app, live, line, () => {}, this.#stop.signal).catch((error: unknown) => this.#host.reportDefect(`cron.${line.name} of ${app}`, error));
      await delay(STAGGER);
    }
  }

  /** The lines of the live release, in the file's order. */
  list(app: AppName): CronStatus[] {
    const runs = this.#host.store.cron.ofApp(app);
    const now = new Date();
    return this.#lines(app).map((line) => ({ line, next: nextRun(line.schedule, now), last: runs.find((run) => run.name === line.name) ?? null }));
  }

  /**
   * Runs a line now, whatever its schedule says, and waits for its end.
   * @throws Hop3Error HOP3_NO_CRON, HOP3_CRON_RUNNING, HOP3_CRON_FAILED
   */
  async runNow(app: AppName, name: string, onOutput: (chunk: Buffer) => void, signal: AbortSignal): Promise<void> {
    const live = findLive(this.#host, app);
    const lines = this.#lines(app);
    const line = lines.find((one) => one.name === name);
    if (!live || !line) throw noSuchLine(app, name, lines);
    const running = this.#running.get(key(app, name));
    if (running) {
      throw new Hop3Error('HOP3_CRON_RUNNING', {
        what: `cron.${name} of ${app} is running already, since ${running.since.toISOString()}.`,
        next: `It never runs twice at the same time. What it writes: hop3 logs --worker cron.${name} --app ${app}`,
      });
    }
    const end = await this.#begin(app, live, line, onOutput, AbortSignal.any([signal, this.#stop.signal]));
    if (end.ok) return;
    if (signal.aborted) throw new Hop3Error('HOP3_CANCELLED', { what: `cron.${name} was ended before it was done.` });
    throw new Hop3Error('HOP3_CRON_FAILED', { what: `cron.${name} of ${app} failed: ${end.outcome}.`, next: `Its output is kept: hop3 logs --worker cron.${name} --app ${app}` });
  }

  async #begin(app: AppName, live: LiveRelease, line: CronLine, onOutput: (chunk: Buffer) => void, signal: AbortSignal): Promise<CronEnd> {
    const { job, end } = this.#runJob(this.#host, app, live, line, onOutput, signal);
    this.#running.set(key(app, line.name), job);
    const done = end.finally(() => {
      this.#running.delete(key(app, line.name));
      this.#ends.delete(done);
    });
    this.#ends.add(done);
    return done;
  }

  #lines(app: AppName): readonly CronLine[] {
    const row = this.#host.store.releases.live(app);
    if (!row) return [];
    const known = this.#known.get(app);
    if (known?.build === row.build) return known.lines;
    const lines = findLive(this.#host, app)?.built.config.cron ?? [];
    this.#known.set(app, { build: row.build, lines });
    return lines;
  }
}

function key(app: AppName, name: string): string {
  return `${app} ${name}`;
}

function noSuchLine(app: AppName, name: string, lines: readonly CronLine[]): Hop3Error {
  const names = lines.map((line) => line.name);
  return new Hop3Error('HOP3_NO_CRON', {
    what: `The live release of ${app} has no cron line "${printable(name)}".${didYouMean(name, names)}`,
    next: names.length === 0 ? 'It has none. [[cron]] in hop3.toml makes one; docs/processes.md shows how.' : `It has: ${names.join(', ')}.`,
  });
}
