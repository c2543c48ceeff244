import { StringDecoder } from 'node:string_decoder';

export type OutputStream = 'stdout' | 'stderr';

const TAIL_LINES = 20;
const LONGEST_LINE = 64 * 1024;

/** Cuts both streams of a program into lines, keeps a bounded stdout and a short tail. */
export class Collector {
  /** The last lines of both streams. */
  readonly tail: string[] = [];
  readonly #keep: number;
  readonly #onLine: ((line: string, stream: OutputStream) => void) | undefined;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  #overflow = false;
  readonly #lines = { stdout: new LineCutter(), stderr: new LineCutter() };

  /** `keep` is in bytes of stdout; 0 keeps none. */
  constructor(keep: number, onLine?: (line: string, stream: OutputStream) => void) {
    this.#keep = keep;
    this.#onLine = onLine;
  }

  push(stream: OutputStream, chunk: Buffer): void {
    if (stream === 'stdout' && this.#keep > 0) {
      if (this.#kept + chunk.length > this.#keep) this.#overflow = true;
      else { this.#chunks.push(chunk); this.#kept += chunk.length; }
    }
    for (const line of this.#lines[stream].push(chunk)) this.#line(line, stream);
  }

  finish(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = this.#lines[stream].rest();
      if (rest !== '') this.#line(rest, stream);
    }
  }

  /** All of stdout; null when it was more than was to be kept. */
  get stdout(): string | null {
    return this.#overflow ? null : Buffer.concat(this.#chunks).toString('utf8');
  }

  #line(line: string, stream: OutputStream): void {
    if (line.trim() !== '') {
      this.tail.push(line.slice(0, 2000));
      if (this.tail.length > TAIL_LINES) this.tail.shift();
    }
    this.#onLine?.(line, stream);
  }
}

/** Bytes to lines; holds at most LONGEST_LINE characters back. */
export class LineCutter {
  readonly #decoder = new StringDecoder('utf8');
  #pending = '';
  #pendingBytes = 0;

  push(chunk: Buffer): string[] {
    const end = chunk.lastIndexOf(10);
    this.#pendingBytes = end < 0 ? this.#pendingBytes + chunk.length : chunk.length - end - 1;
    const parts = (this.#pending + this.#decoder.write(chunk)).split('\n');
    this.#pending = parts.pop() ?? '';
    if (this.#pending.length > LONGEST_LINE) {
      parts.push(this.#pending);
      this.#pending = '';
      this.#pendingBytes = 0;
    }
    return parts.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  }

  /** Bytes that were pushed and not given yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  rest(): string {
    this.#pendingBytes = 0;
    const rest = this.#pending + this.#decoder.end();
    this.#pending = '';
    return rest;
  }
}
