import { spawn, type ChildProcess } from 'node:child_process';
import { until } from './world.ts';

/** Python makes the pseudo-terminal: its standard input takes a JSON object a line, its output is what the terminal shows. */
const DRIVER = `
import fcntl, json, os, pty, select, struct, sys, termios
def resize(fd, rows, columns): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
rows, columns = int(sys.argv[1]), int(sys.argv[2])
pid, fd = pty.fork()
if pid == 0:
    resize(0, rows, columns)
    os.execvp(sys.argv[3], sys.argv[3:])
lines = b''
watched = [0, fd]
while True:
    ready = select.select(watched, [], [])[0]
    if fd in ready:
        try: shown = os.read(fd, 65536)
        except OSError: shown = b''
        if not shown: break
        os.write(1, shown)
    if 0 in ready:
        got = os.read(0, 65536)
        if not got: watched.remove(0)
        lines += got
        while b'\\n' in lines:
            line, lines = lines.split(b'\\n', 1)
            told = json.loads(line)
            if 'type' in told: os.write(fd, told['type'].encode())
            if 'rows' in told: resize(fd, told['rows'], told['columns'])
status = os.waitpid(pid, 0)[1]
sys.exit(os.waitstatus_to_exitcode(status))
`;

/** A program on a terminal of its own, and somebody who types. */
export class Terminal {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  shown = '';

  constructor(file: string, args: readonly string[], options: { readonly env: Record<string, string>; readonly rows?: number; readonly columns?: number }) {
    this.#child = spawn('python3', ['-c', DRIVER, String(options.rows ?? 24), String(options.columns ?? 80), file, ...args], { env: { TERM: 'xterm', ...options.env }, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => { this.shown += text; });
    this.#child.stdin!.on('error', () => {});
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  type(text: string): void {
    this.#child.stdin!.write(`${JSON.stringify({ type: text })}\n`);
  }

  resize(rows: number, columns: number): void {
    this.#child.stdin!.write(`${JSON.stringify({ rows, columns })}\n`);
  }

  /** Waits until the terminal has shown this. */
  async shows(text: string | RegExp): Promise<void> {
    await until(`the terminal to show ${String(text)}; it shows:\n${this.shown}`, () => (typeof text === 'string' ? this.shown.includes(text) : text.test(this.shown))).catch(() => {
      throw new Error(`the terminal never showed ${String(text)}; it showed:\n${this.shown}`);
    });
  }

  /** The exit code; negative for a signal. */
  end(): Promise<number | null> {
    return this.#ended;
  }

  /** As when the window is closed. */
  close(): void {
    this.#child.kill('SIGKILL');
  }
}
