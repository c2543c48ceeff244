import { existsSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import type { Paths } from '../paths.ts';
import { prepareAppCgroups, readText } from './cgroup.ts';

/** How limits are kept on this machine since the last `hop3 up`. */
export interface Confinement {
  readonly by: 'cgroup' | 'rlimits';
  /** Limits that nothing keeps here, whatever an app asks for. */
  readonly unkept: readonly ('cpu' | 'processes')[];
  /** For rlimits: why there is no cgroup. */
  readonly why: string | null;
  /** What is limited, and how, for people. */
  readonly text: string;
}

/** A limit of processes that counts for a user namespace alone came with Linux 5.14; before, all apps would share one count. */
const NPROC_SINCE: readonly [number, number] = [5, 14];

/** What the run scripts read at each start, a line each: cgroup directory or "-", whether RLIMIT_NPROC can be used, the sentence for people. */
export function limitsFile(paths: Pick<Paths, 'run'>): string {
  return join(paths.run, 'limits');
}

/** Finds out how limits can be kept here and writes it down for the run scripts. For `hop3 up`, before it starts anything. */
export function prepareConfinement(paths: Paths): void {
  const cgroups = prepareAppCgroups(paths.root);
  const nproc = countsPerSandbox(release());
  const lines = cgroups.dir === null
    ? ['-', nproc ? 'nproc' : '-', cgroups.why]
    : [cgroups.dir, nproc ? 'nproc' : '-', cgroups.cpu ? 'cpu' : '-'];
  writeFileSync(limitsFile(paths), `${lines.join('\n')}\n`, { mode: 0o600 });
}

/** For an upgrade while apps run: what was found at the start counts on, and where an older Hop3 did not look, it is not looked now. */
export function keepConfinement(paths: Paths): void {
  if (existsSync(limitsFile(paths))) return;
  const nproc = countsPerSandbox(release()) ? 'nproc' : '-';
  writeFileSync(limitsFile(paths), `-\n${nproc}\nit was upgraded while apps ran; the next full start looks again\n`, { mode: 0o600 });
}

/** What prepareConfinement found. */
export function confinement(paths: Paths): Confinement {
  const [dir = '-', nproc, detail = ''] = readText(limitsFile(paths)).split('\n');
  if (dir !== '-' && dir !== '') {
    return { by: 'cgroup', unkept: detail === 'cpu' ? [] : ['cpu'], why: null, text: detail === 'cpu' ? 'cgroup v2: memory, cpu and processes' : 'cgroup v2: memory and processes; cpu is not limited (no cpu controller)' };
  }
  const why = detail === '' ? 'hop3 up has not looked yet' : detail;
  const processes = nproc === 'nproc' ? 'processes, and memory for each program by itself' : 'memory for each program by itself, not processes (Linux before 5.14)';
  return { by: 'rlimits', unkept: nproc === 'nproc' ? ['cpu'] : ['cpu', 'processes'], why, text: `rlimits: ${processes}; cpu is not limited (${why})` };
}

/** Whether RLIMIT_NPROC counts for a sandbox by itself under this kernel, such as "6.1.0-28-amd64". */
export function countsPerSandbox(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map((part) => Number.parseInt(part, 10));
  return major > NPROC_SINCE[0] || (major === NPROC_SINCE[0] && minor >= NPROC_SINCE[1]);
}
