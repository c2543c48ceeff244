import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { ByteReader } from './byte-reader.ts';

/** The way to whoever reads what a hook writes. Writing never throws: a reader that is gone is noticed elsewhere. */
export class PipeWriter {
  readonly #stream: Socket | null;

  /** Null for a pipe that nobody can be reached by: what is written is dropped. */
  constructor(stream: Socket | null) {
    this.#stream = stream;
    stream?.on('error', () => {});
  }

  write(data: string | Buffer): void {
    if (this.#stream?.writable) this.#stream.write(data);
  }

  /** Waits until the pipe has taken everything, at most so many milliseconds, and closes it. */
  async end(limitMs: number): Promise<void> {
    const stream = this.#stream;
    if (stream === null) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => { timer = setTimeout(resolve, limitMs); });
    const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
    const taken = new Promise<void>((resolve) => {
      if (stream.writable) stream.write('', () => resolve());
      else resolve();
    });
    await Promise.race([taken, late, closed]);
    clearTimeout(timer);
    stream.destroy();
    // Its end is what the reader waits for, and the descriptor is open until here.
    if (!stream.closed) await closed;
  }

  destroy(): void {
    this.#stream?.destroy();
  }
}

/** Where hooks/proc-receive keeps git's conversation, and its error output. */
const INPUT = 3;
const OUTPUT = 4;
const LOG = 2;

/** A hook's own pipes: git's conversation in and out, and the log for the person. */
export interface HookPipes {
  readonly input: ByteReader;
  readonly output: PipeWriter;
  readonly log: PipeWriter;
  destroy(): void;
}

/**
 * Opens the pipes of a hook, which git has made. Git waits for their end, so whoever opens them must end or destroy them.
 * @returns null when the process is gone, has another parent, or has no pipes there that could be opened
 */
export function openHookPipes(pid: number, parent: number): HookPipes | null {
  const opened: Socket[] = [];
  const open = (fd: number, mode: 'r' | 'w'): Socket => {
    const socket = openPipe(`/proc/${pid}/fd/${fd}`, mode);
    opened.push(socket);
    return socket;
  };
  try {
    if (parentOf(pid) !== parent) return null;
    const input = open(INPUT, 'r');
    const output = open(OUTPUT, 'w');
    return {
      input: new ByteReader(input), output: new PipeWriter(output), log: new PipeWriter(logPipe(() => open(LOG, 'w'))),
      destroy: () => { for (const socket of opened) socket.destroy(); },
    };
  } catch {
    // Whatever it is (the process went, no descriptor is left): without its pipes the hook is sent away, and git refuses the push.
    for (const socket of opened) socket.destroy();
    return null;
  }
}

/** A client without the side-band capability has no way for a log: there the hook's error output is git's own, a socket. */
function logPipe(open: () => Socket): Socket | null {
  try {
    return open();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return null;
    throw error;
  }
}

function openPipe(path: string, mode: 'r' | 'w'): Socket {
  const fd = openSync(path, (mode === 'r' ? constants.O_RDONLY : constants.O_WRONLY) | constants.O_NONBLOCK);
  try {
    return new Socket({ fd, readable: mode === 'r', writable: mode === 'w' });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Field 4 of proc(5)'s stat; the name before it, in brackets, may hold anything. */
function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
