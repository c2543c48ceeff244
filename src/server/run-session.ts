import { once } from 'node:events';
import type { Socket } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { asHop3Error, Hop3Error } from '../errors.ts';
import type { Finished } from '../run.ts';
import {
  encodeBytes, encodeFrame, encodeJson, FRAME, FrameError, FrameReader, INPUT_WINDOW, parseJson,
  type ExitFrame, type Frame, type FrameType, type SizeFrame, type StartedFrame, type StartFrame,
} from '../run-frames.ts';
import type { OneOffStreams } from '../runtime/one-off.ts';
import { errorInfo } from './api-types.ts';
import { tokenOver } from './token-watch.ts';

/** Milliseconds in which the command must be here after the upgrade. */
const START_LIMIT = 10_000;
/** Milliseconds between two signs of life; a proxy in between commonly gives up after 60 s of silence. */
const PING_MS = 20_000;
/** Milliseconds of silence after which the kernel asks the other end whether it is there. */
const KEEP_ALIVE_MS = 30_000;
/** Rows or columns that no terminal exceeds. */
const LARGEST_SIDE = 4096;

/** What the session needs done: runs the command on these streams until it ends. */
export interface Runner {
  readonly release: string;
  readonly run: (start: StartFrame, streams: OneOffStreams, signal: AbortSignal) => Promise<Finished>;
  /** The release that is live when the command has ended. */
  readonly live: () => string | null;
}

/**
 * Serves one command over an upgraded connection, and returns when that is closed. When the client goes, breaks the protocol or the
 * server stops, the command is ended.
 */
export async function serveRun(socket: Socket, head: Buffer, runner: Runner, stopping: AbortSignal, reportDefect: (error: unknown) => void): Promise<void> {
  const session = new Session(socket, head, stopping);
  try {
    const start = await session.start();
    session.send(encodeJson(FRAME.started, { release: runner.release } satisfies StartedFrame));
    const finished = await runner.run(start, session.streams(start), session.ended);
    if (session.fault) throw session.fault;
    if (stopping.aborted) throw tokenOver(stopping) ?? new Hop3Error('HOP3_CANCELLED', { what: 'The server is stopping, and the command was ended.', next: 'Start it again when the server is back.' });
    session.send(encodeJson(FRAME.exit, { code: finished.code ?? 137, live: runner.live(), timed_out: finished.timedOut } satisfies ExitFrame));
  } catch (error) {
    const known = error instanceof FrameError ? new Hop3Error('HOP3_USAGE', { what: `The client sent ${error.message}.` }) : asHop3Error(error);
    if (known.code === 'HOP3_INTERNAL') reportDefect(error);
    session.send(encodeJson(FRAME.error, errorInfo(known)));
  } finally {
    await session.close();
  }
}

class Session {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #abort = new AbortController();
  readonly #input = new PassThrough();
  readonly #sizes = new PassThrough();
  readonly #ping: NodeJS.Timeout;
  #started: ((start: StartFrame) => void) | null = null;
  #failed: ((error: Error) => void) | null = null;
  #fault: Error | null = null;
  #waiting: StartFrame | null = null;
  /** Bytes of input that the command has not taken yet. */
  #held = 0;

