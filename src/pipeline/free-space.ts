import { statfs } from 'node:fs/promises';
import { Hop3Error } from '../errors.ts';
import { formatMemory } from '../limits.ts';

/** Milliseconds between two looks. A disk takes a few gigabytes in one. */
const EVERY = 1000;

/** Where a build writes: its files while it is under way (what nix-daemon uses when nobody says otherwise), and what it gives. */
const PLACES = ['/tmp', '/nix'];

/**
 * Runs work that may fill the disk, and ends it when less than `least` bytes are free. The files of a build belong to nix's own users, so nobody but
 * root could measure them; what can be seen is what is left.
 * @param work must end soon after its signal aborts
 * @throws Hop3Error HOP3_BUILD_DISK, before the work begins as well
 */
export async function withFreeSpace<T>(least: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const before = await shortPlace(least);
  if (before) throw new Hop3Error('HOP3_BUILD_DISK', { what: `There is too little free disk space to begin a build: ${told(before)}`, next: NEXT });
  const stop = new AbortController();
  let short: Place | null = null;
  const timer = setInterval(() => {
    void shortPlace(least).then((place) => {
      if (place === null || stop.signal.aborted) return;
      short = place;
      stop.abort();
    }, () => {});
  }, EVERY);
  const passOn = () => stop.abort();
  signal.addEventListener('abort', passOn, { once: true });
  try {
    if (signal.aborted) stop.abort();
    return await work(stop.signal);
  } catch (error) {
    if (short === null) throw error;
    throw new Hop3Error('HOP3_BUILD_DISK', { what: `The build was ended, with all others that ran: the disk is getting full. ${told(short)}`, next: NEXT, cause: error });
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', passOn);
  }
}

const NEXT = 'If this build is what fills it, make it write less. If not, the operator can free some: hop3 gc --store';

interface Place {
  readonly dir: string;
  readonly free: number;
  readonly least: number;
}

function told({ dir, free, least }: Place): string {
  return `${formatMemory(free)} are free below ${dir}, and HOP3_MIN_FREE is ${formatMemory(least)}.`;
}

async function shortPlace(least: number): Promise<Place | null> {
  for (const dir of PLACES) {
    const found = await statfs(dir).catch(() => null);
    if (found !== null && found.bavail * found.bsize < least) return { dir, free: found.bavail * found.bsize, least };
  }
  return null;
}
