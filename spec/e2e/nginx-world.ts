import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { dirname, join } from 'node:path';
import { parseAppName, type AppName } from '../../src/names.ts';
import { Paths, type SlotName } from '../../src/paths.ts';
import { applySites, type Applied } from '../../src/runtime/nginx-apply.ts';
import { makeModeDirectory } from '../../src/runtime/mode-directory.ts';
import type { SlotMode, Site } from '../../src/runtime/model.ts';
import { configFile, nginxMaster } from '../../src/runtime/nginx-process.ts';
import { slotTarget } from '../../src/runtime/slot-target.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** An nginx of its own below a temporary HOP3_ROOT, with releases that are only directories, and workers in this process. */
export class NginxWorld {
  readonly paths: Paths;
  readonly port: number;
  readonly settings: { httpListen: { host: string; port: number } };
  #nginx: ChildProcess | null = null;
  readonly #servers: Server[] = [];
  #stores = 0;

  private constructor(root: string, port: number) {
    this.paths = new Paths(root);
    this.port = port;
    this.settings = { httpListen: { host: '127.0.0.1', port } };
  }

  static async start(sites: readonly Site[] = []): Promise<NginxWorld> {
    const root = await mkdtemp('/tmp/hop3-nginx-');
    const world = new NginxWorld(root, await freePort());
    mkdirSync(join(world.paths.serverLogs, 'nginx'), { recursive: true });
    await world.apply(...sites);
    await world.run();
    return world;
  }

  /** Starts nginx and waits until it answers. */
  async run(): Promise<void> {
    const log = openSync(join(this.paths.serverLogs, 'nginx', 'current'), 'a');
    this.#nginx = spawn('nginx', ['-e', 'stderr', '-p', this.paths.nginx, '-c', configFile(this.paths), '-g', 'daemon off;'], { cwd: this.paths.nginx, stdio: ['ignore', log, log] });
    closeSync(log);
    await until('nginx to answer', async () => nginxMaster(this.paths) !== null && (await this.get('nobody.localhost').catch(() => null)) !== null);
  }

  /** Ends nginx, if it runs. */
  async kill(): Promise<void> {
    const nginx = this.#nginx;
    this.#nginx = null;
    if (!nginx || nginx.exitCode !== null) return;
    const gone = new Promise((resolve) => nginx.once('exit', resolve));
    nginx.kill('SIGTERM');
    await gone;
  }

  apply(...sites: Site[]): Promise<Applied> {
    return applySites(this.paths, this.settings, sites);
  }

  /** The log of nginx so far. */
  async log(): Promise<string> {
    return readFile(join(this.paths.serverLogs, 'nginx', 'current'), 'utf8');
  }

  /** A web worker in this process; gives its port. */
  async worker(listener: RequestListener): Promise<number> {
    const server = createServer(listener);
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as { port: number }).port;
  }

  /** A directory that looks like a build in the Nix store, with these files; the letter makes its hash. */
  async store(files: Record<string, string>, letter?: string): Promise<string> {
    const hash = (letter ?? 'abcdfghijk'[this.#stores++ % 10]!).repeat(32);
    const dir = join(this.paths.root, 'nix', 'store', `${hash}-site`);
    await mkdir(dir, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(dir, name)), { recursive: true });
      await writeFile(join(dir, name), text);
    }
    return dir;
  }

  /** Fills a slot and makes it live, as a deploy does. */
  async deploy(app: AppName, slot: SlotName, mode: SlotMode, files?: string): Promise<void> {
    await rm(this.paths.slot(app, slot), { recursive: true, force: true });
    this.mode(app, slot, mode, files);
    await this.switchTo(app, slot, mode, files);
  }

  /** One mode directory of a slot. */
  mode(app: AppName, slot: SlotName, mode: SlotMode, files?: string): void {
    makeModeDirectory(this.paths, app, slotTarget(slot, mode, files), files ?? null);
  }

  /** The switch alone. */
  async switchTo(app: AppName, slot: SlotName, mode: SlotMode, files?: string): Promise<void> {
    const next = `${this.paths.current(app)}.next`;
    await symlink(slotTarget(slot, mode, files), next);
    await rename(next, this.paths.current(app));
  }

  get(host: string, path = '/', asking: Asking = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port: this.port, path, method: asking.method ?? 'GET', agent: false, timeout: 10_000, headers: { host, ...asking.headers } }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => { body += text; });
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
        response.on('error', reject);
      });
      call.on('timeout', () => call.destroy(new Error(`no answer to ${path} within 10 s`)));
      call.on('error', reject);
      call.end(asking.body);
    });
  }

  /** The parts of an answer as they come. */
  open(host: string): Promise<AsyncIterable<string>> {
    return new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port: this.port, agent: false, timeout: 10_000, headers: { host } }, (response) => resolve(response.setEncoding('utf8') as AsyncIterable<string>))
        .on('timeout', () => reject(new Error('no answer within 10 s'))).on('error', reject).end();
    });
  }

  /** A worker that takes an upgrade, says what it was told, and hangs up; gives its port. */
  async upgrades(): Promise<number> {
    const port = await this.worker((_request, response) => response.writeHead(400).end());
    this.#servers.at(-1)!.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.once('data', (said: Buffer) => socket.end(`you said ${said.toString()}`));
      socket.on('error', () => {});
    });
    return port;
  }

  /** Sends bytes as they are, after the first answer the second part, and gives what comes back until the connection closes. */
  raw(text: string, after?: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.setEncoding('utf8').on('data', (part: string) => { answer += part; });
      if (after !== undefined) socket.once('data', () => socket.write(after));
      socket.setTimeout(10_000, () => socket.destroy(new Error('no end of the answer within 10 s')));
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
    await this.kill();
    await rm(this.paths.root, { recursive: true, force: true });
  }
}

/** A site that answers at `<name>.localhost`. */
export function site(name: string, a: number | readonly number[] = [], b: number | readonly number[] = []): Site {
  return { app: parseAppName(name), hosts: [`${name}.localhost`], ports: { a: [a].flat(), b: [b].flat() } };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createTcpServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export async function until(what: string, condition: () => Promise<boolean> | boolean, seconds = 15): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
