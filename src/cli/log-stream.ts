import { setTimeout as delay } from 'node:timers/promises';
import { Hop3Error } from '../errors.ts';
import type { LogEvent, LogLineInfo } from '../server/api-types.ts';
import type { Client } from './client.ts';
import { ServerError } from './server-error.ts';
import type { CommandContext } from './command-context.ts';

/** Milliseconds between two tries to reach a server that went away. */
const RETRY_MS = 1000;
/** Milliseconds after which a server that went away is given up. */
const GIVE_UP_MS = 600_000;

/**
 * Shows a followed log until Ctrl-C, which is the ordinary end of it: the exit code says so, and no word is lost about it. A server that
 * restarts is waited for; the log goes on behind the last line that was shown. To that end lines are shown when the server has said where they
 * end: those that came without it come again.
 * @throws Hop3Error HOP3_UNREACHABLE when the server was not there at the beginning, or for ten minutes; ServerError when it refuses
 */
export async function followLog(context: CommandContext, client: Client, path: string, show: (line: LogLineInfo) => void): Promise<number> {
  let places: Record<string, string> | null = null;
  let lostAt: number | null = null;
  let connected = false;
  const listen = async (): Promise<void> => {
    let lines: LogLineInfo[] = [];
    for await (const event of places === null ? client.lines<LogEvent>('GET', path) : client.lines<LogEvent>('POST', path, { from: places })) {
      if (lostAt !== null) context.out.note('The server is there again.');
      connected = true;
      lostAt = null;
      if (event.kind === 'error') throw new ServerError(event.error);
      if (event.kind === 'line') lines.push(event);
      if (event.kind !== 'position') continue;
      lines.forEach(show);
      lines = [];
      places = merged(places ?? {}, event.places);
    }
  };
  for (;;) {
    try {
      await listen();
    } catch (error) {
      if (error instanceof Hop3Error && error.code === 'HOP3_INTERRUPTED') return error.exitCode;
      if (!connected || !(error instanceof Hop3Error) || error.code !== 'HOP3_UNREACHABLE') throw error;
      if (lostAt !== null && performance.now() - lostAt > GIVE_UP_MS) throw error;
    }
    if (lostAt === null) context.out.note('The server went away; the app is not touched by that. The log goes on when it is there again (Ctrl-C ends this).');
    lostAt ??= performance.now();
    await delay(RETRY_MS, undefined, { signal: context.signal }).catch(() => {});
  }
}

function merged(places: Readonly<Record<string, string>>, changed: Readonly<Record<string, string | null>>): Record<string, string> {
  const entries = Object.entries({ ...places, ...changed });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
}
