import { Hop3Error } from '../../errors.ts';
import type { LogEvent, LogLineInfo } from '../../server/api-types.ts';
import { ServerError, type Client } from '../client.ts';
import type { CommandContext, Handler } from '../command-context.ts';
import { parseCount, parseVersion } from '../numbers.ts';
import { dim } from '../output.ts';

export const logsCommand: Handler = async (context, _args, options) => {
  const lines = parseCount('--lines', options['lines'], options['tail'] ? 10 : 100, 10_000);
  const release = typeof options['release'] === 'string' ? parseVersion(options['release']) : undefined;
  const { build } = options;
  const { app, client } = await context.appAndClient();
  if (build !== undefined) {
    const { findBuild, printBuildLog } = await import('./builds.ts');
    const which = typeof build === 'string' ? build : release === undefined ? undefined : `v${release}`;
    await printBuildLog(context, client, app, await findBuild(client, app, which));
    return;
  }
  const query = new URLSearchParams({ lines: String(lines) });
  if (typeof options['worker'] === 'string') query.set('worker', options['worker']);
  if (options['tail']) {
    if (release !== undefined) throw new Hop3Error('HOP3_USAGE', { what: '--tail and --release exclude each other: what comes is of the live release.' });
    return follow(context, client, `/apps/${app}/logs/follow?${query.toString()}`);
  }
  if (release !== undefined) query.set('release', String(release));
  const answer = await client.get<{ lines: LogLineInfo[] }>(`/apps/${app}/logs?${query.toString()}`);
  if (context.out.json) context.out.answer(answer, () => '');
  else for (const line of answer.lines) printLine(context, line);
  if (answer.lines.length === 0) context.out.note(`No lines. For a build's log: hop3 logs --build --app ${app}`);
};

/** Ctrl-C is the ordinary end of it; the exit code says so, and no word is lost about it. */
async function follow(context: CommandContext, client: Client, path: string): Promise<number> {
  try {
    for await (const event of client.lines<LogEvent>('GET', path)) {
      if (event.kind === 'error') throw new ServerError(event.error);
      if (event.kind === 'line') printLine(context, event);
    }
  } catch (error) {
    if (error instanceof Hop3Error && error.code === 'HOP3_INTERRUPTED') return error.exitCode;
    throw error;
  }
  throw new Hop3Error('HOP3_UNREACHABLE', { what: 'The server ended the log: it is stopping or restarting.', next: 'The app is not touched by that. Ask again in a moment.' });
}

/** `2026-11-23T05:12:00.123Z web.1 v3: text`, with the text as the process wrote it, minus what could repaint a terminal. */
function printLine(context: CommandContext, { worker, release, at, text }: LogLineInfo): void {
  context.out.line({ worker, release, at, text }, `${dim(`${at} ${worker} ${release}:`)} ${process.stdout.isTTY ? harmless(text) : text}`);
}

/** Colours pass, everything else that a terminal would obey is shown as its code. */
function harmless(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/\u001b\[[\d;]*m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (found) =>
    found.length > 1 ? found : `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
