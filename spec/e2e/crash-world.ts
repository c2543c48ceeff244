import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppName } from '../../src/names.ts';
import { Paths } from '../../src/paths.ts';
import type { Point } from '../../src/pipeline/points.ts';
import { rootProcesses } from '../../src/runtime/supervisor-processes.ts';
import { runtime } from './tiny-apps.ts';
import { exec, until, World, type Ran, type Repo } from './world.ts';

/** What is killed. `everything` is a power cut as far as a process can imitate one. */
export type Victim = 'server' | 'hook' | 'git-receive-pack' | 'nginx' | 's6-svscan' | 'worker' | 'addon server' | 'everything';

/** A server whose deploys stop at named points, and one app with a fixed answer, a release phase and a database. */
export class CrashWorld {
  readonly world: World;
  readonly paths: Paths;
  readonly #barrier: string;
  #commits = 0;

  private constructor(world: World, barrier: string) {
    this.world = world;
    this.#barrier = barrier;
    this.paths = new Paths(world.root);
  }

  static async start(extra: Record<string, string> = {}): Promise<CrashWorld> {
    const barrier = mkdtempSync('/var/tmp/hop3-barrier-');
    try {
      return new CrashWorld(await World.start({ HOP3_TEST_BARRIER: barrier, HOP3_DRAIN_TIMEOUT: '5', ...extra }), barrier);
    } catch (error) {
      rmSync(barrier, { recursive: true });
      throw error;
    }
  }

