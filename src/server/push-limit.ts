import { Hop3Error } from '../errors.ts';
import { mostOpenFiles } from './connections.ts';

/** Open files that one push takes at most: its connection, three pipes of git, its hook's connection and three pipes, the log, four of nix. */
const FILES_A_PUSH = 14;
/** The part of the open files that is for pushes. */
const SHARE_OF_FILES = 2;
/** Each takes about five processes of git and its hook, most of which wait. */
const MOST_PUSHES = 512;
const LEAST_PUSHES = 16;

/** How many pushes may be under way at a time, waiting ones too, with so many open files. */
export function mostPushes(openFiles: number = mostOpenFiles()): number {
  return Math.max(LEAST_PUSHES, Math.min(MOST_PUSHES, Math.floor(openFiles / SHARE_OF_FILES / FILES_A_PUSH)));
}

export function tooManyPushes(limit: number): Hop3Error {
  return new Hop3Error('HOP3_PUSHES_BUSY', {
    what: `${limit} pushes are under way already, which is as many as this server takes at a time.`,
    next: 'Nothing of this one was received. Push again in a minute.',
  });
}
