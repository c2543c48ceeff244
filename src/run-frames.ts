/**
 * What `hop3 run` and the server say to each other after the upgrade, both ways alike: a type byte, the payload's length in four bytes
 * (the highest first), the payload. docs/api.md tells the order.
 */

/** The word in the `Upgrade` header; the number changes when older clients could no longer follow. */
export const RUN_PROTOCOL = 'hop3-run-1';

/** Frame types: below 16 they come from the client, the others from the server. */
export const FRAME = {
  /** JSON, a StartFrame: the first frame, and once only. */
  start: 1,
  /** Bytes of standard input. */
  input: 2,
  /** Standard input has ended; empty. */
  inputEnd: 3,
  /** The terminal has a new size: JSON, a SizeFrame. */
  size: 4,
  /** The command shall end; empty. It gets SIGTERM, and SIGKILL if that does not help. */
  stop: 5,
  /** JSON, a StartedFrame. */
  started: 16,
  output: 17,
  errorOutput: 18,
  /** Four bytes: so many bytes of standard input were taken, and as many more may be sent. */
  more: 19,
  /** The last frame: JSON, an ExitFrame. */
  exit: 20,
  /** The last frame instead: JSON, an error as in every other answer. */
  error: 21,
  /** Nothing happened for a while; empty. */
  ping: 22,
} as const;

export type FrameType = (typeof FRAME)[keyof typeof FRAME];

export interface SizeFrame {
  readonly rows: number;
  readonly columns: number;
}

export interface StartFrame {
  /** For `/bin/sh -c`. */
  readonly command: string;
  /** Null: three pipes instead of a terminal. */
  readonly terminal: (SizeFrame & { /** TERM */ readonly type: string }) | null;
}

export interface StartedFrame {
  /** `v3` */
  readonly release: string;
}

export interface ExitFrame {
  /** 128 plus its number for a signal. */
  readonly code: number;
  /** The release that is live now; another one than the command ran in when a deploy came in between. */
  readonly live: string | null;
  /** True when the command was ended because its time was over. */
  readonly timed_out: boolean;
}

/** Bytes of one payload. */
export const LARGEST_FRAME = 65_536;
/** Bytes of input that may be on the way without a `more` for them: so a slow command holds up its input and nothing else. */
export const INPUT_WINDOW = 262_144;
const HEAD = 5;

export interface Frame {
  readonly type: number;
  readonly payload: Buffer;
}

export function encodeFrame(type: FrameType, payload: Buffer = Buffer.alloc(0)): Buffer {
  if (payload.length > LARGEST_FRAME) throw new RangeError(`a frame of ${payload.length} bytes`);
  const whole = Buffer.allocUnsafe(HEAD + payload.length);
  whole.writeUInt8(type, 0);
  whole.writeUInt32BE(payload.length, 1);
  payload.copy(whole, HEAD);
  return whole;
}

export function encodeJson(type: FrameType, value: object): Buffer {
  return encodeFrame(type, Buffer.from(JSON.stringify(value)));
}

/** Bytes of any number as frames. */
export function* encodeBytes(type: FrameType, bytes: Buffer): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += LARGEST_FRAME) yield encodeFrame(type, bytes.subarray(from, from + LARGEST_FRAME));
}

/** What came is not what this protocol allows. */
export class FrameError extends Error {}

/** Cuts bytes, as they come, into frames. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);

  /** @throws FrameError for a frame that is too large, before its bytes are kept */
  push(bytes: Buffer): Frame[] {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const frames: Frame[] = [];
    let at = 0;
    while (this.#pending.length - at >= HEAD) {
      const length = this.#pending.readUInt32BE(at + 1);
      if (length > LARGEST_FRAME) throw new FrameError(`a frame of ${length} bytes; ${LARGEST_FRAME} are allowed`);
      if (this.#pending.length - at < HEAD + length) break;
      frames.push({ type: this.#pending.readUInt8(at), payload: this.#pending.subarray(at + HEAD, at + HEAD + length) });
      at += HEAD + length;
    }
    this.#pending = this.#pending.subarray(at);
    return frames;
  }
}

/** @throws FrameError for a payload that is no JSON object */
export function parseJson(payload: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch {
    value = null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new FrameError('a payload that is no JSON object');
  return value as Record<string, unknown>;
}
