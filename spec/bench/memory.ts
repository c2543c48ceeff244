import { readdirSync, readFileSync } from 'node:fs';
import type { World } from '../e2e/world.ts';

/**
 * Megabytes (10^6 bytes) of memory that a process has for itself: its Pss of /proc/<pid>/smaps_rollup, in which what several
 * processes share (libraries, the program's text) counts for each by its part. 0 for a process that has gone.
 */
export function processMemory(pid: number): number {
  try {
    const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0;
    return (Number(kilobytes) * 1024) / 1e6;
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0;
    throw error;
  }
}

/** Megabytes of Hop3's own processes: the server and what supervises, without nginx, builds, git and the apps themselves. */
export function ownMemory(world: World): { own: number; nginx: number } {
  let own = 0;
  let nginx = 0;
  for (const { pid, command } of world.processes()) {
    const program = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
    if (program === 'nginx') nginx += processMemory(pid);
    else if (SUPERVISORS.has(program) || command.includes('/dist/')) own += processMemory(pid);
  }
  return { own, nginx };
}

/** What stands between s6-svscan and the command of an app. */
const SUPERVISORS = new Set(['s6-svscan', 's6-supervise', 's6-log', 'tini', 'bwrap']);

/** The highest of many looks at the memory of a process while the work goes on. */
export async function peakDuring(pid: number, work: () => Promise<unknown>): Promise<number> {
  let peak = processMemory(pid);
  const timer = setInterval(() => { peak = Math.max(peak, processMemory(pid)); }, 20);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return Math.max(peak, processMemory(pid));
}

/** Numbers of the processes of this machine whose command line has the text. */
export function processesWith(text: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}
