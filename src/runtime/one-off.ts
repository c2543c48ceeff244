import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { NO_LIMITS } from '../limits.ts';
import type { Paths } from '../paths.ts';
import { run, type Finished, type RunOptions } from '../run.ts';
import { readText, removeCgroup } from './cgroup.ts';
import { limitsFile } from './confinement.ts';
import { writeEnvDir } from './envdir.ts';
import { CONFINED_FILE, type Confined } from './limit-scripts.ts';
import { oneOffCause } from './limit-use.ts';
import { listDir } from './list-dir.ts';
import type { SlotSpec } from './model.ts';
import { chainProcesses, sandboxProcesses } from './processes.ts';
import { OWN_LINE, oneOffRun, sandboxInit, shellWord, terminalInit, terminalRun, type TerminalSize } from './run-scripts.ts';
import { APP_HOME, asArgumentFile, etcFiles, sandboxArguments } from './sandbox.ts';
import { checkCommand } from './worker-command.ts';

export type { TerminalSize } from './run-scripts.ts';

/** Where the streams of a command lead. */
export type OneOffStreams =
  /** Nothing to read; each line of either stream as it comes. */
  | { readonly kind: 'lines'; readonly onLine: (line: string) => void }
  /** Nothing to read; both outputs as one, byte for byte. */
  | { readonly kind: 'together'; readonly output: Writable }
  /** Three pipes, byte for byte. */
  | { readonly kind: 'pipes'; readonly stdin: Readable; readonly stdout: Writable; readonly stderr: Writable }
  /** A terminal; `sizes` gives lines of rows and columns when it changes. */
  | { readonly kind: 'terminal'; readonly size: TerminalSize; readonly sizes: Readable; readonly stdin: Readable; readonly stdout: Writable };

export interface OneOffOptions {
  readonly paths: Paths;
  /** Whose data directory and which store paths the command sees. */
  readonly spec: Pick<SlotSpec, 'app' | 'closure' | 'limits'>;
  /** Run as `/bin/sh -c <command>`: unlike a worker's it may be several commands, joined with `&&`. */
  readonly command: string;
  /** The whole environment besides HOME. */
  readonly env: Readonly<Record<string, string>>;
  readonly streams: OneOffStreams;
  /** A directory that it sees as `APP_SOURCE`, read-only. */
  readonly sourceDir?: string | undefined;
  /** Seconds. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a command to its end in a sandbox like a worker's: same view, same data directory, no supervisor. Its files lie in a directory of
 * its own, so a deploy that empties the slot of its release does not touch it. A program that a signal ended shows as 128
 * plus the signal's number.
 * @throws Hop3Error HOP3_ENV_VALUE, HOP3_WORKER_COMMAND, HOP3_CLOSURE_SIZE, HOP3_TOOL_MISSING
 */
export async function runOneOff(options: OneOffOptions): Promise<Finished> {
  const { paths, spec, command, streams, limit, signal } = options;
  checkCommand('the command', command);
  mkdirSync(paths.oneOffs(spec.app), { recursive: true, mode: 0o700 });
  const dir = mkdtempSync(join(paths.oneOffs(spec.app), 'run-'));
  try {
    const script = writeOneOff(dir, options);
    const finished = await run({ file: script, args: [], limit, cwd: dir }, { signal, keepStdout: 0, ...streamOptions(streams) });
    const cause = oneOffCause(dir, spec.limits ?? NO_LIMITS);
    if (cause !== null) tell(streams, `${OWN_LINE} the command ${cause}`);
    return finished;
  } finally {
    endCgroup(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * Ends every command that runs once for an app, whoever started it, and removes what it left. For an app that is removed, and for a
 * server that starts: the one before it may have been killed.
 */
export function endOneOffs(paths: Paths, app: SlotSpec['app']): void {
  for (const name of listDir(paths.oneOffs(app))) {
    const dir = join(paths.oneOffs(app), name);
    for (const pid of [...chainProcesses(dir), ...sandboxProcesses(join(dir, 'env'))]) kill(pid);
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Ends one command that runs once, by its directory; whoever runs it is told how it ended. */
export function endOneOff(dir: string): void {
  for (const pid of sandboxProcesses(join(dir, 'env'))) kill(pid);
  for (const pid of chainProcesses(dir)) kill(pid);
}

function writeOneOff(dir: string, { paths, spec, command, env, streams, sourceDir }: OneOffOptions): string {
  const [envDir, etcDir, initFile, sandbox, script] = ['env', 'etc', 'init', 'sandbox.args', 'run'].map((name) => join(dir, name)) as [string, string, string, string, string];
  const confined: Confined = { name: `one-off.${spec.app}.${basename(dir)}`, limits: spec.limits ?? NO_LIMITS, modeFile: limitsFile(paths) };
  const inShell = `/bin/sh -c ${shellWord(command)}`;
  const terminal = streams.kind === 'terminal' ? streams : null;
  writeEnvDir(envDir, { ...env, HOME: APP_HOME });
  mkdirSync(etcDir, { mode: 0o700 });
  for (const [name, text] of Object.entries(etcFiles(spec.app))) writeFileSync(join(etcDir, name), text, { mode: 0o600 });
  writeFileSync(initFile, terminal ? terminalInit() : sandboxInit(), { mode: 0o700 });
  const args = sandboxArguments({ app: spec.app, closure: spec.closure, dataDir: paths.data(spec.app), envDir, etcDir, initFile, sourceDir, tmpBytes: spec.limits?.memory });
  writeFileSync(sandbox, asArgumentFile(args), { mode: 0o600 });
  writeFileSync(script, terminal ? terminalRun(sandbox, inShell, terminal.size, confined) : oneOffRun(sandbox, inShell, confined, streams.kind === 'together'), { mode: 0o700 });
  return script;
}

function streamOptions(streams: OneOffStreams): RunOptions {
  switch (streams.kind) {
    case 'lines': return { onLine: (line) => streams.onLine(line) };
    case 'together': return { stdout: streams.output };
    case 'pipes': return { stdin: streams.stdin, stdout: streams.stdout, stderr: streams.stderr };
    // Nobody writes to a terminal's standard error but what starts the sandbox, and that belongs on the same screen.
    case 'terminal': return { stdin: streams.stdin, stdout: streams.stdout, stderr: streams.stdout, control: streams.sizes };
  }
}

function endCgroup(dir: string): void {
  const cgroup = readText(join(dir, CONFINED_FILE)).trim();
  if (cgroup !== '') removeCgroup(cgroup);
}

function tell(streams: OneOffStreams, line: string): void {
  switch (streams.kind) {
    case 'lines': return streams.onLine(line);
    case 'together': streams.output.write(`${line}\n`); return;
    case 'pipes': streams.stderr.write(`${line}\n`); return;
    case 'terminal': streams.stdout.write(`${line}\r\n`);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
