import { Hop3Error } from '../../errors.ts';
import type { LogLineInfo } from '../../server/api-types.ts';
import type { CommandContext, Handler } from '../command-context.ts';
import { followLog } from '../log-stream.ts';
import { parseCount, parseVersion } from '../numbers.ts';
import { dim, showsColours } from '../output.ts';
import { harmless } from '../harmless.ts';
import { parseSpan } from '../time.ts';
import { printable } from '../../names.ts';

export const logsCommand: Handler = async (context, _args, options) => {
  const { tail, build, grep, since, worker } = options;
  // What is asked for by its time is wanted whole.
  const lines = parseCount('--lines', options['lines'], since !== undefined ? MOST_LINES : tail ? 10 : 100, MOST_LINES);
  const release = typeof options['release'] === 'string' ? parseVersion(options['release']) : undefined;
  const { app, client } = await context.appAndClient();
  if (build !== undefined) {
    const { findBuild, printBuildLog } = await import('./builds.ts');
    const which = typeof build === 'string' ? build : release === undefined ? undefined : `v${release}`;
    await printBuildLog(context, client, app, await findBuild(client, app, which));
    return;
  }
  const query = new URLSearchParams({ lines: String(lines) });
  if (typeof worker === 'string') query.set('worker', worker);
  if (release !== undefined) query.set('release', String(release));
  if (typeof grep === 'string') query.set('grep', grep);
  if (typeof since === 'string') query.set('since', moment(since));
  if (tail) return followLog(context, client, `/apps/${app}/logs/follow?${query.toString()}`, (line) => printLine(context, line));
  const answer = await client.get<{ lines: LogLineInfo[]; complete: boolean }>(`/apps/${app}/logs?${query.toString()}`);
  if (context.out.json) context.out.answer(answer, () => '');
  else for (const line of answer.lines) printLine(context, line);
  if (!answer.complete) context.out.note('There is more to look through than one search may read; say --worker, --release or --since.');
  else if (answer.lines.length === 0) context.out.note(`${grep === undefined && since === undefined ? 'No lines.' : 'No line fits.'} For a build's log: hop3 logs --build --app ${app}`);
};

/** The most lines that one answer has. */
const MOST_LINES = 10_000;

/** `10m` as seconds back from the server's now, a moment as it is. */
function moment(text: string): string {
  const span = parseSpan(text);
  if (span !== null) return String(span);
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new Hop3Error('HOP3_USAGE', { what: `--since takes a span or a moment, got "${printable(text)}".`, next: 'For example: --since 10m, --since 2h, --since 2026-11-23T05:12' });
}

/** `2026-11-23T05:12:00.123Z web.1 v3: text`. As JSON the text is exactly what the process wrote. */
function printLine(context: CommandContext, { worker, release, at, text }: LogLineInfo): void {
  context.out.line({ worker, release, at, text }, `${dim(`${at} ${worker} ${release}:`)} ${harmless(text, showsColours())}`);
}
