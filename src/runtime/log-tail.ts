import { closeSync, fstatSync, openSync, readSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LineCutter } from '../program-output.ts';

export interface LogLine {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly line: string;
}

/** The lines of an s6-log directory, oldest first. */
export function readLogDir(dir: string, most: number): LogLine[] {
  let lines: LogLine[] = [];
  for (const file of filesOf(dir).reverse()) {
    if (lines.length >= most) break;
    lines = [...readWhole(file), ...lines];
  }
  return lines.slice(-most);
}

/**
 * Reads an s6-log directory as it grows. s6-log renames `current` when it is full, so the file that is read is held open
 * and its successors are found by what `current` is, not by its name.
 */
export class LogTail {
  readonly #dir: string;
  #fd: number | null = null;
  #cutter = new LineCutter();
  #last = 0;

  /** From the end: only what is written from now on; otherwise all there is. */
  constructor(dir: string, from: 'start' | 'end') {
    this.#dir = dir;
    const newest = filesOf(dir).at(-1);
    if (from === 'start' || newest === undefined) return;
    this.#open(newest);
    if (this.#fd !== null) this.#drain();
  }

  /** The lines that came since the last call. */
  read(): LogLine[] {
    const lines: LogLine[] = [];
    const [oldest] = filesOf(this.#dir);
    if (this.#fd === null && oldest !== undefined) this.#open(oldest);
    while (this.#fd !== null) {
      lines.push(...this.#drain());
      const next = this.#successor(fstatSync(this.#fd).ino);
      if (next === null) break;
      // It was renamed after the drain above, perhaps with lines that came in between.
      lines.push(...this.#drain());
      this.close();
      this.#open(next);
    }
    return lines;
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
    this.#cutter = new LineCutter();
  }

  #open(file: string): void {
    try {
      this.#fd = openSync(file, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  #drain(): LogLine[] {
    const lines: LogLine[] = [];
    const chunk = Buffer.alloc(64 * 1024);
    for (let size = readSync(this.#fd!, chunk); size > 0; size = readSync(this.#fd!, chunk)) {
      for (const text of this.#cutter.push(chunk.subarray(0, size))) {
        const line = parseLine(text, this.#last);
        this.#last = line.time;
        lines.push(line);
      }
    }
    return lines;
  }

  /** The file after the one with this inode number; null while that is the one s6-log writes to. */
  #successor(inode: number): string | null {
    const files = filesOf(this.#dir);
    const at = files.findIndex((file) => statSync(file, { throwIfNoEntry: false })?.ino === inode);
    if (at >= 0) return files[at + 1] ?? null;
    // It is so old that s6-log removed it: everything that is left came after it.
    return files[0] ?? null;
  }
}

/** Rotated files, whose names are their times, then `current`. */
function filesOf(dir: string): string[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const rotated = names.filter((name) => /^@[0-9a-f]{24}\.[su]$/.test(name)).sort();
  return [...rotated, ...(names.includes('current') ? ['current'] : [])].map((name) => join(dir, name));
}

function readWhole(file: string): LogLine[] {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []; // rotated away
    throw error;
  }
  try {
    const cutter = new LineCutter();
    const lines: LogLine[] = [];
    const chunk = Buffer.alloc(256 * 1024);
    for (let size = readSync(fd, chunk); size > 0; size = readSync(fd, chunk)) {
      for (const text of cutter.push(chunk.subarray(0, size))) lines.push(parseLine(text, lines.at(-1)?.time ?? 0));
    }
    return lines;
  } finally {
    closeSync(fd);
  }
}

const STAMPED = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})\d{6}  ([^]*)$/;

/** `2026-11-23 05:42:03.613961998  text`, UTC. A line without a time is a piece of a very long one. */
function parseLine(text: string, before: number): LogLine {
  const [, day, clock, line] = STAMPED.exec(text) ?? [];
  return line === undefined ? { time: before, line: text } : { time: Date.parse(`${day}T${clock}Z`), line };
}
