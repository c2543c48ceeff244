import { setMaxListeners } from 'node:events';
import type { Healthcheck } from '../config/model.ts';
import type { AppName } from '../names.ts';
import { addLogLine } from '../runtime/log-line.ts';
import { probe, type ProbeAnswer } from '../runtime/probe.ts';
import type { LiveRow } from '../store/releases.ts';
import type { Host } from './job.ts';
import { keptConfig, type KeptRuntime } from './known.ts';
import { processTypes } from './process-types.ts';
import { Gate } from './turns.ts';

/** What the last question to a web process found. */
export interface ProcessHealth {
  /** For example `web.1`. */
  readonly worker: string;
  /** `unknown`: not asked yet. */
  readonly state: 'unknown' | 'ok' | 'failing';
  /** Since when it is so; milliseconds since 1970. */
  readonly since: number | null;
  readonly lastAsked: number | null;
  /** `GET /up` */
  readonly asked: string;
  /** What came instead of a good answer, while it is failing. */
  readonly answered: string | null;
}

export interface HealthWatchOptions extends Pick<Host, 'store' | 'paths' | 'settings' | 'reportDefect'> {
  /** Whether somebody else than its owner listens on a port: then an answer from there says nothing. */
  readonly isForeign?: (port: number) => boolean;
  // What a spec gives instead:
  readonly ask?: typeof probe;
  readonly tell?: typeof addLogLine;
  readonly now?: () => number;
}

/** Milliseconds between two looks for releases that are due, or new. */
const TICK_MS = 1000;
/** Questions that may be open at the same time, on the whole host. */
const MOST_AT_ONCE = 64;
/** Milliseconds over which the first questions after a server's start are spread, where the interval is not shorter. */
const SPREAD_MS = 60_000;

/** A live release with a health check, and what its processes answered. */
interface Watched {
  /** Which release in which slot: another one is another release, or the same one started anew. */
  readonly place: string;
  readonly live: LiveRow;
  readonly check: Healthcheck;
  readonly health: Map<string, ProcessHealth>;
  /** When the next questions are due; null while they are asked. */
  due: number | null;
}

/**
 * Asks the web processes of every live release with a `[healthcheck]` again and again, and remembers what they answered; nothing
 * is restarted. What is live stands in the database, which is looked at anew each second: so deploys, scaling, rollbacks
 * and destroyed apps need not tell, and a server that starts begins where the one before stopped.
 */
export class HealthWatch {
  readonly #options: HealthWatchOptions;
  readonly #ask: typeof probe;
  readonly #tell: typeof addLogLine;
  readonly #now: () => number;
  readonly #gate = new Gate(MOST_AT_ONCE);
  readonly #stopped = new AbortController();
  /** null: a live release without a check. */
  readonly #apps = new Map<AppName, Watched | { readonly place: string; readonly check: null }>();
  #timer: NodeJS.Timeout | null = null;
  #first = true;

