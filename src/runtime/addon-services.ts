import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerProgram } from '../addons/model.ts';
import type { Paths } from '../paths.ts';
import { run, TOOL_PATH } from '../run.ts';
import { shellWord } from './run-scripts.ts';
import { isScanning, noSupervisor, S6_MS, superviseService } from './supervise-service.ts';
import { syncTree } from './sync-tree.ts';

const LOG_BYTES = 2_000_000;
const LOG_FILES = 5;

/** What the supervisor calls the server of an addon: no dot, so that it is never taken for a worker. */
export const ADDON_SERVICE = /^addon-[a-z0-9-]+$/;

export function addonDir(paths: Paths, id: string): string {
  if (!/^[a-z][a-z0-9-]{0,80}$/.test(id)) throw new TypeError(`not the id of an addon server: ${JSON.stringify(id)}`);
  return join(paths.addons, id);
}

/**
 * Makes sure that an addon's server program runs under the supervisor and goes on running, also after `hop3 up` starts anew. A
 * program whose command changed (an upgrade of Hop3) is stopped first. It returns when s6 has it, not when it answers.
 * @throws Hop3Error HOP3_NO_SUPERVISOR
 */
export async function ensureAddonServer(paths: Paths, program: ServerProgram): Promise<void> {
  if (!isScanning(paths)) throw noSupervisor(paths, program.id);
  const dir = join(addonDir(paths, program.id), 'service');
  const text = runScript(program);
  const link = join(paths.services, `addon-${program.id}`);
  if (existsSync(join(dir, 'run')) && readFileSync(join(dir, 'run'), 'utf8') !== text) await removeAddonServer(paths, program.id);
  if (!existsSync(dir)) await writeService(paths, dir, program, text);
  if (!existsSync(link)) await superviseService(paths, dir, `addon-${program.id}`);
  // One that was stopped by hand, or that gave up.
  await run({ file: 's6-svc', args: ['-u', dir], limit: 10 });
}

/** Stops an addon's server and takes it out of the supervisor; its data stay. Safe when it never ran. */
export async function removeAddonServer(paths: Paths, id: string): Promise<void> {
  const dir = join(addonDir(paths, id), 'service');
  const link = join(paths.services, `addon-${id}`);
  const stopMs = existsSync(join(dir, 'timeout-kill')) ? Number(readFileSync(join(dir, 'timeout-kill'), 'utf8')) : S6_MS;
  if (existsSync(link)) {
    await run({ file: 's6-svc', args: ['-wD', '-T', String(stopMs + S6_MS), '-d', dir], limit: (stopMs + 2 * S6_MS) / 1000 });
    await run({ file: 's6-svunlink', args: ['-t', String(S6_MS), paths.services, `addon-${id}`], limit: (2 * S6_MS) / 1000 });
  }
  rmSync(link, { force: true });
  rmSync(dir, { recursive: true, force: true });
}

/** The last lines that an addon's server wrote; empty when there is none. */
export async function addonServerTail(paths: Paths, id: string, lines: number): Promise<string> {
  const logs = addonLogs(paths, id);
  const files = (await readdir(logs).catch(() => [])).filter((name) => name === 'current');
  const text = files.length === 0 ? '' : await readFile(join(logs, 'current'), 'utf8');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

function addonLogs(paths: Paths, id: string): string {
  return join(paths.serverLogs, `addon-${id}`);
}

function runScript(program: ServerProgram): string {
  return script([
    'exec 2>&1 </dev/null',
    'umask 077',
    'ulimit -c 0',
    `cd ${shellWord(program.dir)}`,
    // tini: when the supervisor is killed the server stops in good order too, and the next life can have its port.
    `exec env -i PATH=${TOOL_PATH} LANG=C.UTF-8 TZ=UTC tini -s -p ${program.stopSignal} -- ${program.command.map(shellWord).join(' ')}`,
  ]);
}

async function writeService(paths: Paths, dir: string, program: ServerProgram, run: string): Promise<void> {
  const made = `${dir}.new`;
  const logs = addonLogs(paths, program.id);
  rmSync(made, { recursive: true, force: true });
  for (const each of [join(made, 'log'), logs]) mkdirSync(each, { recursive: true, mode: 0o700 });
  writeFileSync(join(made, 'run'), run, { mode: 0o700 });
  writeFileSync(join(made, 'down-signal'), `${program.stopSignal}\n`, { mode: 0o600 });
  writeFileSync(join(made, 'timeout-kill'), `${program.stopMs}\n`, { mode: 0o600 });
  const finish = ['exec 2>&1', 'if [ "$1" = 256 ]; then how="by signal $2"; else how="with exit code $1"; fi', `echo "hop3: ${program.id} ended $how"`];
  writeFileSync(join(made, 'finish'), script(finish), { mode: 0o700 });
  writeFileSync(join(made, 'log', 'run'), script(['umask 077', `exec env -i PATH=${TOOL_PATH} TZ=UTC0 s6-log -b n${LOG_FILES} s${LOG_BYTES} T ${shellWord(logs)}`]), { mode: 0o700 });
  renameSync(made, dir);
  await syncTree(dir);
}

function script(lines: readonly string[]): string {
  return `#!/bin/sh\n${lines.join('\n')}\n`;
}
