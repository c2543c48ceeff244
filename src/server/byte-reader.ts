import type { Readable } from 'node:stream';
import { Hop3Error } from '../errors.ts';
import type { ByteSource } from './pkt-line.ts';

/** Milliseconds that git may let its hook wait for a line; it has everything at hand. */
const LINE_MS = 30_000;

/** What comes from a hook, with a limit on each wait. */
export class ByteReader implements ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;

  constructor(source: Readable) {
    source.on('error', () => {});
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /**
   * The next piece, or null at the end.
   * @throws Hop3Error HOP3_TIMEOUT after `limitMs` milliseconds
   */
  async next(limitMs: number = LINE_MS): Promise<Buffer | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Hop3Error('HOP3_TIMEOUT', { what: `The hook said nothing for ${limitMs / 1000} s.` })), limitMs);
    });
    try {
      const next = await Promise.race([this.#chunks.next(), late]);
      return next.done ? null : next.value;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Reads and drops what still comes; resolves when the other side has ended, which nobody notices who does not read. */
  async ended(): Promise<void> {
    try {
      while (!(await this.#chunks.next()).done);
    } catch {
      // A connection that breaks has ended too.
    }
  }
}
