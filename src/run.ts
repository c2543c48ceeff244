import { spawn as nodeSpawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { $ } from 'zx/core';
import { Hop3Error } from './errors.ts';
import { Collector, type OutputStream } from './program-output.ts';

/** A program to run, as a value: specs compare it, and no shell ever sees it. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Seconds after which the whole process group is ended. */
  readonly limit: number;
  readonly cwd?: string;
  /** The whole environment besides PATH, HOME, LANG and TZ; nothing of the server's own is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is then closed. Without it standard input is /dev/null. */
  readonly input?: string | Buffer;
}

export interface RunOptions {
  /** Ends the process group: SIGTERM, then SIGKILL after KILL_AFTER. */
  readonly signal?: AbortSignal | undefined;
  /** Each complete line as it comes; a line longer than 64 KiB comes in pieces. */
  readonly onLine?: ((line: string, stream: OutputStream) => void) | undefined;
  /** Bytes of stdout to keep for the caller; more than that is an error, not a cut. Default 1 MiB; 0 keeps none. */
  readonly keepStdout?: number | undefined;
  /** Read into standard input as fast as the program takes it; in place of `input`. */
  readonly stdin?: Readable | undefined;
  /** Gets standard output as fast as it takes it; then no line of it comes and nothing is kept. It is not ended. */
  readonly stdout?: Writable | undefined;
  /** The same for standard error. */
  readonly stderr?: Writable | undefined;
  /** Read into descriptor 3 of the program. */
  readonly control?: Readable | undefined;
  /** The process id, as soon as there is one. */
  readonly onStart?: ((pid: number) => void) | undefined;
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** The last lines of both streams, for a message. */
  readonly tail: readonly string[];
  readonly timedOut: boolean;
  readonly cancelled: boolean;
}

/** Milliseconds between SIGTERM and SIGKILL of a process group: half of the 5 s in which a cancelled build must be gone. */
const KILL_AFTER = 2500;
/** Milliseconds that output may still come after the program itself is gone (a grandchild may hold the pipe for ever). */
const PIPE_GRACE = 1000;
/** Bytes of stdout that are kept where the caller says nothing. */
const KEEP_STDOUT = 1024 * 1024;

/** Where the distribution's programs are. */
export const TOOL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The environment every program starts with. */
export function baseEnv(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: process.env['HOP3_TOOL_PATH'] ?? TOOL_PATH,
    HOME: process.env['HOP3_TOOL_HOME'] ?? '/nonexistent',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    ...extra,
  };
}

/**
 * Runs a program to its end and reports how it ended; a failing exit code is a result here, not an error.
 * @throws Hop3Error HOP3_TOOL_MISSING when the program is not installed
 */
export async function run(command: Command, options: RunOptions = {}): Promise<Finished> {
  checkArguments(command);
  if (options.signal?.aborted) return { code: null, signal: null, stdout: '', tail: [], timedOut: false, cancelled: true };
  const started = await new Promise<{ child: ChildProcess; done: Promise<void>; collect: Collector }>((resolve, reject) => {
    const collect = new Collector(options.keepStdout ?? KEEP_STDOUT, options.onLine);
    // zx runs a shell string; this spawn replaces it by the program itself, in a process group of its own.
    const spawn = (_shellText: string, _none: readonly string[], zxOptions: SpawnOptions): ChildProcess => {
      const child = nodeSpawn(command.file, command.args, {
        cwd: command.cwd,
        env: baseEnv(command.env),
        stdio: [command.input === undefined && !options.stdin ? 'ignore' : 'pipe', 'pipe', 'pipe', ...(options.control ? ['pipe' as const] : [])],
        detached: true,
        windowsHide: zxOptions.windowsHide,
      });
      child.once('error', reject);
      child.once('spawn', () => resolve({ child, done: closed(child, options.stdout === undefined), collect }));
      child.stdin?.on('error', () => {}); // EPIPE: the program did not want its input; its exit code tells
      if (options.stdout) child.stdout?.pipe(options.stdout, { end: false });
      else child.stdout?.on('data', (chunk: Buffer) => collect.push('stdout', chunk));
      if (options.stderr) child.stderr?.pipe(options.stderr, { end: false });
      else child.stderr?.on('data', (chunk: Buffer) => collect.push('stderr', chunk));
      if (options.control) pipeTo(options.control, child.stdio[3] as Writable);
      if (options.stdin) options.stdin.pipe(child.stdin!);
      else if (command.input !== undefined) child.stdin?.end(command.input);
      return child;
    };
    const keepNothing = { push: () => 0, length: 0, join: () => '', [Symbol.iterator]: function* () {} };
    const store = { stdout: keepNothing, stderr: keepNothing, stdall: keepNothing } as never;
    void $({ spawn: spawn as never, store, nothrow: true, quiet: true, log: (() => {}) as never })`${command.file}`.catch(() => {});
  }).catch((error: NodeJS.ErrnoException) => {
    throw missingTool(command, error);
  });

  const { child, done, collect } = started;
  const pid = child.pid!;
  options.onStart?.(pid);
  let timedOut = false;
  let cancelled = false;
  let killTimer: NodeJS.Timeout | undefined;
  const end = () => {
    signalGroup(pid, 'SIGTERM');
    killTimer ??= setTimeout(() => signalGroup(pid, 'SIGKILL'), KILL_AFTER);
  };
  const limitTimer = setTimeout(() => { timedOut = true; end(); }, command.limit * 1000);
  const onAbort = () => { cancelled = true; end(); };
  options.signal?.addEventListener('abort', onAbort, { once: true });
  // It may have fired while the program was being started, when nobody listened yet.
  if (options.signal?.aborted) onAbort();
  try {
    await done;
  } finally {
    clearTimeout(limitTimer);
    options.signal?.removeEventListener('abort', onAbort);
    // The leader is gone; whoever is left of its group after a kill goes now.
    if (timedOut || cancelled) signalGroup(pid, 'SIGKILL');
    clearTimeout(killTimer);
  }
  collect.finish();
  const { stdout, tail } = collect;
  if (stdout === null) {
    throw new Hop3Error('HOP3_COMMAND_FAILED', { what: `${commandName(command)} printed more than ${options.keepStdout ?? KEEP_STDOUT} bytes where an answer was expected.` });
  }
  return { code: child.exitCode, signal: child.signalCode, stdout, tail, timedOut, cancelled };
}

