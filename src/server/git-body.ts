import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Hop3Error } from '../errors.ts';
import { heapRoom } from './heap.ts';
import type { ByteSource } from './pkt-line.ts';

export interface BodyLimits {
  /** Bytes, both as they come and unpacked. */
  readonly mostBytes: number;
  /** Milliseconds without a byte while one is waited for. */
  readonly idleMs: number;
}

/** Bytes from which on a body makes the heap's collections felt. */
const LARGE_BODY = 2 * 1024 ** 2;

/** The connection ended before the body did; there is nobody to answer. */
export class ClientGone extends Error {
  constructor(cause?: unknown) {
    super('the client went away', { cause });
    this.name = 'ClientGone';
  }
}

/**
 * The body of a git request, unpacked and counted. Errors of the request end here: whoever reads sees a Hop3Error or ClientGone.
 */
export class GitBody implements ByteSource {
  readonly #limits: BodyLimits;
  readonly #request: IncomingMessage;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #gzip: boolean;
  #pushedBack: Buffer | null = null;
  #bytes = 0;
  #packedBytes = 0;
  #ended = false;
  #large = false;
  #timer: NodeJS.Timeout | undefined;
  /** Ends the wait for the piece that is waited for; without a wait nobody hears it. */
  #stalled: (error: Error) => void = () => {};

  /** @throws Hop3Error HOP3_GIT_ENCODING */
  constructor(request: IncomingMessage, limits: BodyLimits) {
    this.#limits = limits;
    this.#request = request;
    const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
    this.#gzip = encoding === 'gzip' || encoding === 'x-gzip';
    if (!this.#gzip && encoding !== 'identity') {
      throw new Hop3Error('HOP3_GIT_ENCODING', { what: `The request's content encoding is "${encoding.slice(0, 40)}"; git addresses take gzip or none.` });
    }
    // The listener stays for the request's whole life: an error that nobody hears would end the server.
    request.on('error', () => {});
    request.once('close', () => clearTimeout(this.#timer));
    const source: Readable = this.#gzip ? this.#unpack(request) : request;
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** Gives back what was read too far. */
  unread(bytes: Buffer): void {
    if (bytes.length > 0) this.#pushedBack = this.#pushedBack ? Buffer.concat([bytes, this.#pushedBack]) : bytes;
  }

  /**
   * The next piece, or null at the end.
   * @throws Hop3Error HOP3_PUSH_TOO_LARGE, HOP3_PUSH_STALLED, HOP3_GIT_REQUEST (gzip that is none); ClientGone
   */
  async next(): Promise<Buffer | null> {
    if (this.#pushedBack) {
      const bytes = this.#pushedBack;
      this.#pushedBack = null;
      return bytes;
    }
    const chunk = await this.#nextChunk();
    if (chunk === null) return null;
    this.#bytes += chunk.length;
    if (Math.max(this.#bytes, this.#packedBytes) > this.#limits.mostBytes) throw tooLarge(this.#limits.mostBytes);
    // What is unpacked after the request has closed is in memory already, and no `close` would give the room back.
    if (this.#bytes > LARGE_BODY && !this.#large && !this.#request.closed) {
      this.#large = true;
      this.#request.once('close', heapRoom.take());
    }
    return chunk;
  }

  /**
   * Reads the rest and throws it away, so that the client hears the answer instead of a broken connection.
   * @returns false when more than `most` bytes were left, or the rest did not come
   */
  async drain(most: number): Promise<boolean> {
    this.#pushedBack = null;
    let dropped = 0;
    try {
      while (dropped <= most) {
        const chunk = await this.#nextChunk();
        if (chunk === null) return true;
        dropped += chunk.length;
      }
    } catch {
      // Whatever is wrong with the rest, the answer is decided already.
    }
    return false;
  }

  async #nextChunk(): Promise<Buffer | null> {
    if (this.#ended) return null;
    try {
      const next = await this.#withinIdle(this.#chunks.next());
      this.#ended = next.done === true;
      return next.done ? null : next.value;
    } catch (error) {
      if (error instanceof Hop3Error) throw error;
      this.#ended = true;
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (this.#gzip && code.startsWith('Z_')) throw new Hop3Error('HOP3_GIT_REQUEST', { what: 'The request\'s body says it is gzip and is not, or is cut off.', cause: error });
      throw new ClientGone(error);
    }
  }

  /** One timer serves all pieces of a body: there are thousands in a large one. */
  #withinIdle<T>(piece: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#stalled = reject;
      this.#timer ??= setTimeout(() => this.#stalled(stalled(this.#limits.idleMs)), this.#limits.idleMs).unref();
      this.#timer.refresh();
      piece.then(resolve, reject);
    });
  }

  #unpack(request: IncomingMessage): Readable {
    const gunzip = createGunzip();
    request.on('data', (chunk: Buffer) => {
      this.#packedBytes += chunk.length;
      // Gzip can be long and say nothing, so this is seen here and not by who waits for unpacked bytes.
      if (this.#packedBytes > this.#limits.mostBytes) gunzip.destroy(tooLarge(this.#limits.mostBytes));
    });
    request.once('close', () => {
      if (!request.complete) gunzip.destroy(new ClientGone());
    });
    return request.pipe(gunzip);
  }
}

function stalled(idleMs: number): Hop3Error {
  return new Hop3Error('HOP3_PUSH_STALLED', { what: `Nothing came from the client for ${Math.round(idleMs / 1000)} s.`, next: 'Check the network and try again.' });
}

export function tooLarge(mostBytes: number): Hop3Error {
  return new Hop3Error('HOP3_PUSH_TOO_LARGE', {
    what: `The push is larger than the ${inWords(mostBytes)} that this server takes`,
    next: 'Find what is large: git rev-list --objects --all | git cat-file --batch-check | sort -k3n\nRaise HOP3_MAX_PUSH_BYTES on the server if it must be that large.',
  });
}

function inWords(bytes: number): string {
  if (bytes >= 2 ** 20) return `${Math.floor(bytes / 2 ** 20)} MiB`;
  return bytes >= 2 ** 10 ? `${Math.floor(bytes / 2 ** 10)} KiB` : `${bytes} bytes`;
}
