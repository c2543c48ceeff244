import { spawnSync } from 'node:child_process';
import { Hop3Error } from '../../errors.ts';
import { RUN_PROTOCOL, type StartFrame } from '../../run-frames.ts';
import { shellWord } from '../../shell-word.ts';
import type { CommandContext, Handler } from '../command-context.ts';
import { RemoteRun } from '../remote-run.ts';

/** A terminal that says nothing of itself. */
const PLAIN_TERMINAL = 'dumb';
const INTERRUPTED = 130;
/** Bytes: one frame, less what stands beside the command in it. */
const LARGEST_COMMAND = 65_000;

export const runCommand: Handler = async (context, words, options) => {
  const command = shellCommand(words);
  if (Buffer.byteLength(JSON.stringify(command)) > LARGEST_COMMAND) {
    throw new Hop3Error('HOP3_USAGE', { what: `The command is longer than ${LARGEST_COMMAND} bytes.`, next: 'Send what is long through standard input.' });
  }
  const { app, client } = await context.appAndClient();
  const withTerminal = options['tty'] !== false && process.stdin.isTTY === true && process.stdout.isTTY === true;
  const { socket, head } = await client.upgrade(`/apps/${app}/run`, RUN_PROTOCOL);
  const start: StartFrame = {
    command,
    terminal: withTerminal ? { ...sizeHere(), type: process.env['TERM'] || PLAIN_TERMINAL } : null,
  };
  const run = new RemoteRun(client.server, socket, head);
  const stop = (): void => run.stop();
  const resize = (): void => run.resize(sizeHere());
  context.signal.addEventListener('abort', stop, { once: true });
  if (withTerminal) {
    makeRaw();
    process.stdout.on('resize', resize);
  }
  try {
    const { exit, release } = await run.attach(start, process.stdin, process.stdout, process.stderr);
    if (withTerminal) process.stdin.setRawMode(false);
    tell(context, exit, release);
    return context.signal.aborted ? INTERRUPTED : exit.code;
  } finally {
    if (withTerminal) process.stdin.setRawMode(false);
    process.stdout.off('resize', resize);
    context.signal.removeEventListener('abort', stop);
    process.stdin.pause();
    // A pipe that nobody closes must not keep this process.
    process.stdin.unref?.();
  }
};

/**
 * The shell here has read the words already: quoted, the shell there sees the same ones. A program takes the place of that shell, which
 * would answer the program's Ctrl-C too, and end with 130 whatever the program said; what the shell does itself (`cd`, `exit`) it does.
 */
function shellCommand(words: readonly string[]): string {
  return `set -- ${words.map(shellWord).join(' ')}; case $(command -v "$1") in */*) exec "$@" ;; esac; "$@"`;
}

/** Node's raw mode still puts a carriage return before each line feed, which tears the screen of an editor over there; stty ends that. */
function makeRaw(): void {
  process.stdin.setRawMode(true);
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
}

function sizeHere(): { rows: number; columns: number } {
  return { rows: process.stdout.rows ?? 24, columns: process.stdout.columns ?? 80 };
}

function tell(context: CommandContext, exit: { live: string | null; timed_out: boolean }, release: string): void {
  if (exit.timed_out) context.out.note('The command was ended: its time was over.');
  if (exit.live !== null && exit.live !== release) context.out.note(`${exit.live} went live meanwhile; this ran in ${release}.`);
}
