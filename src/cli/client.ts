import http from 'node:http';
import type https from 'node:https';
import type { Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { Hop3Error } from '../errors.ts';
import { API_PREFIX, type ErrorBody } from '../server/api-types.ts';
import { certificateTrouble } from './certificate-trouble.ts';
import { ServerError } from './server-error.ts';

/** Milliseconds without a byte from the server; its streams say something every 30 s. */
const SILENCE_LIMIT = 120_000;
/** Packing repositories anew and reading the whole of a large Nix store. */
const COLLECTION_LIMIT = 3 * 3600_000;
/** Removing an app waits for its turn (up to ten minutes behind a deploy) before it answers. */
const REMOVAL_LIMIT = 660_000;
/** Milliseconds to connect. */
const CONNECT_LIMIT = 10_000;
const LARGEST_ANSWER = 64 * 1024 * 1024;

/** A connection that left HTTP behind, and what came with the answer. */
export interface Upgraded {
  readonly socket: Socket;
  readonly head: Buffer;
}

export interface ClientOptions {
  /** `http://127.0.0.1:7000`, without a path. */
  readonly server: string;
  readonly token: string | null;
  readonly signal?: AbortSignal;
}

/** The API, spoken over node:http: the command starts faster without fetch. */
export class Client {
  readonly #options: ClientOptions;
  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get server(): string {
    return this.#options.server;
  }

  get<T>(path: string): Promise<T> {
    return this.#json<T>('GET', path);
  }

  send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
    return this.#json<T>(method, path, body);
  }

  /** An answer that is plain text, in pieces as it comes. */
  async *text(path: string): AsyncGenerator<string> {
    const answer = await this.#open('GET', path);
    const decoder = new StringDecoder('utf8');
    for await (const chunk of this.#chunks(answer)) yield decoder.write(chunk);
    yield decoder.end();
  }

  /** An answer's bytes in pieces as they come; one that is cut throws. */
  async *bytes(path: string, method: 'GET' | 'POST' = 'GET', body?: unknown): AsyncGenerator<Buffer> {
    yield* this.#chunks(await this.#open(method, path, body));
  }

  /** Sends bytes as they come and gives the answer's lines, one JSON object each. */
  async *upload<T>(path: string, body: Readable): AsyncGenerator<T> {
    yield* this.#objects<T>(await this.#open('PUT', path, undefined, body));
  }

  /** An answer of one JSON object a line. */
  async *lines<T>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: unknown): AsyncGenerator<T> {
    yield* this.#objects<T>(await this.#open(method, path, body));
  }

  async *#objects<T>(answer: http.IncomingMessage): AsyncGenerator<T> {
    const decoder = new StringDecoder('utf8');
    let pending = '';
    for await (const chunk of this.#chunks(answer)) {
      const parts = (pending + decoder.write(chunk)).split('\n');
      pending = parts.pop() ?? '';
      for (const part of parts) if (part !== '') yield JSON.parse(part) as T;
    }
    // A last piece without a line end was cut off on its way.
  }

  /** True when something answers `GET /healthz` with 200. */
  async isHealthy(): Promise<boolean> {
    try {
      const answer = await this.#request('GET', '/healthz', undefined);
      answer.resume();
      return answer.statusCode === 200;
    } catch {
      return false;
    }
  }

  /**
   * Asks the server to go on in another protocol, and gives the connection. From then on neither limits nor signals of this
   * client touch it.
   */
  async upgrade(path: string, protocol: string): Promise<Upgraded> {
    const { token, signal } = this.#options;
    const url = new URL(`${API_PREFIX}${path}`, this.server);
    const { open, agent } = await transportOf(url);
    const answer = await new Promise<Upgraded | http.IncomingMessage>((resolve, reject) => {
      const request = open(url, {
        method: 'POST', agent: agent ?? false,
        headers: { accept: 'application/json', connection: 'Upgrade', upgrade: protocol, ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
      });
      const onAbort = () => request.destroy(new Error('interrupted'));
      signal?.addEventListener('abort', onAbort, { once: true });
      const settled = () => {
        request.setTimeout(0);
        signal?.removeEventListener('abort', onAbort);
      };
      request.setTimeout(CONNECT_LIMIT, () => request.destroy(limitError(`no answer within ${CONNECT_LIMIT / 1000} s`)));
      request.once('upgrade', (_answer, socket, head) => { settled(); resolve({ socket, head }); });
      request.once('response', (response) => { settled(); resolve(response); });
      request.once('error', (error) => { settled(); reject(this.#connectionError(error)); });
      request.end();
    });
    if ('socket' in answer && 'head' in answer) return answer;
    throw await this.#refusal(answer);
  }

  async #json<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.#open(method, path, body);
    return this.#parse(await this.#whole(answer)) as T;
  }

  /** The answer with a 2xx status; anything else is thrown as the error it holds. */
  async #open(method: string, path: string, body?: unknown, upload?: Readable): Promise<http.IncomingMessage> {
    const answer = await this.#request(method, `${API_PREFIX}${path}`, body, upload);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw await this.#refusal(answer);
  }

  async #refusal(answer: http.IncomingMessage): Promise<Error> {
    const error = (this.#parse(await this.#whole(answer)) as Partial<ErrorBody> | null)?.error;
    return error?.code ? new ServerError(error) : this.#stranger(`it answered ${answer.statusCode} without a word of explanation`);
  }

  async #request(method: string, path: string, body: unknown, upload?: Readable): Promise<http.IncomingMessage> {
    const { server, token, signal } = this.#options;
    const url = new URL(path, server);
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const { open, agent } = await transportOf(url);
    return new Promise((resolve, reject) => {
      const request = open(url, {
        method,
        ...(agent ? { agent } : {}),
        ...(signal ? { signal } : {}),
        headers: {
          accept: 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(upload ? { 'content-type': 'application/octet-stream' } : {}),
          ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
        },
      });
      const connecting = setTimeout(() => request.destroy(limitError(`no connection within ${CONNECT_LIMIT / 1000} s`)), CONNECT_LIMIT);
      request.on('socket', (socket) => {
        if (socket.connecting) socket.once('connect', () => clearTimeout(connecting));
        else clearTimeout(connecting);
      });
      const silence = method === 'DELETE' ? REMOVAL_LIMIT : path === `${API_PREFIX}/gc` ? COLLECTION_LIMIT : SILENCE_LIMIT;
      request.setTimeout(silence, () => request.destroy(limitError(`silent for ${silence / 1000} s`)));
      request.on('response', resolve);
      request.on('error', (error) => reject(this.#connectionError(error)));
      request.on('close', () => clearTimeout(connecting));
      if (!upload) request.end(payload);
      else pipeline(upload, request, () => {}); // a broken upload ends the request, whose error tells
    });
  }

  async *#chunks(answer: http.IncomingMessage): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of answer) yield chunk as Buffer;
    } catch (error) {
      throw this.#connectionError(error as Error);
    }
  }

  async #whole(answer: http.IncomingMessage): Promise<string> {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.#chunks(answer)) {
      size += chunk.length;
      if (size > LARGEST_ANSWER) throw this.#stranger(`its answer is larger than ${LARGEST_ANSWER} bytes`);
      parts.push(chunk);
    }
    return Buffer.concat(parts).toString('utf8');
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw this.#stranger('its answer is not JSON');
    }
  }

  #stranger(how: string): Hop3Error {
    return new Hop3Error('HOP3_UNREACHABLE', {
      what: `What answers at ${this.server} does not seem to be Hop3: ${how}.`,
      next: 'Check the address: --server <url> or HOP3_SERVER.',
    });
  }

  #connectionError(error: Error): Hop3Error {
    const code = (error as NodeJS.ErrnoException).code;
    const trouble = certificateTrouble(this.server, error);
    if (trouble) return trouble;
    // An answer that is cut by our own signal fails with whatever its socket met.
    if (this.#options.signal?.aborted) return new Hop3Error('HOP3_INTERRUPTED', { what: 'Interrupted.' });
    return unreachable(this.server, code === undefined || code === LIMIT || error.message.includes(code) ? error.message : `${error.message} (${code})`, code === 'ECONNRESET');
  }
}

interface Transport {
  readonly open: typeof http.request;
  /** Undefined for Node's own. */
  readonly agent: https.Agent | undefined;
}

async function transportOf(url: URL): Promise<Transport> {
  if (url.protocol !== 'https:') return { open: http.request, agent: undefined };
  const { agentFor, requestOverTls } = await import('./client-tls.ts');
  return { open: requestOverTls, agent: agentFor(url, process.env) };
}

const LIMIT = 'HOP3_LIMIT';

function limitError(message: string): Error {
  return Object.assign(new Error(message), { code: LIMIT });
}

export function unreachable(server: string, why: string, cut = false): Hop3Error {
  return new Hop3Error('HOP3_UNREACHABLE', {
    what: cut ? `The connection to ${server} was cut.` : `Nothing answers at ${server}.`,
    why,
    next: 'On the server itself, `hop3 status` says what runs and `hop3 up` starts it. For another server say --server <url> or set HOP3_SERVER.',
  });
}
