import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once, type EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough, Writable } from 'node:stream';
import { Git } from 'node-git-server';
import { Hop3Error } from '../errors.ts';

export type GitService = 'git-upload-pack' | 'git-receive-pack';

/** Where git's output goes; resolves when more may come. */
export type Sink = (bytes: Buffer) => Promise<void>;

/** Milliseconds for the library to start git once it has the request, and for git to list refs. */
const START_MS = 10_000;
const ADVERTISE_MS = 30_000;
/** A client that has gone: git gets this long to see the end of its input and clean up, then TERM, then KILL. */
const TERM_AFTER_MS = 2000;
const KILL_AFTER_MS = 3500;
/**
 * Bytes that are read from the client while git works on what it has. With Node's own 16 kB each waits for the other: on a busy machine a
 * 200 MB push took 12 s instead of 6 s.
 */
const READ_AHEAD = 1024 * 1024;
/** Bytes of git's stderr that are kept for the server's log. */
const STDERR_KEPT = 4096;

export interface GitEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/**
 * Runs one git service through node-git-server. The library sees a request and a response of ours only: a request whose
 * first piece is complete, and a response that cannot fail. One library object a run, so that its events are this run's.
 */
export class GitRun {
  readonly pid: number;
  /** Resolves when git has ended and its output has gone to the sink. */
  readonly ended: Promise<GitEnd>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #input: PassThrough;
  #over = false;
  /** Ends the wait of a `write`; there is one at a time. */
  #wake: (() => void) | undefined;
  #killing: NodeJS.Timeout[] = [];

  private constructor(child: ChildProcessWithoutNullStreams, input: PassThrough, output: Promise<unknown>) {
    this.#child = child;
    this.pid = child.pid!;
    this.#input = input;
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_KEPT);
    });
    this.ended = (async () => {
      const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
      this.#over = true;
      this.#wake?.();
      for (const timer of this.#killing) clearTimeout(timer);
      await output;
      return { code, signal, stderr: stderr.trim() };
    })();
  }

  /**
   * @param first the head of the request, whole, in one piece: the library looks for its commands there and nowhere else
   * @throws Hop3Error HOP3_GIT_REPO when git cannot be started
   */
  static async start(service: GitService, repo: string, first: Buffer, sink: Sink): Promise<GitRun> {
    const input = new PassThrough({ highWaterMark: READ_AHEAD });
    const request = Object.assign(input, { method: 'POST', url: `/repo/${service}`, headers: {} });
    const output = new LibraryResponse(sink);
    const finished = once(output, 'close');
    const library = quietLibrary(repo);
    const child = await new Promise<ChildProcessWithoutNullStreams>((resolve, reject) => {
      const timer = setTimeout(() => reject(notStarted(new Error('the library did not start git'))), START_MS);
      const settle = (done: () => void) => {
        clearTimeout(timer);
        done();
      };
      const accept = (action: LibraryAction) => {
        // One event for each ref, all on one action.
        if (action.listenerCount('service') > 0) return;
        action.on('error', (error: Error) => settle(() => reject(notStarted(error))));
        action.on('service', (ps: ChildProcessWithoutNullStreams) => {
          ps.stdin.on('error', () => {}); // EPIPE: git ended before its input did; its exit code tells
          ps.once('error', (error) => settle(() => reject(notStarted(error))));
          if (ps.pid !== undefined) settle(() => resolve(ps));
        });
        action.accept();
      };
      for (const event of ['push', 'tag', 'fetch']) library.on(event, accept as never);
      library.handle(request as unknown as IncomingMessage, output as unknown as ServerResponse);
      input.write(first);
    });
    return new GitRun(child, input, finished);
  }

  /** Passes bytes on; resolves when more may come. False when git takes no more. */
  async write(bytes: Buffer): Promise<boolean> {
    if (this.#over) return false;
    if (this.#input.write(bytes)) return true;
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#input.off('drain', wake);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = wake;
      this.#input.on('drain', wake);
    });
    return !this.#over;
  }

  endInput(): void {
    this.#input.end();
  }

  /** Ends git: no more input (which lets it remove its quarantine), then TERM, then KILL. */
  stop(): void {
    if (this.#over || this.#killing.length > 0) return;
    this.#child.stdin.destroy();
    this.#killing = [
      setTimeout(() => this.#child.kill('SIGTERM'), TERM_AFTER_MS),
      setTimeout(() => this.#child.kill('SIGKILL'), KILL_AFTER_MS),
    ];
  }
}

/**
 * What `GET info/refs` answers: the service's line, then git's list of refs and capabilities.
 * @throws Hop3Error HOP3_GIT_REPO when git printed no whole list
 */
export async function advertise(service: GitService, repo: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const output = new LibraryResponse(async (bytes) => void chunks.push(bytes));
  const library = quietLibrary(repo);
  let timer: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    events(library).on('error', (error: Error) => reject(notStarted(error)));
    timer = setTimeout(() => reject(notStarted(new Error(`git listed no refs within ${ADVERTISE_MS / 1000} s`))), ADVERTISE_MS);
  });
  const request = Object.assign(new PassThrough(), { method: 'GET', url: `/repo/info/refs?service=${service}`, headers: {} });
  library.handle(request as unknown as IncomingMessage, output as unknown as ServerResponse);
  await Promise.race([once(output, 'close'), failed]).finally(() => clearTimeout(timer));
  const answer = Buffer.concat(chunks);
  // The library hides git's exit code; a list that is not ended by a flush is what a failed git leaves.
  const head = Buffer.byteLength(`001e# service=${service}\n0000`);
  if (output.statusCode !== 200 || answer.length <= head || answer.toString('latin1', answer.length - 4) !== '0000') {
    throw notStarted(new Error('git printed no whole list of refs'));
  }
  return answer;
}

interface LibraryAction extends NodeJS.EventEmitter {
  accept(): void;
}

function quietLibrary(repo: string): Git {
  const library = new Git(() => repo, { autoCreate: false });
  events(library).on('error', () => {});
  return library;
}

function notStarted(cause: Error): Hop3Error {
  return new Hop3Error('HOP3_GIT_REPO', { what: 'git could not work with the repository on the server.', next: 'The server log has the cause: hop3 status --server-log', cause });
}

/** The response that the library writes to: takes headers and forgets them, hands the bytes to a sink, never fails. */
class LibraryResponse extends Writable {
  statusCode = 200;
  readonly #sink: Sink;

  constructor(sink: Sink) {
    super();
    this.#sink = sink;
    this.on('error', () => {});
  }

  setHeader(): void {}
  getHeader(): undefined {}
  removeHeader(): void {}
  writeHead(status: number): this {
    this.statusCode = status;
    return this;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    void this.#pass(chunk, done);
  }

  async #pass(chunk: Buffer, done: () => void): Promise<void> {
    try {
      await this.#sink(chunk);
    } catch {
      // A sink that fails has nobody to write to; git's output must flow on all the same, or git would never end.
    }
    done();
  }
}

/** The library as what it also is: its own types leave out the event that tells of its errors. */
function events(library: EventEmitter): EventEmitter {
  return library;
}
