import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { LogDir } from './log-dirs.ts';
import { LogTail, type LogLine } from './log-tail.ts';

/** One line of a worker's output. */
export interface LogEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** For example `web.1`. */
  readonly worker: string;
  /** For example `v12`; `v0` for a worker without HOP3_RELEASE. */
  readonly release: string;
  readonly line: string;
}

export interface LogFilter {
  /** A worker (`web.1`) or all of a type (`web`). */
  readonly worker?: string | undefined;
  /** For example `v12`. */
  readonly release?: string | undefined;
  /** Only lines that hold this text, in upper or lower case. */
  readonly text?: string | undefined;
  /** Only lines from this moment on; milliseconds since 1970. */
  readonly since?: number | undefined;
}

export interface FoundLines {
  /** Oldest first. */
  readonly entries: LogEntry[];
  /** False when the search was given up before all that is kept was looked at. */
  readonly complete: boolean;
}

/** Pieces of 64 KiB that one search may look at. */
const MOST_PIECES = 4096;
/** Milliseconds that a search may keep the server from everything else. */
const BREATH_MS = 10;
/** Milliseconds by which a file's own time may be behind that of its last line: the kernel's clock for files is coarse. */
const FILE_TIME_SLACK = 1000;

/** Where lines are looked for. */
export interface Place {
  readonly dir: LogDir;
  /** One that is open already, and stays so; null to look at the files as they are when it comes to that. */
  readonly tail: LogTail | null;
}

/** The last `count` lines of all places together, newest place first: old files are not opened while newer lines are enough. */
export async function lastLines(places: readonly Place[], filter: LogFilter, count: number): Promise<FoundLines> {
  const found: LogEntry[] = [];
  if (count <= 0) return { entries: found, complete: true };
  const pace = new Pace();
  let sources = places.map((place) => new Source(place, filter));
  try {
    while (found.length < count) {
      const newest = sources.reduce<Source | null>((best, one) => (best === null || one.time >= best.time ? one : best), null);
      if (newest === null) break;
      if (newest.next !== null) found.push(newest.next);
      const step = newest.advance();
      if (step === 'end') sources = sources.filter((one) => one !== newest);
      if (!(await pace.mayGoOn(step))) return { entries: found.reverse(), complete: false };
    }
    return { entries: found.reverse(), complete: true };
  } finally {
    for (const source of sources) source.close();
  }
}

/** One worker's lines, newest first. */
class Source {
  /** The next line; null while it is not known. */
  next: LogEntry | null = null;
  /** Its time; before that is known, of the newest line that there can be. */
  time: number;
  readonly #place: Place;
  readonly #filter: LogFilter;
  #tail: LogTail | null = null;
  #lines: Iterator<LogLine | null> | null = null;

  constructor(place: Place, filter: LogFilter) {
    this.#place = place;
    this.#filter = filter;
    this.time = newestTime(place.dir.dir);
  }

  /** Goes to the next line, or reads a piece of the file on the way there. */
  advance(): 'line' | 'piece' | 'end' {
    this.next = null;
    this.#tail ??= this.#place.tail ?? new LogTail(this.#place.dir.dir, 'end');
    this.#lines ??= this.#tail.before();
    for (;;) {
      const { done, value } = this.#lines.next();
      if (done === true || (value !== null && value.time < (this.#filter.since ?? 0))) {
        this.close();
        return 'end';
      }
      if (value === null) return 'piece';
      if (!fits(value, this.#filter)) continue;
      this.next = entry(this.#place.dir, value);
      // A clock that was set back must not put a worker's own lines into another order.
      this.time = Math.min(this.time, value.time);
      return 'line';
    }
  }

  /** Ends the reading; a tail that came from outside stays open. */
  close(): void {
    this.#lines?.return?.();
    if (this.#place.tail === null) this.#tail?.close();
  }
}

/** Counts the pieces that a search has read, and lets the server do other things in between. */
class Pace {
  #pieces = 0;
  #since = performance.now();

  async mayGoOn(step: 'line' | 'piece' | 'end'): Promise<boolean> {
    if (step === 'piece') this.#pieces += 1;
    if (performance.now() - this.#since > BREATH_MS) {
      await breathe();
      this.#since = performance.now();
    }
    return this.#pieces <= MOST_PIECES;
  }
}

/** When the newest line of a directory was written at the latest. */
function newestTime(dir: string): number {
  const time = (file: string): number | undefined => statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  return (time(join(dir, 'current')) ?? time(dir) ?? 0) + FILE_TIME_SLACK;
}

export function fits({ time, line }: LogLine, { text, since }: LogFilter): boolean {
  if (since !== undefined && time < since) return false;
  return text === undefined || withoutColours(line).toLowerCase().includes(text.toLowerCase());
}

/** What is looked for may be printed in two colours. */
function withoutColours(line: string): string {
  // eslint-disable-next-line no-control-regex -- an escape sequence begins with a control character
  return line.includes('\u001b') ? line.replace(/\u001b\[[\d;:]*m/g, '') : line;
}

export function entry(dir: LogDir, { time, line }: LogLine): LogEntry {
  return { time, worker: dir.worker, release: dir.release, line };
}
