import { closeSync, constants, openSync, symlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Hop3Error } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { isRead } from './supervise-status.ts';

/** Milliseconds for what s6 itself does (it takes 5 to 40): scanning, forking a supervisor, closing a log. */
export const S6_MS = 5000;
/** Milliseconds between two looks, at first and at most. */
const FIRST_LOOK_MS = 2;
const SLOWEST_LOOK_MS = 50;

/**
 * Starts a service (a directory with `run` and a logger) under this name, and waits until both are supervised. What s6-svlink does, without its two
 * programs, which take 8 ms of every start: a link, s6-svscan's command to look again, and a look for the supervisors' control pipes.
 * @throws Hop3Error HOP3_NO_SUPERVISOR; HOP3_TIMEOUT when s6-svscan does not start them; the link stays, for whoever takes the service back
 */
export async function superviseService(paths: Paths, dir: string, name: string, limitMs = S6_MS): Promise<void> {
  if (!isScanning(paths)) throw noSupervisor(paths, name);
  symlinkSync(dir, join(paths.services, name));
  lookAgain(paths);
  const end = performance.now() + limitMs;
  for (let pause = FIRST_LOOK_MS; ![dir, join(dir, 'log')].every((one) => isRead(join(one, 'supervise', 'control'))); pause = Math.min(SLOWEST_LOOK_MS, pause * 1.5)) {
    if (performance.now() > end) throw notStarted(paths, name, limitMs);
    await delay(pause);
  }
}

/** Whether s6-svscan runs on the services directory: somebody reads its control pipe. */
export function isScanning(paths: Paths): boolean {
  return isRead(scanControl(paths));
}

/** The error for a service that needs one. */
export function noSupervisor(paths: Paths, name: string): Hop3Error {
  return new Hop3Error('HOP3_NO_SUPERVISOR', {
    what: `No s6-svscan runs on ${paths.services}, so ${name} cannot be started.`,
    next: 'Start Hop3 with `hop3 up` (or its systemd unit), which starts the supervisor too.',
  });
}

function notStarted(paths: Paths, name: string, limitMs: number): Hop3Error {
  return new Hop3Error('HOP3_TIMEOUT', {
    what: `s6-svscan did not start ${name} within ${limitMs / 1000} s.`,
    next: `Look whether the machine has room for more processes, and what ${join(paths.serverLogs, 'supervisor.log')} says; then try again.`,
  });
}

/** `a` of s6-svscanctl(1): scan, and start a supervisor for what is new. */
function lookAgain(paths: Paths): void {
  const control = openSync(scanControl(paths), constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    writeSync(control, 'a');
  } finally {
    closeSync(control);
  }
}

function scanControl(paths: Paths): string {
  return join(paths.services, '.s6-svscan', 'control');
}
