import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { createBareRepo } from '../../src/git/repo.ts';
import { updateRef } from '../../src/git/objects.ts';
import { readRef } from '../../src/git/read-ref.ts';
import { asOid, parseAppName, type AppName, type Oid } from '../../src/names.ts';
import { Paths } from '../../src/paths.ts';
import type { PushLog } from '../../src/log.ts';
import { Cron } from '../../src/pipeline/cron.ts';
import { DiskWatch } from '../../src/pipeline/disk-watch.ts';
import { HealthWatch } from '../../src/pipeline/health-watch.ts';
import { PortWatch } from '../../src/pipeline/port-watch.ts';
import { AddonHost } from '../../src/pipeline/addon-host.ts';
import type { Deployer, Push, Release } from '../../src/pipeline/model.ts';
import { AuditLog } from '../../src/server/audit.ts';
import { Authenticator, createAdminToken, createToken } from '../../src/server/auth.ts';
import type { ServerContext } from '../../src/server/context.ts';
import { gitRoutes, type GitOptions } from '../../src/server/git.ts';
import { readSettings } from '../../src/settings.ts';
import { Store } from '../../src/store/store.ts';

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What a deploy does in these specs; the branch is moved afterwards, as the pipeline does it. */
export type Script = (push: Push, log: PushLog, signal: AbortSignal) => Promise<void>;

export interface Said {
  readonly code: number | null;
  /** Both streams, in the order they came. */
  readonly output: string;
}

/** A server with the real git addresses, and a deployer that only pretends. */
export class GitWorld {
  readonly home: string;
  readonly paths: Paths;
  readonly store: Store;
  readonly server: FastifyInstance;
  readonly pushes: Push[] = [];
  readonly signals: AbortSignal[] = [];
  readonly defects: string[] = [];
  readonly created: string[] = [];
  script: Script = async () => {};
  create = async (app: AppName, by: string): Promise<void> => {
    this.created.push(app);
    this.store.apps.create(app, by);
    await createBareRepo(this.paths, app);
  };
  port = 0;
  adminToken = '';

  private constructor(home: string, env: Record<string, string>, options: GitOptions) {
    this.home = home;
    this.paths = new Paths(join(home, 'root'));
    mkdirSync(this.paths.root, { recursive: true, mode: 0o700 });
    this.store = Store.open(this.paths.database, this.paths.secretKey);
    const settings = readSettings({ HOP3_ROOT: this.paths.root, ...env });
    const context: ServerContext = {
      settings, paths: this.paths, store: this.store,
      deployer: this.#deployer(),
      auth: new Authenticator(this.store.tokens, settings.adminTokenFile),
      audit: new AuditLog(this.store.audit, settings.auditDays, (where, error) => void this.defects.push(`${where}: ${String(error)}`)),
      addons: new AddonHost({ settings, paths: this.paths, store: this.store }),
      cron: new Cron({ settings, paths: this.paths, store: this.store, addons: new AddonHost({ settings, paths: this.paths, store: this.store }), reportDefect: () => {} }),
      disk: new DiskWatch({ settings, paths: this.paths, store: this.store, reportDefect: () => {} }),
      ports: new PortWatch({ settings, paths: this.paths, store: this.store, reportDefect: () => {} }),
      health: new HealthWatch({ settings, paths: this.paths, store: this.store, reportDefect: () => {} }),
      planFiles: () => Promise.reject(new Error('not asked here')),
      checkPackage: () => Promise.reject(new Error('not asked here')),
      verifyRelease: () => Promise.reject(new Error('not asked here')),
      packageSetTitle: async () => 'none',
      reportDefect: (where, error) => void this.defects.push(`${where}: ${error instanceof Error ? error.stack : String(error)}`),
    };
    this.server = Fastify({ forceCloseConnections: true, http: { requestTimeout: 0 } });
    this.server.register(gitRoutes(context, options));
  }

  static async start(env: Record<string, string> = {}, options: GitOptions = {}): Promise<GitWorld> {
    const world = new GitWorld(mkdtempSync('/var/tmp/hop3-git-'), env, options);
    await createAdminToken(join(world.paths.root, 'admin.token'));
    world.adminToken = readFileSync(join(world.paths.root, 'admin.token'), 'utf8').trim();
    writeFileSync(join(world.home, 'gitconfig'), '[user]\n\tname = Ann\n\temail = ann@example.org\n[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n');
    await world.server.listen({ host: '127.0.0.1', port: 0 });
    world.port = (world.server.server.address() as { port: number }).port;
    return world;
  }

  async stop(): Promise<void> {
    await this.server.close();
    this.store.close();
    rmSync(this.home, { recursive: true, force: true });
  }

  url(app: string, token: string = this.adminToken): string {
    return `http://hop3:${token}@127.0.0.1:${this.port}/${app}.git`;
  }

  tokenFor(app: string): string {
    return createToken(this.store, { name: `${app}-ci`, app: parseAppName(app), expiresAt: null }).text;
  }

  /** The commit that a branch of an app names on the server. */
  ref(app: string, ref = 'refs/heads/main'): Promise<Oid | null> {
    return Promise.resolve(readRef(this.paths.repo(app as AppName), ref));
  }

  /** A work tree with one commit and the remote `hop3`. */
  async clone(app: string, name = app): Promise<WorkTree> {
    const tree = new WorkTree(this, join(this.home, 'work', name));
    mkdirSync(tree.dir, { recursive: true });
    await tree.git('init', '-q');
    await tree.git('remote', 'add', 'hop3', this.url(app));
    await tree.commit('one');
    return tree;
  }

