import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { LineCutter } from '../program-output.ts';
import { identityOf, inodeOf, isRotated, linesBackwards, logFiles, openLogFile, parseStamped, wholeLines, type LogFile, type LogLine } from './log-files.ts';
import { OWN_LINE } from './run-scripts.ts';

export type { LogLine } from './log-files.ts';

/** What stands where s6-log threw files away before they were read. */
export const GAP = `${OWN_LINE} lines may be missing here: more was written than is kept before it could be read`;

/** Where reading goes on, for another reader: a file and a number of bytes. Nothing was there to read yet: `NOWHERE`. */
export type LogPosition = `${string}:${number}`;
export const NOWHERE: LogPosition = '0-0:0';
export const isLogPosition = (text: string): text is LogPosition => /^\d{1,20}-\d{1,20}:\d{1,15}$/.test(text);

interface OpenFile {
  readonly fd: number;
  readonly inode: number;
  readonly identity: string;
  /** Bytes that were read. */
  at: number;
  /** Bytes of whole lines that were given. */
  given: number;
}

/** One piece for all readers; nothing holds on to it between two calls. */
const chunk = Buffer.alloc(64 * 1024);

/**
 * Reads an s6-log directory as it grows, each line once. The file that is read is held open, whatever it is called by then, and what
 * comes after it is told by which files were read, never by a name alone: `current` may be another file a moment later.
 */
export class LogTail {
  readonly #dir: string;
  #file: OpenFile | null = null;
  /** Rotated files that need no reading. */
  #done = new Set<string>();
  #cutter = new LineCutter();
  #last = 0;
  #behind = false;
  /** Whether what is read first may not be what came next. */
  #lost = false;

  /** From the end: only what is written from now on; from where another reader was: what it has not given; otherwise all there is. */
  constructor(dir: string, from: 'start' | 'end' | LogPosition) {
    this.#dir = dir;
    if (from === 'end') this.#goToEnd();
    else if (from !== 'start') this.#goTo(from);
  }

  /** Behind the last line that was given. */
  get position(): LogPosition {
    return this.#file === null ? NOWHERE : `${this.#file.identity}:${this.#file.given}`;
  }

  /** Whether the last `read` left something for the next. */
  get behind(): boolean {
    return this.#behind;
  }

