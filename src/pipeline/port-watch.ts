import { addLogLine } from '../runtime/log-line.ts';
import { endOneOff } from '../runtime/one-off.ts';
import { PortGuard, type Intruder, type Reserved } from '../runtime/port-guard.ts';
import { stopForCause } from '../runtime/services.ts';
import type { Host } from './job.ts';

/** Milliseconds between two looks: as long as another app may have a port. */
const EVERY = 1000;

type Needs = Pick<Host, 'store' | 'paths' | 'settings' | 'reportDefect'>;

/**
 * Keeps ports with their owners: a process of an app that listens on a port of another app, or of Hop3 itself, is stopped, and its log says
 * why. It stays down until the next deploy or restart.
 */
export class PortWatch {
  readonly #host: Needs;
  readonly #guard: PortGuard;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;

  constructor(host: Needs) {
    this.#host = host;
    this.#guard = new PortGuard(host.paths);
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.sweep(), EVERY).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  isForeign(port: number): boolean {
    return this.#guard.isForeign(port);
  }

  /** Looks once, and resolves when what was found is stopped. */
  sweep(): Promise<void> {
    this.#looking ??= this.#sweep()
      .catch((error: unknown) => this.#host.reportDefect('ports', error))
      .finally(() => { this.#looking = null; });
    return this.#looking;
  }

  async #sweep(): Promise<void> {
    const intruders = await this.#guard.look(this.#reserved());
    await Promise.all(intruders.map((intruder) => this.#evict(intruder)));
  }

  #reserved(): Reserved[] {
    const { store, settings } = this.#host;
    return [
      ...store.ports.all().map(({ port, app }) => ({ port, protocol: 'tcp' as const, app })),
      ...store.fixedPorts.all().map(({ number, protocol, app }) => ({ port: number, protocol, app })),
      ...[settings.listen.port, settings.httpListen.port, ...store.addons.serverPorts()].map((port) => ({ port, protocol: 'tcp' as const, app: null })),
    ];
  }

  async #evict({ culprit, port }: Intruder): Promise<void> {
    const { paths, reportDefect } = this.#host;
    const cause = `it listened on port ${port.port}/${port.protocol}, which belongs to ${port.app ?? 'Hop3 itself'}`;
    const name = culprit.kind === 'worker' ? culprit.worker : 'a command that runs once';
    reportDefect('ports', `${name} of ${culprit.app} was stopped: ${cause}`);
    if (culprit.kind === 'one-off') return endOneOff(culprit.dir);
    const { app, slot, worker } = culprit;
    await addLogLine(paths, app, slot, worker, `${worker} is stopped: ${cause}`);
    await stopForCause(paths, app, slot, worker, cause);
  }
}
