import { connect, type Socket } from 'node:net';

/** Where the daemon listens unless NIX_DAEMON_SOCKET_PATH says otherwise. */
const SOCKET = '/nix/var/nix/daemon-socket/socket';
/** Milliseconds for one answer; the daemon looks into its own database, which takes less than one. */
const LIMIT_MS = 10_000;

// Nix's own numbers (libstore/worker-protocol.hh). 1.21 is what Nix 2.3 speaks; every later daemon answers it.
const CLIENT_MAGIC = 0x6e697863n;
const SERVER_MAGIC = 0x6478696fn;
const VERSION = 0x115n;
const QUERY_REFERRERS = 6n;
const QUERY_PATH_INFO = 26n;
const LINE = 0x6f6c6d67n;
const LAST = 0x616c7473n;
/** Bytes of the longest text that belongs into these answers. */
const LONGEST = 1024 * 1024;

/** What the store knows of a path. */
export interface PathInfo {
  /** The derivation that made it; null for what was not built. */
  readonly deriver: string | null;
  /** The store paths that it names. */
  readonly references: readonly string[];
  /** Bytes, as a NAR. */
  readonly size: number;
}

/** The daemon did not answer, or not in the way that is known here. The caller asks the nix-store program then, whose errors tell. */
export class NoDaemonAnswer extends Error {}

/**
 * One connection to the nix daemon, for questions about store paths: asking nix-store costs a process, 20 to 40 ms. Only reading:
 * nothing here changes the store.
 */
export class NixDaemon {
  readonly #socket: Socket;
  readonly #words: Words;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#words = new Words(socket);
  }

  /**
   * @param env the server's environment
   * @throws NoDaemonAnswer also where NIX_REMOTE names another store than the daemon's
   */
  static async open(env: NodeJS.ProcessEnv = process.env): Promise<NixDaemon> {
    const remote = env['NIX_REMOTE'] ?? '';
    if (remote !== '' && remote !== 'daemon') throw new NoDaemonAnswer(`NIX_REMOTE is ${remote}`);
    const daemon = new NixDaemon(connect(env['NIX_DAEMON_SOCKET_PATH'] || SOCKET));
    try {
      await daemon.#greet();
      return daemon;
    } catch (error) {
      daemon.close();
      throw error;
    }
  }

  /** Of each path what the store knows; null for one that is not valid. */
  async infos(paths: readonly string[]): Promise<(PathInfo | null)[]> {
    this.#socket.write(Buffer.concat(paths.flatMap((path) => [word(QUERY_PATH_INFO), text(path)])));
    const found = [];
    for (const _path of paths) found.push(await this.#pathInfo());
    return found;
  }

  /** Of each path those that name it, itself perhaps among them; none for one that is not valid. */
  async referrers(paths: readonly string[]): Promise<string[][]> {
    this.#socket.write(Buffer.concat(paths.flatMap((path) => [word(QUERY_REFERRERS), text(path)])));
    const found = [];
    for (const _path of paths) {
      await this.#ready();
      found.push(await this.#words.texts());
    }
    return found;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Closes it after so many milliseconds, or when this process ends, which does not wait for it. */
  closeIn(ms: number): void {
    this.#socket.unref();
    setTimeout(() => this.close(), ms).unref();
  }

  async #greet(): Promise<void> {
    // Two flags that older daemons knew: CPU affinity, space to reserve.
    this.#socket.write(Buffer.concat([CLIENT_MAGIC, VERSION, 0n, 0n].map(word)));
    if ((await this.#words.number()) !== SERVER_MAGIC) throw new NoDaemonAnswer('what answers is no nix daemon');
    const version = await this.#words.number();
    if (version >> 8n !== VERSION >> 8n || version < VERSION) throw new NoDaemonAnswer(`the daemon speaks protocol ${version}`);
    await this.#ready();
  }

  async #pathInfo(): Promise<PathInfo | null> {
    const words = this.#words;
    await this.#ready();
    if ((await words.number()) === 0n) return null;
    const deriver = (await words.text()) || null;
    await words.text(); // hash
    const references = await words.texts();
    await words.number(); // time of registration
    const size = Number(await words.number());
    await words.number(); // built here
    await words.texts(); // signatures
    await words.text(); // content address
    return { deriver, references, size };
  }

  /** Waits until the daemon has worked on what it was asked. */
  async #ready(): Promise<void> {
    for (let kind = await this.#words.number(); kind !== LAST; kind = await this.#words.number()) {
      if (kind !== LINE) throw new NoDaemonAnswer('the daemon reports an error');
      await this.#words.text();
    }
  }
}

/** The daemon's stream: numbers of eight bytes, texts with their length in front, filled up to eight. */
class Words {
  readonly #chunks: AsyncIterator<Buffer>;
  #bytes = Buffer.alloc(0);

  constructor(socket: Socket) {
    socket.setTimeout(LIMIT_MS, () => socket.destroy(new NoDaemonAnswer(`the nix daemon said nothing for ${LIMIT_MS / 1000} s`)));
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async number(): Promise<bigint> {
    return (await this.#take(8)).readBigUInt64LE();
  }

  async text(): Promise<string> {
    const length = await this.#length();
    return (await this.#take(Math.ceil(length / 8) * 8)).toString('utf8', 0, length);
  }

  async texts(): Promise<string[]> {
    const all: string[] = [];
    for (let left = await this.#length(); left > 0; left -= 1) all.push(await this.text());
    return all;
  }

  async #length(): Promise<number> {
    const length = await this.number();
    if (length > LONGEST) throw new NoDaemonAnswer(`the daemon announces ${length} bytes`);
    return Number(length);
  }

  async #take(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) {
      const next = await this.#chunks.next().catch((error: unknown) => {
        throw new NoDaemonAnswer((error as Error).message);
      });
      if (next.done) throw new NoDaemonAnswer('the daemon ended the connection');
      this.#bytes = Buffer.concat([this.#bytes, next.value]);
    }
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }
}

function word(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([word(BigInt(bytes.length)), bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
}
