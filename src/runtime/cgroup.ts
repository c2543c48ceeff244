import { createHash } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Hop3's own processes move here, since a cgroup that has controllers for its children may hold no process itself. */
const OWN = 'hop3-own';
const NEEDED = ['memory', 'pids'];
const WISHED = ['cpu'];
/** Processes that appear while others are moved are found by looking again. */
const MOST_LOOKS = 5;

/** Either the directory that workers' cgroups are made in, or the reason why there is none. */
export type AppCgroups =
  | { readonly dir: string; readonly cpu: boolean }
  | { readonly dir: null; readonly why: string };

/**
 * Divides the cgroup (v2) that this process is in: Hop3's own processes in one child, the workers of this HOP3_ROOT each in a
 * child of another. It works where somebody delegated the cgroup to this user, as systemd does with Delegate=yes. Where it
 * does not, nothing is changed.
 */
export function prepareAppCgroups(root: string): AppCgroups {
  const found = ownCgroup();
  if (found === null) return { dir: null, why: 'no cgroup v2 is mounted' };
  // `hop3 up` from a shell that an earlier one moved.
  const top = basename(found) === OWN ? dirname(found) : found;
  const controllers = words(readText(join(top, 'cgroup.controllers')));
  const missing = NEEDED.filter((name) => !controllers.includes(name));
  if (missing.length > 0) return { dir: null, why: `the cgroup has no controller for ${missing.join(' and ')}` };
  try {
    for (const file of ['.', 'cgroup.procs', 'cgroup.subtree_control']) accessSync(join(top, file), constants.W_OK);
    moveOut(top);
    const wanted = [...NEEDED, ...WISHED.filter((name) => controllers.includes(name))];
    enable(top, wanted);
    const dir = join(top, `hop3-apps.${createHash('sha256').update(root).digest('hex').slice(0, 8)}`);
    makeDir(dir);
    enable(dir, wanted);
    return { dir, cpu: wanted.includes('cpu') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return { dir: null, why: code === 'EACCES' || code === 'EROFS' || code === 'EPERM' ? 'the cgroup of Hop3 is not delegated to its user' : `the cgroup could not be divided: ${message}` };
  }
}

/** The directory of this process's cgroup; null where there is no cgroup v2 or it lies outside what is mounted. */
function ownCgroup(): string | null {
  const path = /^0::(\/.*)$/m.exec(readText('/proc/self/cgroup'))?.[1];
  if (path === undefined || path.startsWith('/..')) return null;
  for (const line of readText('/proc/self/mountinfo').split('\n')) {
    const [before, after] = line.split(' - ');
    const [, , , mountedRoot, mountPoint] = (before ?? '').split(' ');
    if (!after?.startsWith('cgroup2 ') || mountedRoot === undefined || mountPoint === undefined) continue;
    if (mountedRoot === '/') return join(mountPoint, path);
    if (path === mountedRoot || path.startsWith(`${mountedRoot}/`)) return join(mountPoint, path.slice(mountedRoot.length));
  }
  return null;
}

function moveOut(top: string): void {
  const own = join(top, OWN);
  makeDir(own);
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    const pids = words(readText(join(top, 'cgroup.procs')));
    if (pids.length === 0) return;
    for (const pid of pids) move(pid, own);
  }
}

function move(pid: string, to: string): void {
  try {
    writeFileSync(join(to, 'cgroup.procs'), pid);
  } catch (error) {
    // It ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function enable(dir: string, controllers: readonly string[]): void {
  writeFileSync(join(dir, 'cgroup.subtree_control'), controllers.map((name) => `+${name}`).join(' '));
}

function makeDir(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
}

/** Ends what is left in a worker's or one-off's cgroup and removes it. */
export function removeCgroup(dir: string): void {
  try {
    writeFileSync(join(dir, 'cgroup.kill'), '1');
  } catch {
    // Gone already, or a kernel before 5.14.
  }
  try {
    rmdirSync(dir);
  } catch {
    // Its processes are still ending; the next life of the same name takes it over.
  }
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
