import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../paths.ts';
import { run, type Finished } from '../run.ts';
import { writeEnvDir } from './envdir.ts';
import type { SlotSpec } from './model.ts';
import { oneOffRun, shellWord } from './run-scripts.ts';
import { APP_HOME, asArgumentFile, sandboxArguments } from './sandbox.ts';
import { slotLayout } from './slot-layout.ts';
import { checkCommand } from './worker-command.ts';

export interface OneOffOptions {
  readonly paths: Paths;
  /** The filled slot whose release the command sees. */
  readonly spec: Pick<SlotSpec, 'app' | 'slot' | 'closure'>;
  /** Run as `/bin/sh -c <command>`: unlike a worker's it may be several commands, joined with `&&`. */
  readonly command: string;
  /** The whole environment besides HOME. */
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
  /** Seconds. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a command to its end in the sandbox of a filled slot: same view, same data directory, no supervisor.
 * @throws Hop3Error HOP3_ENV_VALUE, HOP3_WORKER_COMMAND, HOP3_CLOSURE_SIZE, HOP3_TOOL_MISSING
 */
export async function runOneOff(options: OneOffOptions): Promise<Finished> {
  const { paths, spec, command, env } = options;
  checkCommand('the command', command);
  const layout = slotLayout(paths, spec.app, spec.slot);
  mkdirSync(layout.oneOffs, { recursive: true, mode: 0o700 });
  const dir = mkdtempSync(join(layout.oneOffs, 'run-'));
  try {
    const envDir = join(dir, 'env');
    const sandbox = join(dir, 'sandbox.args');
    const script = join(dir, 'run');
    writeEnvDir(envDir, { ...env, HOME: APP_HOME });
    const args = sandboxArguments({ app: spec.app, closure: spec.closure, dataDir: paths.data(spec.app), envDir, etcDir: layout.etc, initFile: layout.init });
    writeFileSync(sandbox, asArgumentFile(args), { mode: 0o600 });
    writeFileSync(script, oneOffRun(sandbox, `/bin/sh -c ${shellWord(command)}`), { mode: 0o700 });
    return await run({ file: script, args: [], limit: options.limit, cwd: dir }, { signal: options.signal, onLine: (line) => options.onLine(line), keepStdout: 0 });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