  constructor(options: HealthWatchOptions) {
    this.#options = options;
    this.#ask = options.ask ?? probe;
    this.#tell = options.tell ?? addLogLine;
    this.#now = options.now ?? Date.now;
    // Every open and every waiting question listens.
    setMaxListeners(0, this.#stopped.signal);
  }

  start(): void {
    this.#timer ??= setInterval(() => this.tick(), TICK_MS).unref();
  }

  /** Ends questions that are open. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#stopped.abort();
  }

  /** The web processes of the app's live release; empty where it has no health check. */
  of(app: AppName): ProcessHealth[] {
    const live = this.#options.store.releases.place(app);
    if (live === null) return [];
    // A deploy may have ended since the last look.
    if (this.#apps.get(app)?.place !== placeOf(live)) this.#apps.set(app, this.#watch(live));
    const found = this.#apps.get(app)!;
    return found.check === null ? [] : this.#processes(live).flatMap(({ worker }) => found.health.get(worker) ?? []);
  }

  /** Looks at what is live, and asks what is due. */
  tick(): void {
    try {
      this.#look();
      for (const [app, watched] of this.#apps) if (watched.check !== null && watched.due !== null && watched.due <= this.#now()) void this.#askAll(app, watched);
    } catch (error) {
      this.#options.reportDefect('health checks', error);
    }
  }

  #look(): void {
    const { releases } = this.#options.store;
    const live = new Map(releases.places().map((row) => [row.app, row]));
    for (const app of this.#apps.keys()) if (!live.has(app)) this.#apps.delete(app);
    for (const row of live.values()) if (this.#apps.get(row.app)?.place !== placeOf(row)) this.#apps.set(row.app, this.#watch(row));
    this.#first = false;
  }

  #watch(live: LiveRow): Watched | { readonly place: string; readonly check: null } {
    const place = placeOf(live);
    const built = this.#options.store.builds.output(live.app, live.build);
    const config = built && keptConfig(built.config);
    const check = config?.healthcheck ?? null;
    const { runtime } = built ? JSON.parse(built.runtime) as KeptRuntime : { runtime: null };
    if (!config || check === null || runtime === null || !Object.hasOwn(processTypes({ config, runtime }), 'web')) return { place, check: null };
    // A thousand apps that a starting server finds must not be asked in one moment; a deploy is one app.
    const wait = this.#first ? Math.random() * Math.min(check.interval * 1000, SPREAD_MS) : 0;
    const watched: Watched = { place, live, check, health: new Map(), due: this.#now() + wait };
    for (const { worker } of this.#processes(live)) watched.health.set(worker, { worker, state: 'unknown', since: null, lastAsked: null, asked: `GET ${check.path}`, answered: null });
    return watched;
  }

  #processes({ app, slot }: LiveRow): { worker: string; port: number }[] {
    const rows = this.#options.store.ports.ofApp(app).filter((row) => row.slot === slot && row.process === 'web');
    return rows.map(({ process, instance, port }) => ({ worker: `${process}.${instance}`, port }));
  }

  async #askAll(app: AppName, watched: Watched): Promise<void> {
    const began = this.#now();
    watched.due = null;
    try {
      await Promise.all(this.#processes(watched.live).map(({ worker, port }) => this.#askOne(app, watched, worker, port)));
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#options.reportDefect(`health check of ${app}`, error);
    } finally {
      watched.due = began + watched.check.interval * 1000;
    }
  }

  async #askOne(app: AppName, watched: Watched, worker: string, port: number): Promise<void> {
    const { signal } = this.#stopped;
    const leave = await this.#gate.enter(signal, () => {});
    try {
      const asked = this.#now();
      const answer = await this.#ask({ port, host: `${app}.${this.#options.settings.domain}`, healthcheck: watched.check }, signal);
      // By now it may be the release before, which is being stopped and need not answer.
      if (signal.aborted || watched.place !== placeOf(this.#options.store.releases.place(app))) return;
      const foreign = answer.kind === 'ready' && this.#options.isForeign?.(port) === true;
      await this.#note(app, watched, worker, asked, foreign ? { kind: 'not-yet', why: 'another process on this machine answered' } : answer);
    } finally {
      leave();
    }
  }

  async #note(app: AppName, watched: Watched, worker: string, lastAsked: number, answer: ProbeAnswer): Promise<void> {
    const before = watched.health.get(worker);
    const asked = `GET ${watched.check.path}`;
    const state = answer.kind === 'ready' ? 'ok' : 'failing';
    const answered = answer.kind === 'ready' ? null : answer.kind === 'refused' ? 'connection refused' : answer.why;
    const since = before?.state === state ? before.since : this.#now();
    watched.health.set(worker, { worker, state, since, lastAsked, asked, answered });
    if (before?.state === state || (state === 'ok' && before?.state !== 'failing')) return;
    const text = state === 'failing' ? `${worker} fails its health check: ${asked}: ${answered}` : `${worker} passes its health check again, after ${Math.round((this.#now() - before!.since!) / 1000)} s`;
    await this.#tell(this.#options.paths, app, watched.live.slot, worker, text);
  }
}

function placeOf(row: LiveRow): string;
function placeOf(row: LiveRow | null): string | null;
function placeOf(row: LiveRow | null): string | null {
  return row && `v${row.version} in ${row.slot} of b${row.build} at ${row.createdAt}`;
}
