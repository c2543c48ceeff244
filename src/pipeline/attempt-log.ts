import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { StreamingLog, type PushLog } from '../log.ts';

/** A log that goes to the client and to the attempt's own file at once. */
export interface AttemptLog extends PushLog {
  /** A detail for the client alone: what is to be seen once and kept nowhere. */
  tellOnce(text: string): void;
  /** A problem for the file alone: the client is told it in the push's answer. */
  keepProblem(text: string): void;
  /** What the log would show of the text: for the words of an error, which may be those of the app. */
  withoutSecrets(text: string): string;
  /** Resolves when the file holds everything. */
  close(): Promise<void>;
}

/**
 * Tees a client's log into the attempt's log file, 0600. A file that cannot be written (full disk) never stops a deploy: the
 * client still sees every line, and the failure is reported once.
 */
export function openAttemptLog(client: PushLog, file: string, maxOutputBytes: number, report: (error: unknown) => void): AttemptLog {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  } catch (error) {
    report(error);
  }
  const stream = createWriteStream(file, { flags: 'w', mode: 0o600 });
  stream.once('error', report);
  // No heartbeat into the file: nobody waits at it.
  const kept = new StreamingLog({ sinks: [(text) => stream.write(text)], maxOutputBytes, heartbeatMs: 2 ** 30 });
  const both = [client, kept];
  return {
    phase: (text) => both.forEach((log) => log.phase(text)),
    line: (text) => both.forEach((log) => log.line(text)),
    problem: (text) => both.forEach((log) => log.problem(text)),
    output: (text) => both.forEach((log) => log.output(text)),
    waiting: (text) => both.forEach((log) => log.waiting(text)),
    tellOnce: (text) => client.line(text),
    keepProblem: (text) => kept.problem(text),
    withoutSecrets: (text) => kept.withoutSecrets(text),
    hide: (values) => {
      const list = [...values];
      both.forEach((log) => log.hide(list));
    },
    close: () => new Promise((resolve) => {
      kept.close();
      stream.once('error', () => resolve());
      stream.end(() => resolve());
    }),
  };
}
