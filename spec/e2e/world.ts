import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Paths } from '../../src/paths.ts';
import { rootProcesses } from '../../src/runtime/supervisor-processes.ts';
import { claimPortRange, type PortRange } from './port-range.ts';

/** The checkout these specs run from. */
export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
export const EXAMPLES = join(CHECKOUT, 'apps');

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams in the order they came. */
  readonly output: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** Runs a program to its end with a limit in seconds; a spec that hangs tells what hung. */
export function exec(file: string, args: readonly string[], options: { cwd?: string; env?: Record<string, string>; limit?: number; input?: string; onOutput?: (text: string, child: ChildProcess) => void } = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let output = '';
    const take = (text: string) => {
      output += text;
      options.onOutput?.(text, child);
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text; take(text); });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; take(text); });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${file} ${args.join(' ')} did not end within ${options.limit ?? 120} s; it printed:\n${output}`));
    }, (options.limit ?? 120) * 1000);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr, output });
    });
  });
}

/** A port that nothing listens on just now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export async function until(what: string, condition: () => Promise<boolean> | boolean, seconds = 20): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A Hop3 of its own: own HOP3_ROOT, own ports, started by the real `hop3 up`. */
export class World {
  readonly root: string;
  readonly home: string;
  readonly port: number;
  readonly httpPort: number;
  readonly env: Record<string, string>;
  /** The tree whose `bin/hop3` is run: this checkout, or another version of Hop3. */
  code = CHECKOUT;
  #up: ChildProcess | null = null;

  private constructor(home: string, port: number, httpPort: number, ports: PortRange, extra: Record<string, string>) {
    this.home = home;
    this.root = extra['HOP3_ROOT'] ?? join(home, 'root');
    this.port = port;
    this.httpPort = httpPort;
    this.env = {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: home, LANG: 'C.UTF-8', NIX_REMOTE: process.env['NIX_REMOTE'] ?? 'daemon',
      HOP3_ROOT: this.root, HOP3_LISTEN: `127.0.0.1:${port}`, HOP3_HTTP_LISTEN: `127.0.0.1:${httpPort}`, HOP3_NIXPKGS: 'host',
      HOP3_WORKER_PORTS: ports.workers, HOP3_ADDON_PORTS: ports.addons, HOP3_SERVER: `${extra['HOP3_TLS_CERT'] ? 'https' : 'http'}://127.0.0.1:${port}`,
      GIT_CONFIG_GLOBAL: join(home, 'gitconfig'), GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0', ...extra,
    };
  }

  static async start(extra: Record<string, string> = {}, code = CHECKOUT): Promise<World> {
    const home = await mkdtemp('/var/tmp/hop3-world-');
    const world = new World(home, await freePort(), await freePort(), await claimPortRange(), extra);
    await writeFile(join(home, 'gitconfig'), '[user]\n\tname = Ann\n\temail = ann@example.org\n[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n');
    world.code = code;
    await world.up();
    return world;
  }

  /** `hop3 up` in the foreground; resolves at its own ready line. */
  async up(): Promise<void> {
    const child = spawn(join(this.code, 'bin/hop3'), ['up'], { env: this.env, cwd: this.home, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#up = child;
    let printed = '';
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`hop3 up was not ready within 60 s; it printed:\n${printed}`)), 60_000);
      const take = (text: string) => {
        printed += text;
        if (printed.includes(`hop3: ready ${this.env['HOP3_SERVER']}`)) { clearTimeout(timer); resolve(); }
      };
      child.stdout.setEncoding('utf8').on('data', take);
      child.stderr.setEncoding('utf8').on('data', take);
      child.once('exit', (code) => { clearTimeout(timer); reject(new Error(`hop3 up ended with ${code}; it printed:\n${printed}`)); });
    });
  }

  async token(): Promise<string> {
    return (await readFile(join(this.root, 'admin.token'), 'utf8')).trim();
  }

  async hop3(...args: string[]): Promise<Ran> {
    return exec(join(this.code, 'bin/hop3'), args, { env: this.env, cwd: this.home });
  }

  /** An app of this name whose tree is an example's, committed but not pushed. */
  async repo(app: string, example: string | Record<string, string>): Promise<Repo> {
    const dir = join(this.home, 'work', app);
    await mkdir(dir, { recursive: true });
    if (typeof example === 'string') await cp(join(EXAMPLES, example), dir, { recursive: true });
    const repo = new Repo(this, app, dir);
    await repo.git('init', '-q');
    await repo.git('remote', 'add', 'hop3', `${this.env['HOP3_SERVER']!.replace('://', `://hop3:${await this.token()}@`)}/${app}.git`);
    await repo.commit('first', typeof example === 'string' ? {} : example);
    return repo;
  }

  /** A request through nginx, as a browser would make it for `<app>.localhost`. */
  get(app: string, path = '/', options: { method?: string; body?: string; host?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
    return http({ port: this.httpPort, path, method: options.method ?? 'GET', headers: { host: options.host ?? `${app}.localhost:${this.httpPort}`, ...options.headers } }, options.body);
  }

  /** A request to the API or the git routes. */
  api(path: string, options: { method?: string; body?: unknown; token?: string | null } = {}): Promise<Answer> {
    const headers: Record<string, string> = {};
    if (options.token) headers['authorization'] = `Bearer ${options.token}`;
    if (options.body !== undefined) headers['content-type'] = 'application/json';
    return http({ port: this.port, path, method: options.method ?? 'GET', headers }, options.body === undefined ? undefined : JSON.stringify(options.body));
  }

  /** What the deployed branch of an app names on the server. */
  async branch(app: string, name = 'main'): Promise<string | null> {
    const ran = await exec('git', ['--git-dir', join(this.root, 'repos', `${app}.git`), 'rev-parse', '--verify', '-q', `refs/heads/${name}`], { env: this.env });
    return ran.code === 0 ? ran.stdout.trim() : null;
  }

  /** Every process of this world, however it was started. */
  processes(): { pid: number; command: string }[] {
    return rootProcesses(new Paths(this.root));
  }

  async serverPid(): Promise<number> {
    const ran = await exec('s6-svstat', ['-o', 'pid', join(this.root, 'services', 'server')], { env: this.env });
    return Number(ran.stdout.trim());
  }

  /** Ends everything and removes every file. */
  async stop(): Promise<void> {
    await this.hop3('down').catch(() => {});
    this.#up?.kill('SIGKILL');
    await rm(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

export class Repo {
  readonly world: World;
  readonly app: string;
  readonly dir: string;

  constructor(world: World, app: string, dir: string) {
    this.world = world;
    this.app = app;
    this.dir = dir;
  }

  async git(...args: string[]): Promise<string> {
    const ran = await exec('git', args, { cwd: this.dir, env: this.world.env });
    if (ran.code !== 0) throw new Error(`git ${args.join(' ')}: ${ran.output}`);
    return ran.stdout.trim();
  }

  /** Writes the files and commits everything; gives the commit. */
  async commit(message: string, files: Record<string, string> = {}): Promise<string> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(this.dir, name)), { recursive: true });
      await writeFile(join(this.dir, name), text);
    }
    await this.git('add', '-A');
    await this.git('commit', '-q', '--allow-empty', '-m', message);
    return this.git('rev-parse', 'HEAD');
  }

  async edit(name: string, change: (text: string) => string): Promise<void> {
    const file = join(this.dir, name);
    await writeFile(file, change(await readFile(file, 'utf8')));
  }

  /** Makes git run this line of shell at that point. */
  async hook(name: string, line: string): Promise<void> {
    await writeFile(join(this.dir, '.git', 'hooks', name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  }

  async push(...args: string[]): Promise<Ran> {
    return exec('git', ['push', ...(args.length === 0 ? ['hop3', 'main'] : args)], { cwd: this.dir, env: this.world.env });
  }
}

function http(options: { port: number; path: string; method: string; headers: Record<string, string> }, body?: string): Promise<Answer> {
  // Node sends a DELETE's body without saying how long it is.
  const headers = body === undefined ? options.headers : { ...options.headers, 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', agent: false, timeout: 30_000, ...options, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; });
      response.on('end', () => resolve({ status: response.statusCode!, body: text, headers: response.headers }));
      response.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error(`no answer to ${options.method} ${options.path} within 30 s`)));
    call.on('error', reject);
    call.end(body);
  });
}
