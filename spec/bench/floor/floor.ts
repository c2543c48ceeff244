import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exec, freePort, until } from '../../e2e/world.ts';

const SOURCE = fileURLToPath(new URL('http-backend.go', import.meta.url));
/** Seconds for the first compilation of Go's HTTP server, with an empty cache. */
const COMPILE_LIMIT = 300;

/** Bare repositories behind git's own `git http-backend`, and what a person would add to them by hand. */
export class Floor {
  readonly home: string;
  readonly #server: ChildProcess;
  readonly #port: number;

  private constructor(home: string, server: ChildProcess, port: number) {
    this.home = home;
    this.#server = server;
    this.#port = port;
  }

  static async start(): Promise<Floor> {
    const home = await mkdtemp('/var/tmp/hop3-floor-');
    await mkdir(join(home, 'repos'));
    const program = join(home, 'http-backend');
      const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: process.env['HOME'] ?? home, GOTOOLCHAIN: 'local', CGO_ENABLED: '0', NIX_REMOTE: process.env['NIX_REMOTE'] ?? 'daemon' };
    await succeed('go', ['build', '-o', program, SOURCE], { env, cwd: home, limit: COMPILE_LIMIT });
    const backend = join((await succeed('git', ['--exec-path'], { env })).trim(), 'git-http-backend');
    const port = await freePort();
    const server = spawn(program, [`127.0.0.1:${port}`, backend, join(home, 'repos'), 'floor', 'floor'], { env, cwd: home, stdio: ['ignore', 'pipe', 'inherit'] });
    let ready = false;
    server.stdout.once('data', () => { ready = true; });
    await until('the floor\'s server to listen', () => ready, 20);
    return new Floor(home, server, port);
  }

  /** A bare repository with git's own defaults, and with a post-receive hook where one is given; `settings` are git's. */
  async repository(name: string, hook: string | null = null, settings: readonly string[] = []): Promise<{ dir: string; url: string }> {
    const dir = join(this.home, 'repos', `${name}.git`);
    await succeed('git', ['init', '-q', '--bare', '-b', 'main', dir], {});
    for (const setting of settings) {
      const [key, value] = setting.split('=');
      await succeed('git', ['--git-dir', dir, 'config', key!, value!], {});
    }
    await rm(join(dir, 'hooks'), { recursive: true, force: true });
    if (hook !== null) {
      await mkdir(join(dir, 'hooks'));
      await writeFile(join(dir, 'hooks', 'post-receive'), hook, { mode: 0o755 });
    }
    return { dir, url: `http://floor:floor@127.0.0.1:${this.#port}/${name}.git` };
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.home, 'repos', `${name}.git`), { recursive: true, force: true });
  }

  /** Where a person would keep what they deploy of this repository. */
  async place(name: string): Promise<string> {
    const dir = join(this.home, 'apps', name);
    await mkdir(join(dir, 'source'), { recursive: true });
    return dir;
  }

  async stop(): Promise<void> {
    for (const file of await pidFiles(join(this.home, 'apps'))) {
      const pid = Number(await readFile(file, 'utf8').catch(() => ''));
      if (pid > 1) endGroup(pid);
    }
    this.#server.kill('SIGTERM');
    await rm(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function pidFiles(apps: string): Promise<string[]> {
  return (await readdir(apps).catch(() => [])).map((name) => join(apps, name, 'pid'));
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function succeed(file: string, args: readonly string[], options: { env?: Record<string, string>; cwd?: string; limit?: number }): Promise<string> {
  const ran = await exec(file, args, options);
  if (ran.code !== 0) throw new Error(`${file} ${args.join(' ')}: ${ran.output}`);
  return ran.stdout;
}
