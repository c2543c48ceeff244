import { readFileSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../paths.ts';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** The name of the program, at most 15 characters. */
  readonly name: string;
  /** The command line, for a person. */
  readonly command: string;
  /** True when it was found by itself, false when only as a descendant of such a one (an app's process in its sandbox). */
  readonly direct: boolean;
}

/** Programs that Hop3 starts with a path below HOP3_ROOT among their arguments. A person's `tail` or editor is none of them. */
const PROGRAMS = new Set(['s6-svscan', 's6-supervise', 's6-log', 'tini', 'bwrap', 'nginx']);

/**
 * Every process of this HOP3_ROOT, however it was left: by working directory, by command line, and their descendants. Processes
 * with a terminal (somebody's shell in that directory), the caller and its ancestors are never among them.
 */
export function rootProcesses(paths: Paths): Process[] {
  const all = list('/proc').map(Number).filter(Number.isInteger).flatMap((pid) => look(pid) ?? []);
  const byPid = new Map(all.map((one) => [one.pid, one]));
  const spared = new Set<number>();
  for (let pid = process.pid; pid > 1 && !spared.has(pid); pid = byPid.get(pid)?.parent ?? 0) spared.add(pid);
  const places = ownPlaces(paths);
  const found = new Map<number, Process>();
  const add = (one: Look, direct: boolean) => {
    if (found.has(one.pid) || spared.has(one.pid)) return;
    found.set(one.pid, { pid: one.pid, parent: one.parent, name: one.name, command: one.command, direct });
    for (const child of all) if (child.parent === one.pid) add(child, isOwn(child, places));
  };
  for (const one of all) if (isOwn(one, places)) add(one, true);
  return [...found.values()];
}

interface Look {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly command: string;
  readonly terminal: boolean;
  readonly cwd: string;
}

interface Places {
  readonly roots: readonly string[];
  readonly dirs: readonly string[];
}

/** Not the root itself: it may be the home of the user, where anything of theirs may run. */
function ownPlaces(paths: Paths): Places {
  const roots = [...new Set([paths.root, realpath(paths.root)])];
  const names = [paths.services, paths.ownServices, paths.addons, paths.apps, paths.checkouts, paths.repos, paths.nginx, paths.toolHome].map((dir) => dir.slice(paths.root.length + 1));
  return { roots, dirs: roots.flatMap((root) => names.map((name) => join(root, name))) };
}

function isOwn(one: Look, places: Places): boolean {
  if (one.terminal) return false;
  if (places.dirs.some((dir) => one.cwd === dir || one.cwd.startsWith(`${dir}/`))) return true;
  return PROGRAMS.has(one.name) && places.roots.some((root) => one.command.includes(`${root}/`));
}

/** Null for what is gone, a zombie, or another user's. */
function look(pid: number): Look | null {
  try {
    if (statSync(`/proc/${pid}`).uid !== process.getuid?.()) return null;
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const [state, parent, , , terminal] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return null;
    return {
      pid, parent: Number(parent), name,
      command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
      terminal: terminal !== '0',
      cwd: cwdOf(pid),
    };
  } catch {
    return null;
  }
}

function cwdOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '');
  } catch {
    return '';
  }
}

function realpath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
