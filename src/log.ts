import { printable } from './names.ts';

/**
 * What a person watching a push reads. The shapes are Heroku's to the byte: a phase is `-----> ` + text, a detail seven
 * spaces + text, a problem ` !     ` + text.
 */
export interface PushLog {
  phase(text: string): void;
  /** A detail; several lines when the text has line ends. */
  line(text: string): void;
  problem(text: string): void;
  /** A line of a program's own output: control characters and colours are taken out, very long lines cut. */
  output(text: string): void;
  /** Tells what is waited for; the heartbeat names it until the next phase. */
  waiting(text: string): void;
  /** From here on these values are shown as [hidden], whoever prints them. */
  hide(values: Iterable<string>): void;
}

const HEARTBEAT_MS = 30_000;
const LONGEST_LINE = 2000;
/** Shorter values ("1", "true", "web") stand in every log by chance; hiding them would hide the log. */
const SHORTEST_SECRET = 8;

export interface PushLogOptions {
  /** Takes whole lines, each with its line end. */
  readonly sinks: readonly ((text: string) => void)[];
  /** Bytes after which `output` is no longer passed on (phases and problems always are). */
  readonly maxOutputBytes: number;
  readonly heartbeatMs?: number;
}

/** A PushLog that writes to sinks (the git client, the build's log file) and beats every 30 s of silence until closed. */
export class StreamingLog implements PushLog {
  readonly #options: PushLogOptions;
  readonly #started = performance.now();
  readonly #hidden = new Set<string>();
  #outputBytes = 0;
  #toldCut = false;
  /** Lines left out since the last phase. */
  #cut = 0;
  #timer: NodeJS.Timeout | undefined;
  /** What is told in silence; % stands for the seconds. */
  #heartbeat = 'still working after % s';

  constructor(options: PushLogOptions) {
    this.#options = options;
    this.#arm();
  }

  phase(text: string): void {
    this.#announce(text, `still working after % s (${text})`);
  }

  waiting(text: string): void {
    this.#announce(`Waiting: ${text}`, `still waiting after % s: ${text}`);
  }

  line(text: string): void {
    this.#write(text, '       ');
  }

  problem(text: string): void {
    this.#tellCut();
    this.#write(text, ' !     ');
  }

  output(text: string): void {
    const clean = cleanOutput(text);
    this.#outputBytes += clean.length + 8;
    if (this.#outputBytes > this.#options.maxOutputBytes) {
      if (!this.#toldCut) this.#write(`(output beyond ${this.#options.maxOutputBytes} bytes is not shown)`, '       ');
      this.#toldCut = true;
      this.#cut += 1;
      return;
    }
    this.#write(clean, '       ');
  }

  hide(values: Iterable<string>): void {
    for (const value of values) {
      for (const part of [value, ...value.split('\n')]) if (part.length >= SHORTEST_SECRET) this.#hidden.add(part);
    }
  }

  /** Stops the heartbeat and says how much output was left out. */
  close(): void {
    this.#tellCut();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The text with everything that was given to `hide` taken out. */
  withoutSecrets(text: string): string {
    let shown = text;
    for (const secret of this.#hidden) shown = shown.replaceAll(secret, '[hidden]');
    return shown;
  }

  #announce(text: string, heartbeat: string): void {
    this.#heartbeat = heartbeat;
    this.#tellCut();
    this.#write(text, '-----> ');
  }

  #tellCut(): void {
    if (this.#cut === 0) return;
    const lines = this.#cut === 1 ? '1 line of output was' : `${this.#cut} lines of output were`;
    this.#cut = 0;
    this.#emit(`       (${lines} left out)\n`);
  }

  #write(text: string, prefix: string): void {
    const lines = this.withoutSecrets(text).split('\n').map((line) => `${prefix}${line}`.trimEnd());
    this.#emit(`${lines.join('\n')}\n`);
  }

  #emit(text: string): void {
    for (const sink of this.#options.sinks) sink(text);
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const seconds = Math.round((performance.now() - this.#started) / 1000);
      this.#write(`... ${this.#heartbeat.replace('%', String(seconds))}`, '       ');
    }, this.#options.heartbeatMs ?? HEARTBEAT_MS);
    this.#timer.unref();
  }
}

/** A program's line as it may enter a log: no terminal escapes, no carriage-return repaints, at most 2,000 characters. */
export function cleanOutput(text: string): string {
  const withoutEscapes = text
    // eslint-disable-next-line no-control-regex -- CSI and OSC sequences are control characters
    .replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g, '')
    .replace(/\r/g, '');
  const lines = withoutEscapes.split('\n').map((line) => {
    const kept = line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}... (${line.length} characters)` : line;
    // eslint-disable-next-line no-control-regex -- what is left of control characters is made visible
    return kept.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (c) => printable(c));
  });
  return lines.join('\n');
}

/** For callers that have nobody watching. */
export const silentLog: PushLog = { phase() {}, line() {}, problem() {}, output() {}, waiting() {}, hide() {} };
