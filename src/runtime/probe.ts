import { request } from 'node:http';
import type { Healthcheck } from '../config/model.ts';
import { printable } from '../names.ts';

/** What one look at a web worker found. */
export type ProbeAnswer =
  | { readonly kind: 'ready' }
  /** Nothing accepts connections on the port. */
  | { readonly kind: 'refused' }
  /** Something accepted, and this is why it does not count. */
  | { readonly kind: 'not-yet'; readonly why: string };

export interface Probe {
  readonly port: number;
  /** The Host header: frameworks refuse names that they do not know. */
  readonly host: string;
  /** null: any HTTP answer counts. */
  readonly healthcheck: Healthcheck | null;
}

/** Seconds for one request where hop3.toml sets none. */
const REQUEST_S = 10;
/** Bytes of an answer that are read and searched. */
const MOST_BODY = 1024 * 1024;

/** Asks the worker once over HTTP on 127.0.0.1. Never throws for what the worker does. */
export function probe(options: Probe, signal: AbortSignal): Promise<ProbeAnswer> {
  const { port, host, healthcheck } = options;
  const limit = (healthcheck?.timeout ?? REQUEST_S) * 1000;
  return new Promise((resolve) => {
    let status: number | null = null;
    const body: Buffer[] = [];
    let size = 0;
    const outgoing = request({ host: '127.0.0.1', port, path: healthcheck?.path ?? '/', agent: false, signal, headers: { host, 'user-agent': 'hop3-healthcheck', accept: '*/*' } });
    const finish = (answer: ProbeAnswer) => {
      clearTimeout(timer);
      resolve(answer);
      outgoing.destroy();
    };
    const timer = setTimeout(() => {
      // Headers that came and a body that streams on: an answer, where nothing is asked of the body.
      if (status !== null && (healthcheck?.contains ?? null) === null) return finish(judge(options, status, ''));
      finish({ kind: 'not-yet', why: status === null ? `no answer within ${limit / 1000} s` : `status ${status}, but the answer did not end within ${limit / 1000} s` });
    }, limit);
    outgoing.once('response', (response) => {
      status = response.statusCode ?? 0;
      const done = () => finish(judge(options, status!, Buffer.concat(body).toString('utf8')));
      response.on('data', (chunk: Buffer) => {
        body.push(chunk);
        size += chunk.length;
        if (size > MOST_BODY) done();
      });
      response.once('end', done);
      response.once('error', (error) => finish({ kind: 'not-yet', why: `the answer broke off (${explain(error)})` }));
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      finish(error.code === 'ECONNREFUSED' ? { kind: 'refused' } : { kind: 'not-yet', why: explain(error) });
    });
    outgoing.end();
  });
}

function judge({ healthcheck }: Probe, status: number, body: string): ProbeAnswer {
  if (healthcheck === null) return { kind: 'ready' };
  if (status < 200 || status >= 400) return { kind: 'not-yet', why: `status ${status}` };
  if (healthcheck.contains !== null && !body.includes(healthcheck.contains)) return { kind: 'not-yet', why: `status ${status}, but the answer does not contain "${printable(healthcheck.contains)}"` };
  return { kind: 'ready' };
}

function explain(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNRESET') return 'the connection was closed without an answer';
  // Node's parser: what came is not HTTP.
  if (error.code?.startsWith('HPE_')) return 'what it answered is not HTTP';
  return error.code ?? error.message;
}
