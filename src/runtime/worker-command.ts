import { Hop3Error } from '../errors.ts';

// A command is one argument of /bin/sh, so it has the limit of one string (see envdir.ts), with room for "exec ".
const LONGEST_COMMAND = 120_000;

/** @throws Hop3Error HOP3_WORKER_COMMAND */
export function checkCommand(worker: string, command: string): void {
  const problem = problemOf(command);
  if (problem === null) return;
  throw new Hop3Error('HOP3_WORKER_COMMAND', {
    what: `The command of ${worker} ${problem}.`,
    next: 'Correct it in runtime.json (or where hop3.nix makes it), or put the work into a script and name that.',
  });
}

function problemOf(command: string): string | null {
  if (command.trim() === '') return 'is empty';
  if (command.includes('\0')) return 'holds a NUL character';
  const bytes = Buffer.byteLength(command);
  return bytes > LONGEST_COMMAND ? `has ${bytes} bytes; ${LONGEST_COMMAND} are allowed` : null;
}
