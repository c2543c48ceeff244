import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Hop3Error } from '../errors.ts';
import { errorText } from './git-errors.ts';

/** One git request and its answer: headers once, writes with backpressure, and whether the client is still there. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #gone = new AbortController();

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.#response = response;
    request.on('error', () => {});
    response.on('error', () => {});
    response.once('close', () => {
      if (!response.writableFinished) this.#gone.abort();
    });
  }

  /** Aborts when the client went before its answer was whole. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  get started(): boolean {
    return this.#response.headersSent;
  }

  /** Begins a 200 answer, once. */
  begin(contentType: string): void {
    if (!this.started) this.#response.writeHead(200, { 'content-type': contentType, ...COMMON });
  }

  /** Resolves when more may be written; at once when the client is gone. */
  async write(bytes: Buffer): Promise<void> {
    if (this.#gone.signal.aborted || bytes.length === 0) return;
    if (this.#response.write(bytes)) return;
    await once(this.#response, 'drain', { signal: this.#gone.signal }).catch(() => {});
  }

  end(bytes?: Buffer): void {
    this.#response.end(bytes);
  }

  /** Ends the answer and the connection behind it, for a body that was not read to its end. */
  endAndClose(bytes?: Buffer): void {
    this.#response.end(bytes, () => this.request.socket.destroySoon());
  }

  /** Answers with an error's own status and text, or cuts the connection when the answer had begun. */
  fail(error: Hop3Error): void {
    if (this.#gone.signal.aborted) return;
    if (this.started) {
      this.#response.destroy();
      return;
    }
    // The rest of the body is not waited for.
    this.#response.writeHead(error.status, { 'content-type': 'text/plain; charset=utf-8', ...COMMON, connection: 'close' });
    this.#response.end(errorText(error));
  }
}

const COMMON = { 'cache-control': 'no-cache, max-age=0, must-revalidate', pragma: 'no-cache', 'x-content-type-options': 'nosniff' };
