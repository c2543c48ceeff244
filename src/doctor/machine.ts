import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatMemory } from '../limits.ts';
import { readText } from '../runtime/cgroup.ts';
import { confinement } from '../runtime/confinement.ts';
import { fail, ok, warn, type Finding, type Look } from './model.ts';

/** Bytes below which the next push may fail half-way, and below which even the database cannot be sure of its log. */
const LOW_DISK = 2 * 1024 ** 3;
const NO_DISK = 200 * 1024 ** 2;
const LOW_INODES = 20_000;
const NO_INODES = 1000;
/** Bytes that evaluating nixpkgs and starting an app take at least. */
const LOW_MEMORY = 512 * 1024 ** 2;
const FREE_DISK = 'Make room: hop3 gc, then nix-collect-garbage as root; hop3 status --server-log tells what grows.';

export const lookAtMachine: readonly Look[] = [
  { name: 'disk', look: ({ paths }) => [disk('disk of HOP3_ROOT', nearest(paths.root)), ...(existsSync('/nix/store') ? [disk('disk of /nix/store', '/nix/store')] : [])] },
  { name: 'memory', look: () => [memory()] },
  {
    name: 'limits', look: ({ paths }) => {
      const { by, text } = confinement(paths);
      return [by === 'cgroup' ? ok('limits', text) : warn('limits', text, 'For limits by cgroup the unit of Hop3 needs Delegate=yes, and a full start (docs/limits-and-ports.md).')];
    },
  },
];

function disk(name: string, path: string): Finding {
  const { bavail, bsize, ffree, files } = statfsSync(path);
  const free = bavail * bsize;
  // File systems without a fixed number of inodes say 0 of 0.
  const inodes = files === 0 ? Infinity : ffree;
  const text = `${formatMemory(Math.floor(free / 1024 ** 2) * 1024 ** 2)} free${inodes === Infinity ? '' : `, ${inodes} inodes`}`;
  if (free < NO_DISK || inodes < NO_INODES) return fail(name, text, FREE_DISK);
  return free < LOW_DISK || inodes < LOW_INODES ? warn(name, text, FREE_DISK) : ok(name, text);
}

function memory(): Finding {
  const available = Number(/^MemAvailable:\s+(\d+) kB/m.exec(readText('/proc/meminfo'))?.[1] ?? NaN) * 1024;
  if (Number.isNaN(available)) return ok('memory', 'the kernel does not tell');
  const text = `${formatMemory(Math.floor(available / 1024 ** 2) * 1024 ** 2)} available`;
  return available < LOW_MEMORY ? warn('memory', text, 'Builds and starts may be ended by the kernel: add memory or swap, or lower HOP3_PARALLEL_BUILDS.') : ok('memory', text);
}

/** The directory that would hold it. */
function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path));
}
