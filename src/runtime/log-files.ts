import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { listDir } from './list-dir.ts';
import { OWN_LINE } from './run-scripts.ts';

export interface LogLine {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly line: string;
}

/** A file of an s6-log directory, and which one it was when it was looked at. */
export interface LogFile {
  readonly name: string;
  readonly inode: number;
}

/** s6-log never renames or changes a file of this name again. */
export const isRotated = (name: string): boolean => /^@[0-9a-f]{24}\.[su]$/.test(name);

/** Looks at a directory that never holds still; a rotation takes a millisecond and comes once a megabyte. */
const MOST_LOOKS = 50;

/**
 * How many looks in a row must see the same. One rotation can hide its file from two: from the look that listed names before the file
 * became `previous`, and from the one whose listing passed by while `previous` got its lasting name. A third one begins after both.
 */
const EQUAL_LOOKS = 3;

/**
 * The files of an s6-log directory, oldest first. A full `current` is renamed to `previous`, a new `current` is made, `previous` gets
 * its time for a name (it has both names for a moment), and the oldest goes. Between listing names and looking at files any of that
 * may happen and hide a whole file, so only looks that agree count.
 */
export function logFiles(dir: string, namesIn = listDir): LogFile[] {
  let files = look(dir, namesIn);
  for (let looks = 1, equal = 1; equal < EQUAL_LOOKS && looks < MOST_LOOKS; looks += 1) {
    const again = look(dir, namesIn);
    const same = again.length === files.length && again.every(({ name, inode }, at) => name === files[at]!.name && inode === files[at]!.inode);
    equal = same ? equal + 1 : 1;
    files = again;
  }
  return files;
}

function look(dir: string, namesIn: (dir: string) => string[]): LogFile[] {
  const names = namesIn(dir);
  const inOrder = [...names.filter(isRotated).sort(), ...['previous', 'current'].filter((name) => names.includes(name))];
  const files = new Map<number, LogFile>();
  for (const name of inOrder) {
    const inode = inodeOf(join(dir, name));
    if (inode !== null && !files.has(inode)) files.set(inode, { name, inode });
  }
  return [...files.values()];
}

/** Tells an open file from every other one that was or will be in its directory: numbers of inodes are given again. */
export function identityOf(fd: number): string {
  const { ino, birthtimeMs } = fstatSync(fd);
  return `${ino}-${Math.floor(birthtimeMs)}`;
}

export function inodeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? null;
}

/** Opens the very file that was seen; null when its name belongs to another one by now, or to none. */
export function openLogFile(dir: string, { name, inode }: LogFile): number | null {
  let fd: number;
  try {
    fd = openSync(join(dir, name), 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  if (fstatSync(fd).ino === inode) return fd;
  closeSync(fd);
  return null;
}

const CHUNK = 64 * 1024;
const LINE_END = 10;

/** The number of bytes up to the end of the last whole line among the first `size`. */
export function wholeLines(fd: number, size: number): number {
  const chunk = Buffer.alloc(Math.min(CHUNK, size));
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - CHUNK);
    const read = readSync(fd, chunk, 0, end - start, start);
    const at = chunk.subarray(0, read).lastIndexOf(LINE_END);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}

/** The lines in the first `end` bytes of a file, the last one first; null after each piece of 64 KiB, for whoever must not take all of a server's time. */
export function* linesBackwards(fd: number, end: number): Generator<string | null> {
  if (end === 0) return;
  let rest = Buffer.alloc(0);
  for (let at = end; at > 0;) {
    const size = Math.min(CHUNK, at);
    at -= size;
    const chunk = Buffer.alloc(size);
    readSync(fd, chunk, 0, size, at);
    const text = Buffer.concat([chunk, rest]);
    let stop = text.length;
    // The line end at the very end begins no further line.
    if (at + size === end && text[stop - 1] === LINE_END) stop -= 1;
    while (stop > 0) {
      const start = text.lastIndexOf(LINE_END, stop - 1);
      if (start < 0) break;
      yield decode(text.subarray(start + 1, stop));
      stop = start;
    }
    rest = text.subarray(0, stop);
    yield null;
  }
  yield decode(rest);
}

function decode(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}

const STAMPED = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})\d{6}  ([^]*)$/;
/** A worker's last words without a line end, and the line of its finish script behind them. */
const GLUED = new RegExp(`^([^]+?)(${OWN_LINE} [A-Za-z][\\w-]*\\.[\\w-]+ ended (?:with exit code|by signal) \\d+(?:: .+)?)$`);

/** `2026-11-23 05:42:03.613961998  text`, UTC; null for a line without a time, which s6-log does not write. Two lines where two were written as one. */
export function parseStamped(text: string): LogLine[] | null {
  const [, day, clock, line] = STAMPED.exec(text) ?? [];
  if (line === undefined) return null;
  const time = Date.parse(`${day}T${clock}Z`);
  const [, words, end] = line.includes(' ended ') ? (GLUED.exec(line) ?? []) : [];
  return words === undefined || end === undefined ? [{ time, line }] : [{ time, line: words }, { time, line: end }];
}
