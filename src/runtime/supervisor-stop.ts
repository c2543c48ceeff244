import { setTimeout as delay } from 'node:timers/promises';
import { Hop3Error } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { run } from '../run.ts';
import { isScanning } from './supervise-service.ts';
import { rootProcesses, type Process } from './supervisor-processes.ts';

export interface Stopped {
  /** What ran before; empty when nothing did. */
  readonly found: readonly Process[];
  /** Of those, what had to be ended by force. */
  readonly forced: readonly Process[];
}

/** Seconds beyond the drain time that an orderly stop may take: the server's own 15 s, and the loggers after it. */
const ORDERLY_EXTRA = 10;
const LEAST_ORDERLY = 20;
/** Milliseconds between TERM and KILL for what is left then, and for the kernel to take it away. */
const FORCED_MS = 3000;
const KILLED_MS = 5000;

/**
 * Ends every process of this HOP3_ROOT: workers finish their requests, then server, nginx and loggers go, then the supervisor.
 * What is still there after that is ended by force. When it returns, none is left.
 * @param hurry fires when nobody wants to wait for the orderly end any longer
 * @throws Hop3Error HOP3_STILL_RUNNING that names what even SIGKILL did not end
 */
export async function stopSupervisor(paths: Paths, drainTimeout: number, hurry?: AbortSignal): Promise<Stopped> {
  const found = rootProcesses(paths);
  if (found.length === 0) return { found, forced: [] };
  if (isScanning(paths)) await run({ file: 's6-svscanctl', args: ['-t', paths.services], limit: 10 });
  // The supervisor is gone and what it started is not: each is told by itself. Sandboxes are told by their tini.
  else signalAll(found.filter((one) => one.direct), 'SIGTERM');
  if (await gone(paths, Math.max(LEAST_ORDERLY, drainTimeout + ORDERLY_EXTRA) * 1000, hurry)) return { found, forced: [] };

  const forced = rootProcesses(paths);
  signalAll(forced.filter((one) => one.direct), 'SIGTERM');
  if (await gone(paths, FORCED_MS)) return { found, forced };
  signalAll(rootProcesses(paths), 'SIGKILL');
  if (await gone(paths, KILLED_MS)) return { found, forced };
  const left = rootProcesses(paths);
  throw new Hop3Error('HOP3_STILL_RUNNING', {
    what: `${left.length} processes of ${paths.root} are still there after SIGKILL.`,
    why: left.map((one) => `${one.pid} ${one.command.slice(0, 100)}`).join('\n'),
    next: 'They hang in the kernel, most likely on a dead disk or network file system. Free that, then run `hop3 down` again.',
  });
}

async function gone(paths: Paths, withinMs: number, hurry?: AbortSignal): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (rootProcesses(paths).length > 0) {
    if (performance.now() > end || hurry?.aborted) return false;
    await delay(100);
  }
  return true;
}

function signalAll(processes: readonly Process[], signal: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
