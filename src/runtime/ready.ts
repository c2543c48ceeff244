import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Healthcheck } from '../config/model.ts';
import { Hop3Error } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { readText } from './cgroup.ts';
import { describeWorkerExit, readExit } from './exits.ts';
import { FIRST_CAUSE_FILE } from './limit-scripts.ts';
import { LogTail, type LogLine } from './log-tail.ts';
import type { SlotSpec, WorkerSpec } from './model.ts';
import { probe, type ProbeAnswer } from './probe.ts';
import { listeners, listensOn, sandboxProcesses } from './processes.ts';
import { OWN_LINE } from './run-scripts.ts';
import { releaseName, slotLayout, workerLayout, workerLogDir, type WorkerLayout } from './slot-layout.ts';

export interface ReadyOptions {
  readonly paths: Paths;
  readonly spec: SlotSpec;
  /** null: a web worker is ready with its first HTTP answer, whatever that says. */
  readonly healthcheck: Healthcheck | null;
  readonly startTimeoutS: number;
  /** The Host header of the requests; the app's name without it. */
  readonly host?: string | undefined;
  /** The workers' output while they start. */
  readonly onOutput: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Milliseconds between two tries while nothing listens yet, at first and at most, and in between the part of the time that has passed: who starts in
 * a fifth of a second is seen within 10 ms. Such a try ends in the kernel, and no app notices it.
 */
const FASTEST_REFUSED_POLL_MS = 4;
const REFUSED_POLL_MS = 20;
const REFUSED_POLL_PART = 0.05;
/** Seconds after which even those become rarer: whoever takes longer is not waited for by the hundredth of a second. */
const EAGER_S = 15;
/** Milliseconds before the second request of an app that answered and is not ready; each asks it to work, so they become rarer. */
const FIRST_POLL_MS = 20;
const SLOWEST_POLL_MS = 500;
/** Milliseconds a background worker must stay up. */
const SETTLE_MS = 1000;
/** Milliseconds between two looks for deaths and new output. */
const WATCH_MS = 50;
/** Bytes of output that one look takes: a worker that prints as fast as it can be read would keep the server from everything else. */
const MOST_READ = 256 * 1024;
/** Milliseconds that a dead worker's last lines may take through its logger. */
const LAST_LINES_MS = 1000;
const SHOWN_LINES = 10;

/**
 * Waits until every worker of a started slot is ready: web workers answer HTTP on their port, background workers stay up.
 * @throws Hop3Error HOP3_WORKER_DIED at the first death, HOP3_UNHEALTHY after startTimeoutS, HOP3_CANCELLED
 */
export async function waitUntilReady(options: ReadyOptions): Promise<void> {
  const { spec, signal } = options;
  const layout = slotLayout(options.paths, spec.app, spec.slot);
  const watched = spec.workers.map((worker) => new Watched(worker, workerLayout(layout, worker.name), options));
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  const waits = [watchForDeath(watched, stop.signal), ...watched.map((worker) => ready(worker, options, stop.signal))];
  try {
    if (signal.aborted) throw cancelled();
    // The watch ends only with an error, so the workers alone decide when all is well.
    await Promise.race([waits[0], Promise.all(waits.slice(1))]);
    if (signal.aborted) throw cancelled();
    for (const worker of watched) if (worker.exit()) throw await died(worker);
  } finally {
    stop.abort();
    signal.removeEventListener('abort', onAbort);
    await Promise.allSettled(waits);
    for (const worker of watched) {
      worker.readOutput();
      worker.close();
    }
  }
}

/** A worker that starts: its files, and its output so far. */
class Watched {
  readonly spec: WorkerSpec;
  readonly files: WorkerLayout;
  readonly lastLines: string[] = [];
  /** The finish script's own line was seen, which is the last of a dead worker. */
  ended = false;
  readonly #tail: LogTail;
  readonly #since: number;
  readonly #onOutput: (line: string) => void;

  constructor(spec: WorkerSpec, files: WorkerLayout, options: ReadyOptions) {
    this.spec = spec;
    this.files = files;
    const { app, slot, workers } = options.spec;
    // The directory may hold an earlier start of the same release.
    this.#tail = new LogTail(workerLogDir(options.paths, app, spec.name, releaseName(spec.env), slot), 'start');
    this.#since = Math.floor(statSync(files.run).mtimeMs);
    this.#onOutput = workers.length > 1 ? (line) => options.onOutput(`${spec.name}: ${line}`) : options.onOutput;
  }