  /** An app with a first commit that is "live". */
  async liveApp(app: string): Promise<WorkTree> {
    const tree = await this.clone(app);
    const said = await tree.push('hop3', 'main');
    if (said.code !== 0) throw new Error(`the first push of ${app} failed:\n${said.output}`);
    return tree;
  }

  get env(): Record<string, string> {
    return { PATH: '/usr/bin:/bin', HOME: this.home, LANG: 'C.UTF-8', GIT_CONFIG_GLOBAL: join(this.home, 'gitconfig'), GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' };
  }

  #deployer(): Deployer {
    const unused = () => Promise.reject(new Error('not asked here'));
    return {
      push: async (push, log, signal) => {
        this.pushes.push(push);
        this.signals.push(signal);
        await this.script(push, log, signal);
        await updateRef(this.paths.repo(push.app), push.ref, push.commit, push.old);
        this.store.apps.setBranch(push.app, push.ref.replace('refs/heads/', ''));
        log.line('Released v1');
        return {} as Release;
      },
      createApp: (app, by) => this.create(app, by),
      rollback: unused, setEnv: unused, changeAddons: unused, scale: unused, restart: unused, restore: unused, setBranch: unused, collectGarbage: unused, destroyApp: unused, cancel: unused, waitsFor: () => null,
    };
  }

  /** Process ids of git programs that work on this world's repositories. */
  gitProcesses(): number[] {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
        const cwd = readFileSync(`/proc/${pid}/environ`, 'latin1');
        // The server's git children have the hook socket's path in their environment; the specs' own clients do not.
        return pid !== process.pid && /git|s6-ipcclient|proc-receive/.test(line) && cwd.includes(`HOP3_HOOK_SOCKET=${this.paths.hookSocket}`);
      } catch {
        return false;
      }
    });
  }

  /** A raw connection; `send` writes, `all` gives everything that came once the other side closed or the limit passed. */
  async raw(): Promise<Raw> {
    const socket = connect(this.port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Raw(socket);
  }

  basic(token: string = this.adminToken): string {
    return `Basic ${Buffer.from(`x:${token}`).toString('base64')}`;
  }

  /** One raw POST with a body sent as it is; the status and the text of the answer. */
  async post(path: string, body: Buffer | string, headers: Record<string, string> = {}, limitMs = 4000): Promise<{ status: number; text: string }> {
    const raw = await this.raw();
    const bytes = Buffer.from(body as never);
    const all = { Host: 'x', Authorization: this.basic(), 'Content-Length': String(bytes.length), Connection: 'close', ...headers };
    raw.send(`POST ${path} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
    raw.send(bytes);
    const text = await raw.all(limitMs);
    return { status: Number(text.slice(9, 12)), text };
  }
}

export class Raw {
  readonly socket: Socket;
  text = '';
  closed = false;
  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => { this.text += chunk.toString('latin1'); });
    socket.on('error', () => {});
    socket.on('close', () => { this.closed = true; });
  }

  send(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  async all(limitMs: number): Promise<string> {
    const end = Date.now() + limitMs;
    while (!this.closed && Date.now() < end) await pause(10);
    this.socket.destroy();
    if (!this.closed) return `HTTP/1.1 000 no whole answer within ${limitMs} ms\n${this.text}`;
    return this.text;
  }
}

export class WorkTree {
  readonly dir: string;
  readonly world: GitWorld;
  #count = 0;
  constructor(world: GitWorld, dir: string) {
    this.world = world;
    this.dir = dir;
  }

  async git(...args: string[]): Promise<string> {
    const said = await runGit(this.world, this.dir, args);
    if (said.code !== 0) throw new Error(`git ${args.join(' ')} failed:\n${said.output}`);
    return said.output.trim();
  }

  async commit(message: string): Promise<Oid> {
    this.#count += 1;
    writeFileSync(join(this.dir, 'file'), `${message} ${this.#count}\n`);
    await this.git('add', '-A');
    await this.git('commit', '-q', '-m', message);
    return asOid(await this.git('rev-parse', 'HEAD'));
  }

  push(...args: string[]): Promise<Said> {
    return runGit(this.world, this.dir, ['push', ...args]);
  }

  /** A push that goes on in the background. */
  startPush(...args: string[]): { child: ChildProcess; said: Promise<Said>; seen: () => string } {
    return startGit(this.world, this.dir, ['push', ...args]);
  }
}

export function runGit(world: GitWorld, dir: string, args: readonly string[]): Promise<Said> {
  return startGit(world, dir, args).said;
}

function startGit(world: GitWorld, cwd: string, args: readonly string[]): { child: ChildProcess; said: Promise<Said>; seen: () => string } {
  // A group of its own, so that a spec can end it as Ctrl-C would.
  const child = spawn('git', args, { cwd, env: world.env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text; });
  const said = new Promise<Said>((resolve, reject) => {
    const timer = setTimeout(() => {
      process.kill(-child.pid!, 'SIGKILL');
      reject(new Error(`git ${args.join(' ')} did not end within 60 s; it printed:\n${output}`));
    }, 60_000);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
  return { child, said, seen: () => output };
}

/** Output as a person reads it: the spaces git pads remote lines with are gone. */
export function tidy(output: string): string {
  return output.split('\n').map((line) => line.trimEnd()).join('\n');
}

export async function until(what: string, condition: () => boolean | Promise<boolean>, seconds = 10): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await pause(25);
  }
}
