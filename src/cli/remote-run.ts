import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { Hop3Error } from '../errors.ts';
import {
  encodeBytes, encodeFrame, encodeJson, FRAME, FrameError, FrameReader, INPUT_WINDOW, parseJson,
  type ExitFrame, type Frame, type SizeFrame, type StartedFrame, type StartFrame,
} from '../run-frames.ts';
import type { ErrorInfo } from '../server/api-types.ts';
import { unreachable } from './client.ts';
import { ServerError } from './server-error.ts';

/** Milliseconds without a byte from the server, which says something every 20 s. */
const SILENCE_LIMIT = 90_000;
const KEEP_ALIVE_MS = 30_000;

export interface RunEnd {
  readonly exit: ExitFrame;
  /** The release the command ran in. */
  readonly release: string;
}

/** The client's end of `hop3 run`: one command over one connection. */
export class RemoteRun {
  readonly #server: string;
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #head: Buffer;
  #input: Readable | null = null;
  /** Input that waits for the server to take more. */
  #waiting: Buffer = Buffer.alloc(0);
  #window = INPUT_WINDOW;
  #inputEnded = false;
  #release = '';
  #exit: ExitFrame | null = null;
  #error: Error | null = null;

  constructor(server: string, socket: Socket, head: Buffer) {
    this.#server = server;
    this.#socket = socket;
    this.#head = head;
  }

  /**
   * Starts the command on these streams and waits for its end.
   * @throws ServerError; Hop3Error HOP3_UNREACHABLE when the connection breaks, after which the server ends the command
   */
  attach(start: StartFrame, input: Readable, output: Writable, errorOutput: Writable): Promise<RunEnd> {
    const socket = this.#socket;
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    socket.setTimeout(SILENCE_LIMIT, () => {
      // While it is our own output that is slow, nothing is read and nothing can come.
      if (!socket.isPaused()) socket.destroy(new Error(`silent for ${SILENCE_LIMIT / 1000} s`));
    });
    this.#input = input;
    const ended = new Promise<RunEnd>((resolve, reject) => {
      socket.on('error', (error) => { this.#error ??= unreachable(this.#server, error.message, true); });
      socket.on('close', () => {
        input.removeAllListeners('data').removeAllListeners('end');
        if (this.#exit) resolve({ exit: this.#exit, release: this.#release });
        else reject(this.#error ?? unreachable(this.#server, 'It ended before the command did, which the server then ends too.', true));
      });
    });
    const take = (bytes: Buffer): void => {
      try {
        for (const frame of this.#reader.push(bytes)) this.#obey(frame, output, errorOutput);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        this.#fail(new Hop3Error('HOP3_UNREACHABLE', { what: `The server at ${this.#server} sent ${error.message}.`, next: 'Are this command and the server of the same version? `hop3 server info` tells.' }));
      }
    };
    socket.on('data', take);
    socket.on('end', () => socket.end());
    this.#send(encodeJson(FRAME.start, start));
    input.on('data', (bytes: Buffer) => {
      this.#waiting = this.#waiting.length === 0 ? bytes : Buffer.concat([this.#waiting, bytes]);
      this.#pump();
    });
    input.on('end', () => {
      this.#inputEnded = true;
      this.#pump();
    });
    if (this.#head.length > 0) take(this.#head);
    return ended;
  }

  resize(size: SizeFrame): void {
    this.#send(encodeJson(FRAME.size, size));
  }

  /** Asks the server to end the command; what it still says is shown. */
  stop(): void {
    this.#send(encodeFrame(FRAME.stop));
  }

  #pump(): void {
    const now = this.#waiting.subarray(0, this.#window);
    this.#waiting = this.#waiting.subarray(now.length);
    this.#window -= now.length;
    for (const frame of encodeBytes(FRAME.input, now)) this.#send(frame);
    if (this.#waiting.length > 0) this.#input?.pause();
    else if (this.#inputEnded) {
      this.#inputEnded = false;
      this.#send(encodeFrame(FRAME.inputEnd));
    } else if (!this.#exit) this.#input?.resume();
  }

  #obey({ type, payload }: Frame, output: Writable, errorOutput: Writable): void {
    switch (type) {
      case FRAME.started:
        this.#release = (parseJson(payload) as unknown as StartedFrame).release;
        return;
      case FRAME.output: return this.#show(output, payload);
      case FRAME.errorOutput: return this.#show(errorOutput, payload);
      case FRAME.more:
        this.#window += payload.readUInt32BE(0);
        return this.#pump();
      case FRAME.exit:
        this.#exit = parseJson(payload) as unknown as ExitFrame;
        this.#socket.end();
        return;
      case FRAME.error: return this.#fail(new ServerError(parseJson(payload) as unknown as ErrorInfo));
      case FRAME.ping: return;
      default: throw new FrameError(`a frame of the unknown type ${type}`);
    }
  }

  /** Reads on only when what was shown is out: a slow terminal holds up the command, and keeps nothing in memory. */
  #show(stream: Writable, bytes: Buffer): void {
    if (stream.write(Buffer.from(bytes))) return;
    this.#socket.pause();
    stream.once('drain', () => this.#socket.resume());
  }

  #send(frame: Buffer): void {
    if (!this.#socket.destroyed && !this.#socket.writableEnded) this.#socket.write(frame);
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }
}
