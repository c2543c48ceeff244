import { setImmediate as breathe, setTimeout as delay } from 'node:timers/promises';
import type { AppName } from '../names.ts';
import type { Paths } from '../paths.ts';
import { logDirs, placeOf, type LogDir } from './log-dirs.ts';
import { entry, fits, lastLines, type FoundLines, type LogEntry, type LogFilter, type Place } from './log-search.ts';
import { LogTail, type LogPosition } from './log-tail.ts';

export type { FoundLines, LogEntry, LogFilter } from './log-search.ts';

/** Milliseconds between two looks at the files. */
const POLL_MS = 200;
/** Bytes of one worker's output that are taken at a time. */
const MOST_AT_ONCE = 1024 * 1024;
/** Milliseconds between two words about positions while no line fits. */
const POSITIONS_MS = 10_000;

/** The last lines of an app's workers that fit, oldest first. */
export async function readLogs(paths: Paths, app: AppName, options: LogFilter & { readonly lines: number }): Promise<FoundLines> {
  const places = chosen(paths, app, options).map((dir): Place => ({ dir, tail: null }));
  return lastLines(places, options, options.lines);
}

/** Where a follower of an app's log is in each place, such as `web.1/v12.a`. */
export type LogPositions = Readonly<Record<string, LogPosition>>;

export interface FollowOptions extends LogFilter {
  /** That many of the last lines come first. */
  readonly lines?: number | undefined;
  /** Where another follower was: nothing of what it gave is given again, and nothing after that is left out. */
  readonly from?: LogPositions | undefined;
}

export interface Follower {
  /** What it returns is waited for: a slow reader gets everything that s6-log still keeps. */
  readonly onLine: (entry: LogEntry) => unknown;
  /**
   * Where reading stands behind the lines that were given so far: the places that changed, all of them the first time; null for
   * one that is gone. Comes once before the first line that is not one of the last `lines`.
   */
  readonly onPositions?: (changed: Readonly<Record<string, LogPosition | null>>) => unknown;
}

/**
 * Gives lines as they are written, across rotation and new releases, until the signal aborts or `stillThere` says no. With `lines`
 * the last ones come first, and none is lost or given twice in between.
 */
export async function followLogs(paths: Paths, app: AppName, options: FollowOptions, follower: Follower, signal: AbortSignal, stillThere: () => boolean = () => true): Promise<void> {
  const { from } = options;
  const tails = new Map<string, OpenTail>();
  const positions = new PositionTeller(follower);
  const give = async (entries: readonly LogEntry[]): Promise<void> => {
    for (const one of entries) {
      if (signal.aborted) return;
      const taken = follower.onLine(one);
      if (taken instanceof Promise) await taken;
    }
  };
  try {
    for (const of of chosen(paths, app, options)) tails.set(of.dir, { of, tail: new LogTail(of.dir, from === undefined ? 'end' : (from[placeOf(of)] ?? 'start')) });
    const places = [...tails.values()].map(({ of, tail }): Place => ({ dir: of, tail }));
    if (from === undefined) await give((await lastLines(places, options, options.lines ?? 0)).entries);
    await positions.tell(tails, true);
    while (!signal.aborted && stillThere()) {
      const dirs = chosen(paths, app, options);
      for (const of of dirs) if (!tails.has(of.dir)) tails.set(of.dir, { of, tail: new LogTail(of.dir, 'start') });
      const entries = inOrder([...tails.values()].map(({ of, tail }) => tail.read(MOST_AT_ONCE).filter((line) => fits(line, options)).map((line) => entry(of, line))));
      await give(entries);
      const present = new Set(dirs.map(({ dir }) => dir));
      for (const [dir, { tail }] of tails) {
        if (present.has(dir) || tail.behind) continue;
        tail.close();
        tails.delete(dir);
      }
      // Those of lines that were not taken any more must not be told.
      if (!signal.aborted) await positions.tell(tails, entries.length > 0);
      if ([...tails.values()].some(({ tail }) => tail.behind)) await breathe();
      else await delay(POLL_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    for (const { tail } of tails.values()) tail.close();
  }
}

interface OpenTail {
  readonly of: LogDir;
  readonly tail: LogTail;
}

/** Tells a follower what changed of its positions: with each line that it got, and now and then where no line fits. */
class PositionTeller {
  readonly #follower: Follower;
  readonly #told = new Map<string, LogPosition>();
  #at = -Infinity;

  constructor(follower: Follower) {
    this.#follower = follower;
  }

  async tell(tails: ReadonlyMap<string, OpenTail>, now: boolean): Promise<void> {
    if (!now && performance.now() - this.#at < POSITIONS_MS) return;
    this.#at = performance.now();
    const current = new Map([...tails.values()].map(({ of, tail }) => [placeOf(of), tail.position]));
    const changed: Record<string, LogPosition | null> = {};
    for (const [place, position] of current) if (this.#told.get(place) !== position) changed[place] = position;
    for (const place of this.#told.keys()) if (!current.has(place)) changed[place] = null;
    for (const [place, position] of Object.entries(changed)) {
      if (position === null) this.#told.delete(place);
      else this.#told.set(place, position);
    }
    if (now || Object.keys(changed).length > 0) await this.#follower.onPositions?.(changed);
  }
}

function chosen(paths: Paths, app: AppName, filter: LogFilter): LogDir[] {
  return logDirs(paths, app, filter.worker).filter((dir) => filter.release === undefined || dir.release === filter.release);
}

/** All lists in one, by time; a list's own order stays, whatever its clock did. */
function inOrder(lists: readonly (readonly LogEntry[])[]): LogEntry[] {
  const keyed = lists.flatMap((list) => {
    let key = 0;
    return list.map((one) => ({ one, key: (key = Math.max(key, one.time)) }));
  });
  return keyed.sort((a, b) => a.key - b.key).map(({ one }) => one);
}
