import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/**
 * How a worker ended, from what s6 gives its finish script: an exit code, or 256 and a signal's number. A program inside
 * the sandbox that a signal ended shows as 128 plus its number.
 */
export function describeWorkerExit(code: number, signal: number): string {
  if (code === 256) return `ended by ${signalName(signal) ?? `signal ${signal}`}`;
  const name = code > 128 ? signalName(code - 128) : null;
  return name ? `exit code ${code} (${name})` : `exit code ${code}`;
}

export interface WorkerExit {
  readonly code: number;
  readonly signal: number;
}

/** Reads the finish script's file; null when the worker has not died yet. */
export function readExit(file: string): WorkerExit | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const [, code, signal] = /^(\d+) (\d+)\n$/.exec(text) ?? [];
  return code && signal ? { code: Number(code), signal: Number(signal) } : null;
}

function signalName(number: number): string | null {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? null;
}
