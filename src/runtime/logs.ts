import { setTimeout as delay } from 'node:timers/promises';
import type { AppName } from '../names.ts';
import type { Paths } from '../paths.ts';
import { logDirs, type LogDir } from './log-dirs.ts';
import { LogTail, readLogDir, type LogLine } from './log-tail.ts';

/** One line of a worker's output. */
export interface LogEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** For example `web.1`. */
  readonly worker: string;
  /** For example `v12`; `v0` for a worker without HOP3_RELEASE. */
  readonly release: string;
  readonly line: string;
}

export interface LogFilter {
  /** A worker (`web.1`) or all of a type (`web`). */
  readonly worker?: string | undefined;
  /** For example `v12`. */
  readonly release?: string | undefined;
}

/** Milliseconds between two looks at the files. */
const POLL_MS = 200;

/** The last lines of an app's workers, oldest first. */
export function readLogs(paths: Paths, app: AppName, options: LogFilter & { readonly lines: number }): LogEntry[] {
  if (options.lines <= 0) return [];
  const entries = chosen(paths, app, options).flatMap((dir) => readLogDir(dir.dir, options.lines).map((line) => entry(dir, line)));
  return inOrder(entries).slice(-options.lines);
}

/**
 * Gives lines as they are written, across rotation and new releases, until the signal aborts. With `lines` the last ones
 * come first, and none is lost or given twice in between.
 */
export async function followLogs(
  paths: Paths,
  app: AppName,
  options: LogFilter & { readonly lines?: number | undefined },
  onLine: (entry: LogEntry) => void,
  signal: AbortSignal,
): Promise<void> {
  const tails = new Map<string, { readonly of: LogDir; readonly tail: LogTail }>();
  const wanted = options.lines ?? 0;
  const known: LogEntry[] = [];
  for (const dir of chosen(paths, app, options)) {
    const tail = new LogTail(dir.dir, wanted > 0 ? 'start' : 'end');
    tails.set(dir.dir, { of: dir, tail });
    if (wanted > 0) known.push(...tail.read().slice(-wanted).map((line) => entry(dir, line)));
  }
  try {
    for (const one of inOrder(known).slice(-wanted)) onLine(one);
    while (!signal.aborted) {
      const dirs = chosen(paths, app, options);
      for (const dir of dirs) if (!tails.has(dir.dir)) tails.set(dir.dir, { of: dir, tail: new LogTail(dir.dir, 'start') });
      const fresh = [...tails.values()].flatMap(({ of, tail }) => tail.read().map((line) => entry(of, line)));
      for (const one of inOrder(fresh)) onLine(one);
      const present = new Set(dirs.map(({ dir }) => dir));
      for (const [dir, { tail }] of tails) {
        if (present.has(dir)) continue;
        tail.close();
        tails.delete(dir);
      }
      await delay(POLL_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    for (const { tail } of tails.values()) tail.close();
  }
}

function chosen(paths: Paths, app: AppName, filter: LogFilter): LogDir[] {
  return logDirs(paths, app, filter.worker).filter((dir) => filter.release === undefined || dir.release === filter.release);
}

function entry(dir: LogDir, { time, line }: LogLine): LogEntry {
  return { time, worker: dir.worker, release: dir.release, line };
}

function inOrder(entries: LogEntry[]): LogEntry[] {
  return entries.sort((a, b) => a.time - b.time);
}
