import type { Hop3Error } from '../errors.ts';
import { cleanOutput, type PushLog } from '../log.ts';
import { FLUSH, packet, sideband } from './pkt-line.ts';

/** Characters of a reason in git's own line; the whole story stands above it. */
const LONGEST_REASON = 240;

/** An error as git's `! [remote rejected] main -> main (<reason>)` shows it: one line, with the code. */
export function shortReason(error: Hop3Error): string {
  const text = cleanOutput(error.what).replace(/\s+/g, ' ').trim().replace(/\.$/, '');
  const cut = text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON)}...` : text;
  return `${cut} [${error.code}]`;
}

/** Tells why a push was rejected: what, why, what next, and the cause once more at the end, where people look. */
export function tellRejection(log: Pick<PushLog, 'line' | 'problem'>, error: Hop3Error): void {
  log.problem(`Push rejected: ${sentence(error.what)}`);
  if (error.why) log.line(cleanOutput(error.why));
  if (error.next) log.line(cleanOutput(error.next));
  log.problem(`${sentence(error.what)} [${error.code}]`);
}

/** Tells a refusal that came before anything was done: short, the cause stands in git's own line below. */
export function tellRefusal(log: Pick<PushLog, 'line' | 'problem'>, error: Hop3Error): void {
  log.problem(`Push rejected: ${sentence(error.what)}`);
  if (error.why) log.line(cleanOutput(error.why));
  if (error.next) log.line(cleanOutput(error.next));
}

/** The lines that a report of ours prints to the person, as a sink for a log. */
export class Lines {
  text = '';
  line(text: string): void {
    this.text += `${text.split('\n').map((line) => `       ${line}`.trimEnd()).join('\n')}\n`;
  }
  problem(text: string): void {
    this.text += ` !     ${text}\n`;
  }
}

/**
 * A whole answer to a push, in the client's own terms (report-status, side-band-64k), for pushes that never reach git. Null when the
 * client asked for no report: such a client can only be told by an HTTP status.
 */
export function rejectionReport(capabilities: ReadonlySet<string>, reasons: ReadonlyMap<string, Hop3Error>, told: string): Buffer | null {
  if (!capabilities.has('report-status') && !capabilities.has('report-status-v2')) return null;
  const report = Buffer.concat([
    packet('unpack ok\n'),
    ...[...reasons].map(([ref, error]) => packet(`ng ${ref} ${shortReason(error)}\n`)),
    FLUSH,
  ]);
  if (!capabilities.has('side-band-64k')) return report;
  return Buffer.concat([sideband(2, told), sideband(1, report), FLUSH]);
}

function sentence(text: string): string {
  const clean = cleanOutput(text);
  return /[.!?:]$/.test(clean) ? clean : `${clean}.`;
}
