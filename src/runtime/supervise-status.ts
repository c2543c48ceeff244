import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runOk } from '../run.ts';

/** What s6 knows of one service. */
export interface SuperviseStatus {
  readonly up: boolean;
  readonly pid: number;
  /** Of its last end; null where it was a signal, or where it never ended. */
  readonly exitCode: number | null;
  readonly signal: number | null;
  /** Whole seconds since it came up or went down. */
  readonly seconds: number;
}

// The file supervise/status as s6-supervise writes it (s6's src/libs6/s6_svstatus_pack.c): two times of 12 bytes, process id (and, since
// s6 2.12, process group) of 8 bytes, wait status of 2, flags of 1.
const SIZE = 35;
const SIZE_WITH_GROUP = 43;
const PID_AT = 24;
/** Bit of the flags: what runs is the finish script. */
const FINISHING = 2;
/** TAI64 labels count seconds from 2^62. */
const LABEL_ZERO = 2n ** 62n;

/** How often s6 is asked for a label: on a machine that has other work its answer can come too late to say which second it is. */
const LABEL_TRIES = 20;

let ahead: Promise<number> | null = null;

/**
 * Whole seconds by which this machine's s6 is ahead of the clock in its labels: 10, or 37 where its library has the table of leap
 * seconds. s6 itself is asked, once.
 */
export function labelsAhead(): Promise<number> {
  ahead ??= askAhead().catch((error: unknown) => {
    ahead = null;
    throw error;
  });
  return ahead;
}

async function askAhead(): Promise<number> {
  for (let tries = 0; tries < LABEL_TRIES; tries += 1) {
    const before = Date.now() / 1000;
    const line = await runOk({ file: 's6-tai64n', args: [], input: '\n', limit: 10 });
    const label = /^@([0-9a-f]{16})([0-9a-f]{8})/.exec(line);
    if (!label) throw new Error(`s6-tai64n printed no label: ${line}`);
    const seconds = Number(BigInt(`0x${label[1]!}`) - LABEL_ZERO) + parseInt(label[2]!, 16) / 1e9;
    const offset = wholeOffset(seconds, before, Date.now() / 1000);
    if (offset !== null) return offset;
  }
  throw new Error(`s6-tai64n took a second or more to answer, ${LABEL_TRIES} times`);
}

/**
 * The whole number by which a label is ahead of a clock that showed `before` and then `after` around it.
 * @returns null when more than one number is possible, or none: the clock was set in between
 */
export function wholeOffset(label: number, before: number, after: number): number | null {
  // A millisecond on each side: the clock is read in whole ones.
  const [least, most] = [Math.ceil(label - after - 0.001), Math.floor(label - before + 0.001)];
  return least === most ? least : null;
}

/**
 * Reads what s6-svstat would tell, without a process for each service.
 * @param labelAhead what `labelsAhead` gave
 * @returns null when the file has another form than is known here, or none: s6-svstat is to be asked
 */
export function readSuperviseStatus(service: string, labelAhead: number): SuperviseStatus | null {
  const bytes = read(join(service, 'supervise', 'status'));
  if (bytes === null || (bytes.length !== SIZE && bytes.length !== SIZE_WITH_GROUP)) return null;
  const pid = Number(bytes.readBigUInt64BE(PID_AT));
  const wait = bytes.readUInt16BE(bytes.length - 3);
  const up = pid !== 0 && (bytes[bytes.length - 1]! & FINISHING) === 0;
  const since = Number(bytes.readBigUInt64BE(0) - LABEL_ZERO) - labelAhead;
  const signal = wait & 0x7f;
  return {
    up, pid,
    exitCode: up || signal !== 0 ? null : wait >> 8,
    signal: up || signal === 0 ? null : signal,
    seconds: Math.max(0, Math.floor(Date.now() / 1000) - since),
  };
}

/** The same from s6-svstat. */
export async function askSuperviseStatus(service: string): Promise<SuperviseStatus> {
  const answer = await runOk({ file: 's6-svstat', args: ['-o', 'up,pid,exitcode,signum,updownfor', service], limit: 10 });
  const [up, pid, code, signum, seconds] = answer.trim().split(' ');
  const signal = Number(signum) > 0 ? Number(signum) : null;
  return { up: up === 'true', pid: Number(pid), exitCode: signal === null && Number(code) >= 0 ? Number(code) : null, signal, seconds: Number(seconds) };
}

/** Whether a process has this pipe open for reading. */
export function isRead(pipe: string): boolean {
  try {
    closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENXIO' || code === 'ENOENT') return false;
    throw error;
  }
}

function read(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
