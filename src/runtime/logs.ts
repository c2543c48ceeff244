import { setImmediate as breathe, setTimeout as delay } from 'node:timers/promises';
import type { AppName } from '../names.ts';
import type { Paths } from '../paths.ts';
import { logDirs, type LogDir } from './log-dirs.ts';
import { entry, fits, lastLines, type FoundLines, type LogEntry, type LogFilter, type Place } from './log-search.ts';
import { LogTail } from './log-tail.ts';

export type { FoundLines, LogEntry, LogFilter } from './log-search.ts';

/** Milliseconds between two looks at the files. */
const POLL_MS = 200;
/** Bytes of one worker's output that are taken at a time. */
const MOST_AT_ONCE = 1024 * 1024;

/** The last lines of an app's workers that fit, oldest first. */
export async function readLogs(paths: Paths, app: AppName, options: LogFilter & { readonly lines: number }): Promise<FoundLines> {
  const places = chosen(paths, app, options).map((dir): Place => ({ dir, tail: null }));
  return lastLines(places, options, options.lines);
}

/**
 * Gives lines as they are written, across rotation and new releases, until the signal aborts or `stillThere` says no. With `lines`
 * the last ones come first, and none is lost or given twice in between. What `onLine` returns is waited for: a slow reader
 * gets everything that s6-log still keeps.
 */
export async function followLogs(
  paths: Paths,
  app: AppName,
  options: LogFilter & { readonly lines?: number | undefined },
  onLine: (entry: LogEntry) => unknown,
  signal: AbortSignal,
  stillThere: () => boolean = () => true,
): Promise<void> {
  const tails = new Map<string, { readonly of: LogDir; readonly tail: LogTail }>();
  const give = async (entries: readonly LogEntry[]): Promise<void> => {
    for (const one of entries) {
      if (signal.aborted) return;
      const taken = onLine(one);
      if (taken instanceof Promise) await taken;
    }
  };
  try {
    for (const of of chosen(paths, app, options)) tails.set(of.dir, { of, tail: new LogTail(of.dir, 'end') });
    const places = [...tails.values()].map(({ of, tail }): Place => ({ dir: of, tail }));
    await give((await lastLines(places, options, options.lines ?? 0)).entries);
    while (!signal.aborted && stillThere()) {
      const dirs = chosen(paths, app, options);
      for (const of of dirs) if (!tails.has(of.dir)) tails.set(of.dir, { of, tail: new LogTail(of.dir, 'start') });
      await give(inOrder([...tails.values()].map(({ of, tail }) => tail.read(MOST_AT_ONCE).filter((line) => fits(line, options)).map((line) => entry(of, line)))));
      const present = new Set(dirs.map(({ dir }) => dir));
      for (const [dir, { tail }] of tails) {
        if (present.has(dir) || tail.behind) continue;
        tail.close();
        tails.delete(dir);
      }
      if ([...tails.values()].some(({ tail }) => tail.behind)) await breathe();
      else await delay(POLL_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    for (const { tail } of tails.values()) tail.close();
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