/**
 * Runs a program that is expected to succeed and gives its stdout.
 * @throws Hop3Error HOP3_COMMAND_FAILED, HOP3_TIMEOUT, HOP3_CANCELLED, HOP3_TOOL_MISSING
 */
export async function runOk(command: Command, options: RunOptions = {}): Promise<string> {
  const finished = await run(command, options);
  if (finished.code === 0 && !finished.timedOut && !finished.cancelled) return finished.stdout;
  throw failure(command, finished);
}

/** The error for a run that did not succeed. */
export function failure(command: Command, finished: Finished): Hop3Error {
  const name = commandName(command);
  if (finished.cancelled) return new Hop3Error('HOP3_CANCELLED', { what: `${name} was cancelled.` });
  const why = finished.tail.slice(-8).join('\n');
  if (finished.timedOut) return new Hop3Error('HOP3_TIMEOUT', { what: `${name} did not finish within ${command.limit} s.`, why });
  return new Hop3Error('HOP3_COMMAND_FAILED', { what: `${name} failed: ${describeExit(finished)}.`, why });
}

/** "exit code 3" or "ended by SIGKILL". */
export function describeExit(finished: Pick<Finished, 'code' | 'signal'>): string {
  return finished.signal ? `ended by ${finished.signal}` : `exit code ${finished.code ?? 'unknown'}`;
}

function commandName(command: Command): string {
  const verb = command.args.find((arg) => /^[a-z][a-z-]+$/.test(arg));
  return verb ? `${command.file} ${verb}` : command.file;
}

function missingTool(command: Command, error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ENOENT' && error.code !== 'EACCES') return error;
  return new Hop3Error('HOP3_TOOL_MISSING', {
    what: `${command.file} could not be started${command.cwd ? ` in ${command.cwd}` : ''}: ${error.code}.`,
    next: 'Is it installed? `hop3 doctor` and docs/operations.md name the packages.',
    cause: error,
  });
}

function pipeTo(from: Readable, to: Writable): void {
  to.on('error', () => {}); // EPIPE: the program closed it or is gone
  from.pipe(to);
}

function checkArguments(command: Command): void {
  for (const arg of [command.file, ...command.args]) {
    // execve would cut the argument at the NUL without a word.
    if (typeof arg !== 'string' || arg.includes('\0')) throw new TypeError(`bad argument for ${command.file}`);
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A reader of stdout that is slow, and not a grandchild, may be why the pipe is still open: then there is no grace to end. */
function closed(child: ChildProcess, cutsPipes: boolean): Promise<void> {
  return new Promise((resolve) => {
    let grace: NodeJS.Timeout | undefined;
    child.once('exit', () => {
      if (!cutsPipes) return;
      grace = setTimeout(() => { child.stdout?.destroy(); child.stderr?.destroy(); }, PIPE_GRACE);
    });
    child.once('close', () => { clearTimeout(grace); resolve(); });
  });
}
