import { Hop3Error } from '../errors.ts';
import { printable } from '../names.ts';

/** Where bytes come from, a piece at a time; null at the end. */
export interface ByteSource {
  next(): Promise<Buffer | null>;
}

export type Packet =
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'flush' }
  /** The source ended where a packet would begin. */
  | { readonly kind: 'end' };

/** A packet's length is four hex digits and counts itself, so this is the most data one can hold. */
const MOST_DATA = 65_516;
export const FLUSH: Buffer = Buffer.from('0000');

/** One packet. Text gets no line end: pass one where git expects it. */
export function packet(data: string | Buffer): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
  if (bytes.length > MOST_DATA) throw new RangeError(`a packet holds ${MOST_DATA} bytes, not ${bytes.length}`);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes]);
}

/** Bands of the side-band-64k capability: the answer itself, text for the person, a fatal error. */
export type Band = 1 | 2 | 3;

export function sideband(band: Band, data: string | Buffer): Buffer {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += MOST_DATA - 1) {
    parts.push(packet(Buffer.concat([Buffer.from([band]), bytes.subarray(at, at + MOST_DATA - 1)])));
  }
  return Buffer.concat(parts);
}

/**
 * Reads packets from a source without ever holding more than a limit, and gives back what it read too far.
 */
export class PacketReader {
  readonly #source: ByteSource;
  readonly #mostBytes: number;
  #held: Buffer = Buffer.alloc(0);
  #read = 0;

  /** `mostBytes` is the limit for all packets together. */
  constructor(source: ByteSource, mostBytes: number) {
    this.#source = source;
    this.#mostBytes = mostBytes;
  }

  /** @throws Hop3Error HOP3_GIT_REQUEST for what is no packet, is cut off, or passes the limit */
  async read(): Promise<Packet> {
    if (!(await this.#fill(4))) {
      if (this.#held.length === 0) return { kind: 'end' };
      throw cutOff();
    }
    const length = packetLength(this.#held);
    if (length === 0) {
      this.#take(4);
      return { kind: 'flush' };
    }
    this.#read += length;
    if (this.#read > this.#mostBytes) {
      throw new Hop3Error('HOP3_GIT_REQUEST', { what: `The request's head is larger than ${Math.round(this.#mostBytes / 1024)} KiB.`, next: 'Push fewer refs at a time.' });
    }
    if (!(await this.#fill(length))) throw cutOff();
    return { kind: 'data', bytes: this.#take(length).subarray(4) };
  }

  /** What was read from the source beyond the last packet. */
  rest(): Buffer {
    return this.#take(this.#held.length);
  }

  async #fill(bytes: number): Promise<boolean> {
    if (this.#held.length >= bytes) return true;
    const parts = [this.#held];
    let size = this.#held.length;
    while (size < bytes) {
      const chunk = await this.#source.next();
      if (chunk === null) break;
      parts.push(chunk);
      size += chunk.length;
    }
    this.#held = Buffer.concat(parts);
    return this.#held.length >= bytes;
  }

  #take(bytes: number): Buffer {
    const taken = this.#held.subarray(0, bytes);
    this.#held = this.#held.subarray(bytes);
    return taken;
  }
}

/**
 * Cuts a stream of packets at packet borders: whole packets come out, the begun one is kept back. So a message of ours can
 * be put behind the last whole packet at any time.
 */
export class PacketBorders {
  #held: Buffer = Buffer.alloc(0);
  #flushed = false;

  push(chunk: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let end = 0;
    while (bytes.length - end >= 4) {
      const announced = packetLength(bytes.subarray(end));
      const length = Math.max(4, announced);
      if (end + length > bytes.length) break;
      end += length;
      this.#flushed = announced === 0;
    }
    this.#held = bytes.subarray(end);
    return bytes.subarray(0, end);
  }

  /** Whether the last whole packet was a flush: git's answers end with one. */
  get flushed(): boolean {
    return this.#flushed;
  }

  /** Whether the last packet is still incomplete. */
  get open(): boolean {
    return this.#held.length > 0;
  }
}

/** The length that a packet's first four bytes announce; 0 for a flush. */
function packetLength(bytes: Buffer): number {
  const digits = bytes.toString('latin1', 0, 4);
  const length = /^[0-9a-fA-F]{4}$/.test(digits) ? parseInt(digits, 16) : Number.NaN;
  // 1 to 3 are marks of protocol version 2, which is never spoken here; 4 would be an empty line, which git never sends.
  if (length === 0 || (length > 4 && length <= MOST_DATA + 4)) return length;
  throw new Hop3Error('HOP3_GIT_REQUEST', { what: `The request does not hold git's packet lines: "${printable(digits)}" is no packet length.` });
}

function cutOff(): Hop3Error {
  return new Hop3Error('HOP3_GIT_REQUEST', { what: 'The request ended in the middle of a packet line.' });
}
