import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** A download page of this machine's own: the files of a directory, over HTTP on the loopback. */
export class ReleaseServer {
  readonly dir: string;
  readonly #server: Server;

  private constructor(dir: string) {
    this.dir = dir;
    this.#server = createServer((request, response) => {
      try {
        response.end(readFileSync(join(dir, decodeURIComponent((request.url ?? '/').replace(/[?#].*$/, '')))));
      } catch {
        response.writeHead(404).end('not here\n');
      }
    });
  }

  static async start(dir: string): Promise<ReleaseServer> {
    const server = new ReleaseServer(dir);
    await new Promise<void>((resolve) => { server.#server.listen(0, '127.0.0.1', resolve); });
    return server;
  }

  /** Without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The hash that its makers would publish. */
  sha256(file: string): string {
    return `sha256-${createHash('sha256').update(readFileSync(join(this.dir, file))).digest('base64')}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
