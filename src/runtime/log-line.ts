import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AppName } from '../names.ts';
import type { Paths, SlotName } from '../paths.ts';
import { run } from '../run.ts';
import { OWN_LINE } from './run-scripts.ts';
import { slotLayout, workerLayout } from './slot-layout.ts';

/**
 * Adds a line of Hop3's own to a worker's log, through the pipe that its logger reads: so it gets its time and its place like every
 * other line. Gives false when no logger runs, or the pipe is full.
 */
export async function addLogLine(paths: Paths, app: AppName, slot: SlotName, worker: string, text: string): Promise<boolean> {
  const logger = dirname(workerLayout(slotLayout(paths, app, slot), worker).logRun);
  const answer = await run({ file: 's6-svstat', args: ['-o', 'pid', logger], limit: 10 });
  const pid = Number(answer.stdout.trim());
  if (answer.code !== 0 || !(pid > 0)) return false;
  // Short enough that the kernel never mixes it with what the worker writes at the same time (PIPE_BUF).
  const line = Buffer.from(`${OWN_LINE} ${text.replace(/\s+/g, ' ')}`).subarray(0, 2000);
  try {
    const fd = openSync(`/proc/${pid}/fd/0`, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      return writeSync(fd, Buffer.concat([line, Buffer.from('\n')])) === line.length + 1;
    } finally {
      closeSync(fd);
    }
  } catch {
    return false; // it ended meanwhile, or is far behind
  }
}