  async stop(): Promise<void> {
    rmSync(this.#barrier, { recursive: true, force: true });
    await this.world.stop();
  }

  /** The tree of the app that the matrix deploys. */
  app(name: string, more: Record<string, string> = {}): Promise<Repo> {
    return this.world.repo(name, { ...TREE, 'text': 'first', ...more });
  }

  /** Another commit, whose text no other has. */
  async change(repo: Repo, files: Record<string, string> = {}): Promise<string> {
    this.#commits += 1;
    await repo.commit(`change ${this.#commits}`, { text: `text ${this.#commits} of ${repo.app}`, ...files });
    return repo.git('rev-parse', 'HEAD');
  }

  /** The next work that passes the point waits there. */
  hold(point: Point): void {
    mkdirSync(this.#barrier, { recursive: true });
    rmSync(this.#file(point, 'reached'), { force: true });
    writeFileSync(this.#file(point, 'hold'), '');
  }

  async reached(point: Point, otherwise: () => string = () => ''): Promise<void> {
    await until(`the point "${point}"`, () => existsSync(this.#file(point, 'reached')), 60).catch((error: Error) => { throw new Error(`${error.message}\n${otherwise()}`); });
  }

  release(point: Point): void {
    if (existsSync(this.#file(point, 'hold'))) unlinkSync(this.#file(point, 'hold'));
  }

  #file(point: Point, kind: 'hold' | 'reached'): string {
    return join(this.#barrier, `${point.replaceAll(' ', '-')}.${kind}`);
  }

  /** Starts `git push` or a `hop3` command and goes on. */
  begin(file: string, args: readonly string[], cwd: string): Work {
    const child = spawn(file, args, { cwd, env: this.world.env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text; });
    const ended = new Promise<Ran>((resolve, reject) => {
      const limit = setTimeout(() => { child.kill('SIGKILL'); reject(new Error(`${file} ${args.join(' ')} did not end within 120 s:\n${output}`)); }, 120_000);
      child.once('error', reject);
      child.once('close', (code) => { clearTimeout(limit); resolve({ code, stdout: '', stderr: '', output }); });
    });
    // Looked at when the cell has done its part.
    ended.catch(() => {});
    return { ended, output: () => output };
  }

  /** SIGKILL for the victim; gives what was killed. */
  async kill(victim: Victim, app: string): Promise<readonly number[]> {
    const pids = await this.#pids(victim, app);
    if (pids.length === 0) throw new Error(`there is no ${victim} to kill`);
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    if (victim === 'everything') await until('everything to be gone', () => { for (const { pid } of rootProcesses(this.paths)) try { process.kill(pid, 'SIGKILL'); } catch { /* gone */ } return rootProcesses(this.paths).length === 0; });
    return pids;
  }

  async #pids(victim: Victim, app: string): Promise<number[]> {
    const all = rootProcesses(this.paths);
    switch (victim) {
      case 'server': return this.#servers();
      case 'nginx': return [await this.#supervised('nginx')];
      case 's6-svscan': return all.filter((one) => one.name === 's6-svscan').map((one) => one.pid);
      case 'everything': return [...all].sort((a, b) => Number(b.name.startsWith('s6')) - Number(a.name.startsWith('s6'))).map((one) => one.pid);
      case 'git-receive-pack': return receivePacks(this.paths, app);
      case 'hook': return receivePacks(this.paths, app).flatMap((pid) => descendants(pid));
      case 'worker': return all.filter((one) => one.command.includes('web.mjs') && one.name === 'node').map((one) => one.pid);
      case 'addon server': return all.filter((one) => one.name.startsWith('redis-server') || one.name === 'postgres').map((one) => one.pid);
    }
  }

  #servers(): number[] {
    return rootProcesses(this.paths).filter((one) => one.command.endsWith('dist/server.js')).map((one) => one.pid);
  }

  async #supervised(service: string): Promise<number> {
    return Number((await exec('s6-svstat', ['-o', 'pid', join(this.paths.services, service)])).stdout);
  }

  /** What an operator, or systemd, would do: nothing for what s6 starts again, `hop3 up` for the supervisor itself. */
  async comeBack(victim: Victim, killed: readonly number[]): Promise<void> {
    if (victim === 's6-svscan' || victim === 'everything') await this.world.up();
    // Not by s6's own file, which on a full disk goes on naming the one that was killed.
    if (victim === 'server') await until('another server', () => this.#servers().some((pid) => !killed.includes(pid)));
    await until('server and nginx to answer', async () => (await this.world.api('/healthz').catch(() => null))?.status === 200
      && (await this.world.get('nobody').catch(() => null)) !== null, 30);
  }

  appName(repo: Repo): AppName {
    return repo.app as AppName;
  }
}

export interface Work {
  readonly ended: Promise<Ran>;
  readonly output: () => string;
}

/** Asks an app again and again, as its users do, and keeps what was wrong with the answers. */
export class Visitor {
  readonly #world: World;
  readonly #app: string;
  readonly wrong: string[] = [];
  asked = 0;
  #running = true;
  readonly #done: Promise<void>;

  constructor(world: World, app: string, texts: () => readonly string[]) {
    this.#world = world;
    this.#app = app;
    this.#done = this.#ask(texts);
  }

  async #ask(texts: () => readonly string[]): Promise<void> {
    while (this.#running) {
      const answer = await this.#world.get(this.#app).then(({ status, body }) => ({ status, body }), (error: Error) => ({ status: 0, body: error.message }));
      this.asked += 1;
      if (answer.status !== 200 || !texts().includes(textOf(answer.body))) this.wrong.push(`${answer.status} ${answer.body.slice(0, 200)}`);
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  }

  async leave(): Promise<void> {
    this.#running = false;
    await this.#done;
  }
}

/** What the app says of itself: the text of its commit and the release that its environment names. */
export function textOf(body: string): string {
  return body.split(' | ')[0]!;
}

function descendants(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter((word) => word !== '').map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function receivePacks(paths: Paths, app: string): number[] {
  return rootProcesses(paths).filter((one) => /receive-pack/.test(one.command) && one.command.includes(app)).map((one) => one.pid);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const TREE: Record<string, string> = {
  ...runtime('workers.web = "${pkgs.nodejs}/bin/node ${./web.mjs} ${./text}";'),
  'web.mjs': `import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const text = readFileSync(process.argv[2], 'utf8');
createServer((request, response) => response.end(text + ' | ' + process.env.HOP3_RELEASE + ' | ' + process.env.COLOUR))
  .listen(process.env.PORT, process.env.BIND_ADDRESS);
process.on('SIGTERM', () => process.exit(0));
`,
  'hop3.toml': `[run]
before-run = "true"

[healthcheck]
path = "/"

[[addons]]
type = "redis"
`,
};
