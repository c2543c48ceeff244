import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiWorld } from './api-world.ts';

const HOP3 = fileURLToPath(new URL('../bin/hop3', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The shipped command as a child process, against the shipped server on a free port, in an empty directory of its own. */
export class CliWorld {
  readonly api: ApiWorld;
  readonly server: string;
  readonly home: string;

  private constructor(api: ApiWorld, server: string) {
    this.api = api;
    this.server = server;
    this.home = mkdtempSync(join(tmpdir(), 'hop3-cli-'));
  }

  static async start(): Promise<CliWorld> {
    const api = await ApiWorld.start();
    return new CliWorld(api, await api.server.listen({ host: '127.0.0.1', port: 0 }));
  }

  async stop(): Promise<void> {
    await this.api.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** With the admin token of the server, unless `env` says otherwise. */
  hop3(args: readonly string[], options: { env?: Record<string, string>; cwd?: string; input?: string; interruptAt?: string } = {}): Promise<Ran> {
    const env = {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: this.home, TZ: 'UTC', GIT_CONFIG_NOSYSTEM: '1', HOP3_ROOT: join(this.home, 'none'),
      HOP3_SERVER: this.server, HOP3_API_TOKEN: this.api.admin, ...options.env,
    };
    return new Promise((resolve, reject) => {
      const child = spawn(HOP3, args, { env, cwd: options.cwd ?? this.home, stdio: 'pipe' });
      let [stdout, stderr] = ['', ''];
      let { interruptAt } = options;
      const limit = setTimeout(() => child.kill('SIGKILL'), 30_000);
      const interrupt = (): void => {
        if (interruptAt === undefined || !(stdout + stderr).includes(interruptAt)) return;
        interruptAt = undefined;
        child.kill('SIGINT');
      };
      child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text; interrupt(); });
      child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; interrupt(); });
      child.stdin.on('error', () => {});
      child.stdin.end(options.input ?? '');
      child.once('error', reject);
      child.once('close', (code) => {
        clearTimeout(limit);
        resolve({ code, stdout, stderr });
      });
    });
  }
}
