import { mkdirSync } from 'node:fs';
import { PassThrough, Writable } from 'node:stream';
import type { AppName } from '../names.ts';
import type { Paths, SlotName } from '../paths.ts';
import { run } from '../run.ts';
import { OWN_LINE, logArguments } from './run-scripts.ts';
import { workerLogDir } from './slot-layout.ts';

const LINE_END = 10;

/** The log of a job that the server runs, written by s6-log like a worker's: same place, same format, same rotation. */
export class JobLog {
  readonly #stream = new PassThrough();
  readonly #logger: Promise<unknown>;
  #midLine = false;

  /**
   * `limit` in seconds: after that the logger ends, whatever happened.
   * @throws nothing; a logger that cannot run is told to `reportDefect`
   */
  constructor(paths: Paths, of: { readonly app: AppName; readonly worker: string; readonly release: string; readonly slot: SlotName }, limit: number, reportDefect: (error: unknown) => void) {
    const dir = workerLogDir(paths, of.app, of.worker, of.release, of.slot);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.#logger = run({ file: 's6-log', args: logArguments(dir), limit, env: { TZ: 'UTC0' } }, { stdin: this.#stream, keepStdout: 0 }).then(
      ({ code, tail }) => { if (code !== 0) reportDefect(new Error(`s6-log for ${dir} ended with ${code}: ${tail.join(' ')}`)); },
      reportDefect,
      // Without a reader the job would wait for ever.
    ).finally(() => this.#stream.resume());
  }

  /** A line of Hop3's own, on a line of its own. */
  say(text: string): void {
    if (this.#stream.writableEnded) return;
    this.#stream.write(`${this.#midLine ? '\n' : ''}${OWN_LINE} ${text}\n`);
    this.#midLine = false;
  }

  /** Takes output as fast as the logger does; `tee` sees it too. */
  output(tee: (chunk: Buffer) => void): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.#midLine = chunk.at(-1) !== LINE_END;
        tee(chunk);
        if (this.#stream.write(chunk)) done();
        else this.#stream.once('drain', done);
      },
    });
  }

  /** Returns when everything is in the file. */
  async close(): Promise<void> {
    this.#stream.end();
    await this.#logger;
  }
}
