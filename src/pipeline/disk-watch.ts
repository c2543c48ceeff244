import { statfs } from 'node:fs/promises';
import { formatMemory } from '../limits.ts';
import type { AppName } from '../names.ts';
import { run } from '../run.ts';
import { addLogLine } from '../runtime/log-line.ts';
import { endOneOffs } from '../runtime/one-off.ts';
import { liveSlot } from '../runtime/slots.ts';
import { runningWorkers, stopForCause } from '../runtime/services.ts';
import type { Host } from './job.ts';

/** Milliseconds between two looks at the free space. */
const EVERY = 1000;
/** Milliseconds between two measurements of an app's data, where measuring is quick; no more than a twentieth of the time goes into it. */
const MEASURE_EVERY = 10_000;
const SHARE = 20;
/** Seconds that measuring one directory may take. */
const LONGEST = 600;

type Needs = Pick<Host, 'store' | 'paths' | 'settings' | 'reportDefect'>;

/**
 * Keeps apps from filling the disk. Without a file system that has quotas nothing stops a write; so data directories are measured, and an app that is over
 * HOP3_LIMIT_DATA is stopped. When the free space itself falls below HOP3_MIN_FREE all are measured at once.
 */
export class DiskWatch {
  readonly #host: Needs;
  readonly #measured = new Map<AppName, { readonly bytes: number; readonly due: number }>();
  #timer: NodeJS.Timeout | null = null;
  #busy = false;

  constructor(host: Needs) {
    this.#host = host;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#tick(), EVERY).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Bytes of an app's data when they were last measured; null before, and where there is no limit to measure for. */
  bytesOf(app: AppName): number | null {
    return this.#measured.get(app)?.bytes ?? null;
  }

  async #tick(): Promise<void> {
    const { settings, store, reportDefect } = this.#host;
    if (this.#busy || settings.limitData === null) return;
    this.#busy = true;
    try {
      const short = await this.#isShort();
      const apps = store.apps.list().map(({ name }) => name);
      for (const app of this.#measured.keys()) if (!apps.includes(app)) this.#measured.delete(app);
      for (const app of apps) if (short || (this.#measured.get(app)?.due ?? 0) <= Date.now()) await this.#measure(app, settings.limitData);
    } catch (error) {
      reportDefect('disk', error);
    } finally {
      this.#busy = false;
    }
  }

  async #isShort(): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.#host.paths.root);
    return bavail * bsize < this.#host.settings.minFree;
  }

  async #measure(app: AppName, limit: number): Promise<void> {
    const began = Date.now();
    const bytes = await dataBytes(this.#host.paths.data(app));
    if (bytes === null) return;
    this.#measured.set(app, { bytes, due: Date.now() + Math.max(MEASURE_EVERY, (Date.now() - began) * SHARE) });
    if (bytes > limit) await this.#stop(app, bytes, limit);
  }

  async #stop(app: AppName, bytes: number, limit: number): Promise<void> {
    const { paths, reportDefect } = this.#host;
    const slot = liveSlot(paths, app);
    const running = slot === null ? [] : await runningWorkers(paths, app, slot);
    if (slot === null || running.length === 0) return;
    const cause = `the app's data are ${formatMemory(bytes)}; this server gives an app ${formatMemory(limit)}`;
    reportDefect('disk', `${app} was stopped: ${cause}`);
    endOneOffs(paths, app);
    await Promise.all(running.map(async (worker) => {
      await addLogLine(paths, app, slot, worker, `${worker} is stopped: ${cause}`);
      await stopForCause(paths, app, slot, worker, cause);
    }));
  }
}

/** Bytes on disk of a directory; null when it could not be measured: files come and go while du looks. */
async function dataBytes(dir: string): Promise<number | null> {
  const finished = await run({ file: 'du', args: ['-s', '-x', '--block-size=1', '--', dir], limit: LONGEST });
  const bytes = Number.parseInt(finished.stdout, 10);
  return Number.isNaN(bytes) ? null : bytes;
}
