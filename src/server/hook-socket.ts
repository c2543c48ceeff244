import { chmod, lstat, mkdir, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { Hop3Error } from '../errors.ts';
import type { ByteSource } from './pkt-line.ts';
import { HOOK_KINDS, type HookKind, type OpenPush, type PushRegistry } from './receive-registry.ts';

/** Milliseconds for a hook's first line, and for its second connection to follow the first. */
const HELLO_MS = 5000;
/** Milliseconds that git may let its hook wait for a line; it has everything at hand. */
const LINE_MS = 30_000;
/** Bytes of `talk <process id>\n`. */
const LONGEST_HELLO = 32;
/** Connections beside the two of each push: hooks that are late, and strangers until they are cut. */
const SPARE_CONNECTIONS = 64;
/** Bytes of a unix socket's path that the kernel takes (108 with the end mark). */
const LONGEST_PATH = 107;

/** One hook: git's conversation to read and answer, and the way to the person who pushes. */
export interface HookConnections {
  readonly push: OpenPush;
  readonly talk: HookConnection;
  readonly log: HookConnection;
}

/** The unix socket that hooks/proc-receive connects to. Only Hop3's own user can reach it, and only hooks of open pushes are heard. */
export class HookSocket {
  readonly #registry: PushRegistry;
  readonly #serve: (hook: HookConnections) => Promise<void>;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Map<OpenPush, { readonly kind: HookKind; readonly connection: HookConnection }>();
  #path: string | null = null;

  /** `serve` answers one hook and does not throw. */
  constructor(registry: PushRegistry, serve: (hook: HookConnections) => Promise<void>) {
    this.#registry = registry;
    this.#serve = serve;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => void this.#connected(socket));
    this.#server.maxConnections = HOOK_KINDS.length * registry.limit + SPARE_CONNECTIONS;
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
    const connection = new HookConnection(socket);
    const hello = await readHello(connection).catch(() => null);
    const push = hello && this.#registry.claim(hello.pid, hello.kind);
    if (!push || push.abort.signal.aborted) {
      socket.destroy();
      return;
    }
    push.abort.signal.addEventListener('abort', () => socket.destroy(), { once: true });
    const other = this.#waiting.get(push);
    if (!other) {
      this.#waiting.set(push, { kind: hello.kind, connection });
      const timer = setTimeout(() => socket.destroy(), HELLO_MS);
      socket.once('close', () => this.#waiting.delete(push));
      connection.whenPaired = () => clearTimeout(timer);
      return;
    }
    this.#waiting.delete(push);
    other.connection.whenPaired?.();
    await this.#serve({ push, ...(hello.kind === 'talk' ? { talk: connection, log: other.connection } : { talk: other.connection, log: connection }) });
    // What was written goes out first; a reader that does not read is cut.
    connection.end();
    other.connection.end();
  }
}

/** One connection of a hook: bytes with a limit on waiting, writes that never throw. */
export class HookConnection implements ByteSource {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #closed: Promise<void>;
  #pushedBack: Buffer | null = null;
  whenPaired: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  async next(limitMs: number = LINE_MS): Promise<Buffer | null> {
    if (this.#pushedBack) {
      const bytes = this.#pushedBack;
      this.#pushedBack = null;
      return bytes;
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Hop3Error('HOP3_TIMEOUT', { what: `The hook said nothing for ${limitMs / 1000} s.` })), limitMs);
    });
    try {
      const next = await Promise.race([this.#chunks.next(), late]);
      return next.done ? null : next.value;
    } finally {
      clearTimeout(timer);
    }
  }

  unread(bytes: Buffer): void {
    if (bytes.length > 0) this.#pushedBack = bytes;
  }

  write(data: string | Buffer): void {
    if (this.#socket.writable) this.#socket.write(data);
  }

  /** Says that no more comes, and waits until the other side has taken it all and closed, or the limit. */
  async flush(limitMs: number): Promise<void> {
    this.end();
    // Reading on is what notices that the other side has closed.
    void this.#chunks.next().catch(() => {});
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([this.#closed, late]);
    clearTimeout(timer);
    this.#socket.destroy();
  }

  end(): void {
    if (this.#socket.writable) this.#socket.end();
    setTimeout(() => this.#socket.destroy(), LINE_MS).unref();
  }
}

async function readHello(connection: HookConnection): Promise<{ kind: HookKind; pid: number } | null> {
  let text = Buffer.alloc(0);
  while (!text.includes(10)) {
    if (text.length > LONGEST_HELLO) return null;
    const chunk = await connection.next(HELLO_MS);
    if (chunk === null) return null;
    text = Buffer.concat([text, chunk]);
  }
  const end = text.indexOf(10);
  const match = /^([a-z]+) ([1-9]\d{0,9})$/.exec(text.toString('latin1', 0, Math.min(end, LONGEST_HELLO)));
  const kind = HOOK_KINDS.find((name) => name === match?.[1]);
  if (!match || !kind) return null;
  connection.unread(text.subarray(end + 1));
  return { kind, pid: Number(match[2]) };
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
