import { join } from 'node:path';
import { formatMemory, NO_LIMITS, type Limits } from '../limits.ts';
import { readText } from './cgroup.ts';
import { CONFINED_FILE } from './limit-scripts.ts';

/** The limits that a worker was started with, in its service directory. */
export const LIMITS_FILE = 'limits.json';
/** Part of its memory limit from which on a worker is told to be near it. */
const NEAR = 0.9;

export function readLimits(serviceDir: string): Limits {
  const text = readText(join(serviceDir, LIMITS_FILE));
  return text === '' ? NO_LIMITS : JSON.parse(text) as Limits;
}

/**
 * What a running worker has come up against, as a sentence; null while it is within its limits.
 * @param processes of its sandbox; asked for only where there is no cgroup that counts
 */
export function limitNote(serviceDir: string, processes: () => readonly number[]): string | null {
  const limits = readLimits(serviceDir);
  if (limits.memory === null && limits.processes === null) return null;
  const cgroup = readText(join(serviceDir, CONFINED_FILE)).trim();
  return cgroup === '' ? fromProcesses(limits, processes()) : fromCgroup(limits, cgroup);
}

/** Which limit the kernel held a command to that has ended: "used more than ..."; null for none, and where no cgroup counts. */
export function oneOffCause(dir: string, { memory, processes }: Limits): string | null {
  const cgroup = readText(join(dir, CONFINED_FILE)).trim();
  if (cgroup === '') return null;
  if (memory !== null && countOf(cgroup, 'memory.events', 'oom_kill') > 0) return `used more than its memory limit of ${formatMemory(memory)}`;
  const refused = countOf(cgroup, 'pids.events', 'max');
  return processes !== null && refused > 0 ? `reached its limit of ${processes} processes (${refused} more were refused)` : null;
}

function countOf(cgroup: string, file: string, key: string): number {
  return Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(readText(join(cgroup, file)))?.[1] ?? 0);
}

function fromCgroup({ memory, processes }: Limits, cgroup: string): string | null {
  const refused = countOf(cgroup, 'pids.events', 'max');
  if (processes !== null && refused > 0) return `reached its limit of ${processes} processes; ${refused} more were refused`;
  const used = Number(readText(join(cgroup, 'memory.current')));
  return memory !== null && used > memory * NEAR ? `uses ${formatMemory(used)} of ${formatMemory(memory)}` : null;
}

/** By rlimits: the kernel counts, and does not tell; so the processes are counted here. */
function fromProcesses({ memory, processes }: Limits, pids: readonly number[]): string | null {
  const statuses = pids.map((pid) => readText(`/proc/${pid}/status`));
  const tasks = statuses.reduce((sum, text) => sum + Number(/^Threads:\s+(\d+)$/m.exec(text)?.[1] ?? 0), 0);
  if (processes !== null && tasks >= processes) return `at its limit of ${processes} processes`;
  const largest = Math.max(0, ...statuses.map((text) => Number(/^VmData:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024));
  return memory !== null && largest > memory * NEAR ? `a program of it uses ${formatMemory(largest)} of ${formatMemory(memory)}` : null;
}