  readOutput(): void {
    for (const line of this.#tail.read(MOST_READ)) if (line.time >= this.#since) this.#take(line);
  }

  exit(): { readonly text: string; readonly code: number; readonly cause: string | null } | null {
    const exit = readExit(this.files.firstExit);
    const cause = readText(join(this.files.dir, FIRST_CAUSE_FILE)).trim();
    return exit && { text: describeWorkerExit(exit.code, exit.signal), code: exit.code, cause: cause === '' ? null : cause };
  }

  /** Seconds from the first start to the first death. */
  livedSeconds(): string {
    const lived = statSync(this.files.firstExit).mtimeMs - statSync(this.files.firstStart).mtimeMs;
    return Math.max(0, lived / 1000).toFixed(1);
  }

  close(): void {
    this.#tail.close();
  }

  #take({ line }: LogLine): void {
    if (line.startsWith(`${OWN_LINE} ${this.spec.name} ended`)) this.ended = true;
    if (line.startsWith(`${OWN_LINE} ${this.spec.name} `)) return;
    // What a worker says after its first death is said by its second life.
    if (!this.ended) {
      this.lastLines.push(line);
      if (this.lastLines.length > SHOWN_LINES) this.lastLines.shift();
    }
    this.#onOutput(line);
  }
}

async function watchForDeath(watched: readonly Watched[], stop: AbortSignal): Promise<void> {
  for (;;) {
    for (const worker of watched) {
      worker.readOutput();
      if (worker.exit()) throw await died(worker);
    }
    if (stop.aborted) throw cancelled();
    await delay(WATCH_MS, undefined, { signal: stop }).catch(() => {});
  }
}

async function ready(worker: Watched, options: ReadyOptions, stop: AbortSignal): Promise<void> {
  if (worker.spec.port !== null) return answers(worker, worker.spec.port, options, stop);
  await delay(SETTLE_MS, undefined, { signal: stop }).catch(() => {});
}

async function answers(worker: Watched, port: number, options: ReadyOptions, stop: AbortSignal): Promise<void> {
  // Not AbortSignal.any with AbortSignal.timeout: Node 20 may collect the timeout as garbage, and it never comes.
  const limit = new AbortController();
  const end = () => limit.abort();
  const timer = setTimeout(end, options.startTimeoutS * 1000);
  stop.addEventListener('abort', end, { once: true });
  try {
    await askUntilReady(worker, port, options, stop, limit.signal);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', end);
  }
}

async function askUntilReady(worker: Watched, port: number, options: ReadyOptions, stop: AbortSignal, limit: AbortSignal): Promise<void> {
  const { healthcheck, spec } = options;
  const began = performance.now();
  let pause = FIRST_POLL_MS;
  let last: ProbeAnswer = { kind: 'refused' };
  for (let tries = 1; ; tries += 1) {
    const answer = await probe({ port, host: options.host ?? spec.app, healthcheck }, limit);
    if (stop.aborted) return;
    // A request that was cut by the end of the time says nothing new, unless it was the only one.
    if (!limit.aborted) last = answer;
    else if (answer.kind === 'not-yet' && tries === 1) last = { kind: 'not-yet', why: 'no answer' };
    if (answer.kind === 'ready') {
      if (ownsPort(worker, port)) return;
      last = { kind: 'not-yet', why: 'another process on this machine answered' };
    }
    if (limit.aborted) throw unhealthy(worker, port, options, last, tries, performance.now() - began);
    const waited = performance.now() - began;
    const eager = answer.kind === 'refused' && waited < EAGER_S * 1000;
    await delay(eager ? Math.min(REFUSED_POLL_MS, Math.max(FASTEST_REFUSED_POLL_MS, waited * REFUSED_POLL_PART)) : pause, undefined, { signal: limit }).catch(() => {});
    if (stop.aborted) return;
    if (!eager) pause = Math.min(SLOWEST_POLL_MS, pause * 1.5);
  }
}

function ownsPort(worker: Watched, port: number): boolean {
  return listensOn(sandboxProcesses(worker.files.env), port);
}

async function died(worker: Watched): Promise<Hop3Error> {
  const until = performance.now() + LAST_LINES_MS;
  for (worker.readOutput(); !worker.ended && performance.now() < until; worker.readOutput()) await delay(20);
  const { text, code, cause } = worker.exit()!;
  return new Hop3Error('HOP3_WORKER_DIED', {
    what: `${worker.spec.name} ended while it was starting: ${text} after ${worker.livedSeconds()} s.`,
    why: `${cause === null ? '' : `The cause: ${cause}.\n`}${said(worker)}\nIts command: ${oneLine(worker.spec.command)}`,
    ...(code === 126 || code === 127 ? { next: 'The shell did not find that program, or may not run it. PATH holds the `path` of runtime.json, then /usr/local/bin:/usr/bin:/bin.' } : {}),
  });
}

function unhealthy(worker: Watched, port: number, options: ReadyOptions, last: ProbeAnswer, tries: number, waited: number): Hop3Error {
  worker.readOutput();
  const { healthcheck, startTimeoutS, spec } = options;
  const name = worker.spec.name;
  const asked = `GET ${healthcheck?.path ?? '/'} on 127.0.0.1:${port} with Host: ${options.host ?? spec.app}`;
  const answered = last.kind === 'not-yet' ? last.why : 'connection refused: nothing listens there';
  return new Hop3Error('HOP3_UNHEALTHY', {
    what: `${name} was not ready after ${(waited / 1000).toFixed(waited < 10_000 ? 1 : 0)} s (${tries} ${tries === 1 ? 'try' : 'tries'}).`,
    why: [`Asked: ${asked}`, `Last answer: ${answered}`, ...ports(worker, port), said(worker)].join('\n'),
    next: `A web worker must answer HTTP on $PORT at 127.0.0.1. If it only needs more time, raise start-timeout in [run] (now ${startTimeoutS} s).`,
  });
}

function ports(worker: Watched, port: number): string[] {
  const open = listeners(sandboxProcesses(worker.files.env));
  if (open.length === 0) return [`${worker.spec.name} listens on no TCP port; PORT is ${port}.`];
  if (open.some((listener) => listener.port === port && (listener.address === '127.0.0.1' || listener.address === '0.0.0.0' || listener.address === '[::]'))) return [];
  const places = [...new Set(open.map((listener) => (listener.address === '127.0.0.1' ? String(listener.port) : `${listener.address}:${listener.port}`)))];
  return [`${worker.spec.name} listens on ${places.join(', ')}; PORT is ${port}.`];
}

function said(worker: Watched): string {
  if (worker.lastLines.length === 0) return `${worker.spec.name} printed nothing.`;
  return [`${worker.spec.name} said:`, ...worker.lastLines.map((line) => `  ${line}`)].join('\n');
}

function oneLine(command: string): string {
  const line = command.replace(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
}

function cancelled(): Hop3Error {
  return new Hop3Error('HOP3_CANCELLED', { what: 'The deploy was cancelled while the release was starting.' });
}
