import { readFileSync } from 'node:fs';
import { Hop3Error } from '../errors.ts';

/** Open files that one push takes at most: its connection, three pipes of git, two of its hook, the log, four of nix. */
const FILES_A_PUSH = 12;
/** Open files of everything else: database, API, followed logs, nginx's configuration while it is written. */
const FILES_OF_THE_REST = 256;
/** Each takes about eight processes of git and its hook, most of which wait. */
const MOST_PUSHES = 512;
const LEAST_PUSHES = 16;

/** How many pushes may be under way at a time, waiting ones too, with so many open files. */
export function mostPushes(openFiles: number = openFilesLimit()): number {
  return Math.max(LEAST_PUSHES, Math.min(MOST_PUSHES, Math.floor((openFiles - FILES_OF_THE_REST) / FILES_A_PUSH)));
}

export function tooManyPushes(limit: number): Hop3Error {
  return new Hop3Error('HOP3_PUSHES_BUSY', {
    what: `${limit} pushes are under way already, which is as many as this server takes at a time.`,
    next: 'Nothing of this one was received. Push again in a minute.',
  });
}

/** Node raises it to the hard limit when it starts. */
function openFilesLimit(): number {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return soft === undefined || soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft);
}
