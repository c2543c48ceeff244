import { chmod, lstat, mkdir, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { Hop3Error } from '../errors.ts';
import { ByteReader } from './byte-reader.ts';
import { openHookPipes, type HookPipes } from './hook-pipes.ts';
import type { OpenPush, PushRegistry } from './receive-registry.ts';

/** Milliseconds for a hook's one line. */
const HELLO_MS = 5000;
/** Milliseconds for git to take the hook's answer, a few lines. */
const ANSWER_MS = 30_000;
/** Bytes of `hook <process id> <process id>\n`. */
const LONGEST_HELLO = 32;
/** Connections beside the one of each push: hooks that are late, and strangers until they are cut. */
const SPARE_CONNECTIONS = 64;
/** Bytes of a unix socket's path that the kernel takes (108 with the end mark). */
const LONGEST_PATH = 107;

/** One hook: the push it belongs to, git's conversation to read and answer, and the way to the person who pushes. */
export interface Hook extends Pick<HookPipes, 'input' | 'output' | 'log'> {
  readonly push: OpenPush;
}

/** The unix socket that hooks/proc-receive connects to. Only Hop3's own user can reach it, and only hooks of open pushes are heard. */
export class HookSocket {
  readonly #registry: PushRegistry;
  readonly #serve: (hook: Hook) => Promise<void>;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #path: string | null = null;

  /** `serve` answers one hook and does not throw. */
  constructor(registry: PushRegistry, serve: (hook: Hook) => Promise<void>) {
    this.#registry = registry;
    this.#serve = serve;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => void this.#connected(socket));
    this.#server.maxConnections = registry.limit + SPARE_CONNECTIONS;
  }

  /** @throws Hop3Error HOP3_SETTING when the path is too long for a socket, or another server answers there */
  async listen(path: string): Promise<void> {
    if (Buffer.byteLength(path) > LONGEST_PATH) {
      throw new Hop3Error('HOP3_SETTING', { what: `HOP3_ROOT is too long: a unix socket cannot have the path ${path}.`, next: `Choose a root whose socket path has at most ${LONGEST_PATH} bytes.` });
    }
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await removeStale(path);
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#path = path;
    await chmod(path, 0o600);
  }

  async close(): Promise<void> {
    if (this.#path === null) return;
    this.#path = null;
    for (const socket of this.#sockets) socket.destroy();
    // Node removes the socket's file itself.
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #connected(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    const hook = await this.#hookOf(socket);
    if (hook === null) {
      socket.destroy();
      return;
    }
    const { push, pipes, ended } = hook;
    const drop = () => {
      socket.destroy();
      pipes.destroy();
    };
    // A hook that is gone can take no answer, and git waits for as long as anybody holds its pipes.
    void ended.then(drop);
    push.abort.signal.addEventListener('abort', drop, { once: true });
    if (push.abort.signal.aborted || socket.destroyed) return drop();
    await this.#serve({ push, input: pipes.input, output: pipes.output, log: pipes.log });
    await pipes.output.end(ANSWER_MS);
    socket.end('answered\n', () => drop());
    setTimeout(drop, ANSWER_MS).unref();
  }

  async #hookOf(socket: Socket): Promise<{ push: OpenPush; pipes: HookPipes; ended: Promise<void> } | null> {
    const reader = new ByteReader(socket);
    const hello = await readHello(reader).catch(() => null);
    // The pipes before the claim: who names a process that is no hook of this push must not take the hook's place.
    const pipes = hello && openHookPipes(hello.hook, hello.git);
    if (!pipes) return null;
    const push = this.#registry.claim(hello.git);
    if (push) return { push, pipes, ended: reader.ended() };
    pipes.destroy();
    return null;
  }
}

async function readHello(reader: ByteReader): Promise<{ git: number; hook: number } | null> {
  let text = '';
  while (!text.includes('\n')) {
    if (text.length > LONGEST_HELLO) return null;
    const chunk = await reader.next(HELLO_MS);
    if (chunk === null) return null;
    text += chunk.toString('latin1');
  }
  const match = /^hook ([1-9]\d{0,9}) ([1-9]\d{0,9})\n$/.exec(text);
  return match && { git: Number(match[1]), hook: Number(match[2]) };
}

/** Removes the socket of a server that died. One that still answers stays, and is an error. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (!found) return;
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (alive) throw new Hop3Error('HOP3_SETTING', { what: `Another Hop3 server is running with this HOP3_ROOT: it answers on ${path}.`, next: 'Stop it first (hop3 down), or choose another HOP3_ROOT.' });
  await unlink(path);
}
