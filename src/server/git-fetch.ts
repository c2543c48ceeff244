import { Hop3Error } from '../errors.ts';
import { GitBody } from './git-body.ts';
import type { Exchange } from './git-exchange.ts';
import { GitRun } from './git-library.ts';
import { PacketReader, packet } from './pkt-line.ts';

/** Bytes of a fetch request: what the client wants and has, about 300,000 commits. */
const MOST_FETCH_BYTES = 16 * 1024 * 1024;

/** Answers `POST git-upload-pack`: a fetch or a clone. */
export async function serveFetch(exchange: Exchange, repo: string, idleMs: number): Promise<void> {
  const body = new GitBody(exchange.request, { mostBytes: MOST_FETCH_BYTES, idleMs });
  const reader = new PacketReader(body, MOST_FETCH_BYTES);
  const first = await reader.read();
  if (first.kind === 'flush' && (await nothingMore(reader, body))) return answerProbe(exchange);
  if (first.kind !== 'data' || !/^want [0-9a-f]{40,64}/.test(first.bytes.toString('latin1'))) {
    throw new Hop3Error('HOP3_GIT_REQUEST', { what: 'The request is no fetch: it does not begin with an object that is wanted.' });
  }
  body.unread(reader.rest());
  const run = await GitRun.start('git-upload-pack', repo, packet(first.bytes), async (bytes) => {
    exchange.begin('application/x-git-upload-pack-result');
    await exchange.write(bytes);
  });
  exchange.gone.addEventListener('abort', () => run.stop(), { once: true });
  if (exchange.gone.aborted) run.stop();
  let readAll = true;
  try {
    for (let chunk = await body.next(); chunk !== null; chunk = await body.next()) {
      readAll = await run.write(chunk);
      if (!readAll) break;
    }
    run.endInput();
  } catch (error) {
    run.stop();
    throw error;
  }
  const end = await run.ended;
  if (!exchange.started && end.code !== 0) throw gitFailed(end.stderr);
  exchange.begin('application/x-git-upload-pack-result');
  if (readAll) exchange.end();
  else exchange.endAndClose();
}

/** git asks with a lone flush whether a large request may be sent. */
export function answerProbe(exchange: Exchange): void {
  exchange.begin('application/x-git-receive-pack-result');
  exchange.end();
}

/** Whether the body ends where the reader stands. */
export async function nothingMore(reader: PacketReader, body: GitBody): Promise<boolean> {
  return reader.rest().length === 0 && (await body.next()) === null;
}

export function gitFailed(stderr: string): Hop3Error {
  return new Hop3Error('HOP3_GIT_REPO', {
    what: 'git on the server failed and said nothing to the client.',
    next: 'The server log has the cause: hop3 status --server-log',
    cause: new Error(stderr),
  });
}