  /** The lines that came since the last call, from about this many bytes at most. */
  read(mostBytes = Infinity): LogLine[] {
    const lines: LogLine[] = [];
    let left = mostBytes;
    while (left > 0) {
      if (this.#file !== null) {
        left -= this.#drain(lines, left);
        if (left <= 0 || this.#file.inode === inodeOf(join(this.#dir, 'current'))) break;
      }
      const next = this.#next();
      if (next === null) break;
      if (this.#file !== null) this.#leave(lines, next.gap);
      else if (this.#lost) lines.push({ time: Date.now(), line: GAP });
      this.#lost = false;
      this.#file = next.file;
    }
    this.#behind = left <= 0;
    return lines;
  }

  /**
   * The lines before the place where reading goes on, newest first, with a null now and then for whoever must not take all of a
   * server's time. To be used up before the next `read`.
   */
  *before(): Generator<LogLine | null> {
    const older = [...this.#done].sort().reverse();
    if (this.#file !== null) yield* stampedBackwards(this.#file.fd, this.#file.at);
    for (const name of older) {
      const fd = openIfThere(join(this.#dir, name));
      if (fd === null) continue;
      try {
        yield* stampedBackwards(fd, fstatSync(fd).size);
      } finally {
        closeSync(fd);
      }
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file.fd);
    this.#file = null;
  }

  #goToEnd(): void {
    for (;;) {
      const files = logFiles(this.#dir);
      // `previous` has not got its lasting name yet, so it is not one that could be called done.
      const newest = files.find(({ name }) => name === 'previous') ?? files.at(-1);
      if (newest === undefined) return;
      const fd = openLogFile(this.#dir, newest);
      if (fd === null) continue;
      this.#done = new Set(files.filter((file) => file !== newest && isRotated(file.name)).map(({ name }) => name));
      const at = wholeLines(fd, fstatSync(fd).size);
      this.#file = { fd, inode: newest.inode, identity: identityOf(fd), at, given: at };
      return;
    }
  }

  /** To where another reader was. When its file is gone, so are lines; what is left is given, with a word about it. */
  #goTo(position: LogPosition): void {
    if (position === NOWHERE) return;
    const [identity, bytes] = position.split(':') as [string, string];
    const at = Number(bytes);
    const files = logFiles(this.#dir);
    for (const [index, file] of files.entries()) {
      if (`${file.inode}` !== identity.split('-')[0]) continue;
      const fd = openLogFile(this.#dir, file);
      if (fd === null) continue;
      if (identityOf(fd) === identity && at <= fstatSync(fd).size) {
        this.#done = new Set(files.slice(0, index).filter(({ name }) => isRotated(name)).map(({ name }) => name));
        this.#file = { fd, inode: file.inode, identity, at, given: at };
        return;
      }
      closeSync(fd);
    }
    this.#lost = true;
  }

  /** The file to read after the one at hand; null while there is none. */
  #next(): { readonly file: OpenFile; readonly gap: boolean } | null {
    for (;;) {
      const files = logFiles(this.#dir);
      const own = this.#file && files.find(({ inode }) => inode === this.#file!.inode);
      // It is being rotated: as `previous` it could not be told from others later.
      if (own && !isRotated(own.name)) return null;
      const done = new Set(files.filter(({ name }) => this.#done.has(name) || name === own?.name).map(({ name }) => name));
      const next = files.find(({ name }) => !done.has(name));
      if (next === undefined) return null;
      const file = this.#openNext(next);
      if (file === null) continue;
      this.#done = done;
      return { file, gap: this.#file !== null && !own };
    }
  }

  #openNext(next: LogFile): OpenFile | null {
    const fd = openLogFile(this.#dir, next);
    return fd === null ? null : { fd, inode: next.inode, identity: identityOf(fd), at: 0, given: 0 };
  }

  /** Closes the file at hand, to which nothing is written any more, after its last lines. */
  #leave(lines: LogLine[], gap: boolean): void {
    this.#drain(lines, Infinity);
    // A logger that was killed in the middle of a line leaves it without an end.
    this.#take(lines, [this.#cutter.rest()].filter((text) => text !== ''));
    if (gap) lines.push({ time: this.#last, line: GAP });
    this.close();
  }

  /** @returns the number of bytes that were read */
  #drain(lines: LogLine[], most: number): number {
    const file = this.#file!;
    const before = file.at;
    while (file.at - before < most) {
      const size = readSync(file.fd, chunk, 0, chunk.length, file.at);
      if (size === 0) break;
      file.at += size;
      const texts = this.#cutter.push(chunk.subarray(0, size));
      this.#take(lines, texts);
      // Of a line that is too long to be kept in one piece the pieces are given as they come.
      if (texts.length > 0) file.given = file.at - this.#cutter.pendingBytes;
    }
    return file.at - before;
  }

  #take(lines: LogLine[], texts: readonly string[]): void {
    for (const text of texts) {
      for (const line of parseStamped(text) ?? [{ time: this.#last, line: text }]) {
        this.#last = line.time;
        lines.push(line);
      }
    }
  }
}

function openIfThere(file: string): number | null {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null; // the oldest goes when there are too many
    throw error;
  }
}

/** A line without a time has that of the line before it, which comes after it here. */
function* stampedBackwards(fd: number, end: number): Generator<LogLine | null> {
  const unstamped: string[] = [];
  for (const text of linesBackwards(fd, end)) {
    const parsed = text === null ? null : parseStamped(text);
    if (text === null) yield null;
    else if (parsed === null) unstamped.push(text);
    else {
      for (const line of unstamped.splice(0)) yield { time: parsed[0]!.time, line };
      yield* parsed.reverse();
    }
  }
  for (const line of unstamped) yield { time: 0, line };
}