  constructor(socket: Socket, head: Buffer, stopping: AbortSignal) {
    this.#socket = socket;
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    // Half a connection is of no use to anybody: standard input has its own end.
    for (const event of ['end', 'close', 'error']) socket.on(event, () => this.#end());
    if (stopping.aborted) this.#end();
    stopping.addEventListener('abort', () => this.#end(), { once: true });
    this.#ping = setInterval(() => this.send(encodeFrame(FRAME.ping)), PING_MS);
    if (head.length > 0) this.#take(head);
    socket.resume();
  }

  /** Fires when the command is to end. */
  get ended(): AbortSignal {
    return this.#abort.signal;
  }

  /** How the client broke the protocol. */
  get fault(): Error | null {
    return this.#fault;
  }

  /** The first frame. @throws FrameError, Hop3Error HOP3_TIMEOUT, HOP3_CANCELLED */
  async start(): Promise<StartFrame> {
    if (this.#waiting) return this.#waiting;
    if (this.#fault) throw this.#fault;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<StartFrame>((resolve, reject) => {
        this.#started = resolve;
        this.#failed = reject;
        timer = setTimeout(() => reject(new Hop3Error('HOP3_TIMEOUT', { what: `No command came within ${START_LIMIT / 1000} s.` })), START_LIMIT);
        if (this.ended.aborted) reject(gone());
        this.ended.addEventListener('abort', () => reject(this.#fault ?? gone()), { once: true });
      });
    } finally {
      clearTimeout(timer);
    }
  }

  streams(start: StartFrame): OneOffStreams {
    const stdout = this.#output(FRAME.output);
    if (start.terminal) return { kind: 'terminal', size: start.terminal, sizes: this.#sizes, stdin: this.#input, stdout };
    return { kind: 'pipes', stdin: this.#input, stdout, stderr: this.#output(FRAME.errorOutput) };
  }

  /** False when the connection takes no more for now. */
  send(frame: Buffer): boolean {
    return this.#socket.destroyed || this.#socket.writableEnded || this.#socket.write(frame);
  }

  /** Ends the connection once all that was sent is out. */
  async close(): Promise<void> {
    clearInterval(this.#ping);
    this.#input.destroy();
    this.#sizes.destroy();
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.end();
    // What a client still sends is of no interest; one that does not close by itself is closed.
    const late = setTimeout(() => this.#socket.destroy(), START_LIMIT);
    await closed.catch(() => {});
    clearTimeout(late);
  }

  /** Takes what the command writes no faster than the client reads it. */
  #output(type: FrameType): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        let flows = true;
        for (const frame of encodeBytes(type, chunk)) flows = this.send(frame);
        if (flows) done();
        else this.#whenWritable(done);
      },
    });
  }

  #whenWritable(then: () => void): void {
    const socket = this.#socket;
    const go = (): void => {
      socket.off('drain', go).off('close', go);
      then();
    };
    socket.on('drain', go).on('close', go);
  }

  #take(bytes: Buffer): void {
    if (this.#fault) return;
    try {
      for (const frame of this.#reader.push(bytes)) this.#obey(frame);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#fault = error;
      this.#failed?.(error);
      this.#end();
    }
  }

  #obey({ type, payload }: Frame): void {
    const begun = this.#waiting !== null;
    if (begun === (type === FRAME.start)) throw new FrameError(begun ? 'two commands on one connection' : `a frame of type ${type} before the command`);
    switch (type) {
      case FRAME.start:
        this.#waiting = readStart(payload);
        this.#started?.(this.#waiting);
        return;
      case FRAME.input: return this.#feed(payload);
      case FRAME.inputEnd:
        this.#input.end();
        return;
      case FRAME.size: {
        const { rows, columns } = readSize(parseJson(payload));
        this.#sizes.write(`${rows} ${columns}\n`);
        return;
      }
      case FRAME.stop: return this.#end();
      default: throw new FrameError(`a frame of the unknown type ${type}`);
    }
  }

  #feed(bytes: Buffer): void {
    this.#held += bytes.length;
    if (this.#held > INPUT_WINDOW) throw new FrameError(`more than ${INPUT_WINDOW} bytes of input that nobody asked for`);
    // A program that has ended, or closed its standard input, takes nothing any more.
    if (this.#input.writableEnded || this.#input.destroyed || bytes.length === 0) return;
    this.#input.write(Buffer.from(bytes), () => {
      this.#held -= bytes.length;
      const count = Buffer.alloc(4);
      count.writeUInt32BE(bytes.length);
      this.send(encodeFrame(FRAME.more, count));
    });
  }

  #end(): void {
    this.#abort.abort();
  }
}

function gone(): Hop3Error {
  return new Hop3Error('HOP3_CANCELLED', { what: 'The connection ended before the command began.' });
}

function readStart(payload: Buffer): StartFrame {
  const { command, terminal } = parseJson(payload);
  if (typeof command !== 'string' || typeof terminal !== 'object') throw new FrameError('a first frame without command and terminal');
  if (terminal === null) return { command, terminal };
  const { type, ...size } = terminal as Record<string, unknown>;
  if (typeof type !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/.test(type)) throw new FrameError('a type of terminal that cannot be one');
  return { command, terminal: { ...readSize(size), type } };
}

function readSize({ rows, columns }: Readonly<Record<string, unknown>>): SizeFrame {
  if (!isSide(rows) || !isSide(columns)) throw new FrameError(`a size of a terminal that is not two whole numbers up to ${LARGEST_SIDE}`);
  return { rows, columns };
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_SIDE;
}
