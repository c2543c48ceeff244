import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Paths } from '../../../src/paths.ts';
import { applySites } from '../../../src/runtime/nginx-apply.ts';
import { configFile } from '../../../src/runtime/nginx-process.ts';
import { freePort, until } from '../../e2e/world.ts';

/** Hop3's nginx once more, with the same settings, and with sites of one fixed root or upstream each instead of Hop3's. */
export class FloorNginx {
  readonly port: number;
  readonly #home: string;
  readonly #nginx: ChildProcess;

  private constructor(home: string, nginx: ChildProcess, port: number) {
    this.#home = home;
    this.#nginx = nginx;
    this.port = port;
  }

  /** @param sites what stands in the server block, by server name; an upstream `worker` is at `workerPort` */
  static async start(workerPort: number, sites: Readonly<Record<string, string>>): Promise<FloorNginx> {
    const home = await mkdtemp('/var/tmp/hop3-floor-nginx-');
    const port = await freePort();
    const paths = new Paths(home);
    await applySites(paths, { httpListen: { host: '127.0.0.1', port } }, []);
    const upstream = `upstream worker {\n    server 127.0.0.1:${workerPort};\n    keepalive 32;\n    keepalive_timeout 1s;\n    keepalive_requests 100000;\n}\n`;
    // For the ETag of files a fixed root is resolved once for each request, by the sites that say so.
    const hash = 'map $realpath_root $floor_etag {\n    "~/nix/store/(?<floor_found>[0-9a-z]{32})-" "\\"$floor_found\\"";\n    default "";\n}\n';
    const servers = Object.entries(sites).map(([name, text]) => `server {\n    listen 127.0.0.1:${port};\n    server_name ${name};\n${text}\n}\n`);
    const file = join(dirname(configFile(paths)), 'sites', 'fixed.conf');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, upstream + hash + servers.join(''));
    const nginx = spawn('nginx', ['-e', 'stderr', '-p', paths.nginx, '-c', configFile(paths), '-g', 'daemon off;'], { cwd: paths.nginx, stdio: ['ignore', 'ignore', 'ignore'] });
    const floor = new FloorNginx(home, nginx, port);
    await until("the floor's nginx to answer", () => fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false)).catch(async (error: unknown) => {
      await floor.stop();
      throw error;
    });
    return floor;
  }

  async stop(): Promise<void> {
    if (this.#nginx.exitCode === null) {
      const gone = new Promise((resolve) => this.#nginx.once('exit', resolve));
      this.#nginx.kill('SIGTERM');
      await gone;
    }
    await rm(this.#home, { recursive: true, force: true });
  }
}
