import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Paths } from '../../src/paths.ts';
import { rootProcesses, type Process } from '../../src/runtime/supervisor-processes.ts';
import { stopSupervisor } from '../../src/runtime/supervisor.ts';
import { freePort, until } from './nginx-world.ts';

const COMMAND = fileURLToPath(new URL('up-command.ts', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** A HOP3_ROOT and addresses of its own, and the commands up and down for them. */
export class UpWorld {
  readonly paths: Paths;
  readonly port: number;
  readonly httpPort: number;
  readonly env: Record<string, string>;
  readonly #home: string;
  readonly #started: ChildProcess[] = [];

  private constructor(home: string, port: number, httpPort: number) {
    this.#home = home;
    this.paths = new Paths(join(home, 'root'));
    this.port = port;
    this.httpPort = httpPort;
    this.env = {
      PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', HOP3_ROOT: this.paths.root, HOP3_LISTEN: `127.0.0.1:${port}`, HOP3_HTTP_LISTEN: `127.0.0.1:${httpPort}`,
      HOP3_DRAIN_TIMEOUT: '5', HOP3_API_TOKEN: 'hop3_a_persons_own', SECRET_OF_A_SHELL: 'must not go further', LD_LIBRARY_PATH: '/nowhere',
    };
  }

  static async make(): Promise<UpWorld> {
    return new UpWorld(await mkdtemp('/tmp/hop3-up-'), await freePort(), await freePort());
  }

  /** Runs `hop3 <what>` to its end. */
  async run(what: 'up' | 'up-detach' | 'down', mode = 'good', env: Record<string, string> = {}): Promise<Ran> {
    return this.#spawn(what, mode, env).ended;
  }

  /** `hop3 up` in the foreground; resolves at its ready line. */
  async up(mode = 'good', waitFor = 'hop3: ready'): Promise<{ child: ChildProcess; ended: Promise<Ran>; output: () => string }> {
    const started = this.#spawn('up', mode, {});
    let over = false;
    void started.ended.then(() => { over = true; });
    await until(`"${waitFor}"`, () => over || started.output().includes(waitFor), 40);
    if (!started.output().includes(waitFor)) throw new Error(`hop3 up ended; it printed:\n${started.output()}`);
    return started;
  }

  #spawn(what: string, mode: string, env: Record<string, string>): { child: ChildProcess; ended: Promise<Ran>; output: () => string } {
    const child = spawn(process.execPath, ['--import', 'tsx', COMMAND, what, mode], { env: { ...this.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#started.push(child);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text; });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { output += text; });
    const ended = new Promise<Ran>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, output }));
    });
    return { child, ended, output: () => output };
  }

  processes(): readonly Process[] {
    return rootProcesses(this.paths);
  }

  /** The process of this name whose command line has this text. */
  find(name: string, text = ''): Process | undefined {
    return this.processes().find((one) => one.name === name && one.command.includes(text));
  }

  /** Links a worker as a release's start does: `run` as the text of its script. */
  async link(name: string, run: string): Promise<void> {
    const dir = join(this.paths.apps, name, 'slots', 'a', 'services', 'web.1');
    mkdirSync(dir, { recursive: true });
    mkdirSync(this.paths.services, { recursive: true });
    await writeFile(join(dir, 'run'), `#!/bin/sh\n${run}\n`, { mode: 0o700 });
    await symlink(dir, join(this.paths.services, `${name}.a.web.1`));
  }

  server(path: string): Promise<string> {
    return ask(this.port, path);
  }

  nginx(host = 'nobody.localhost'): Promise<string> {
    return ask(this.httpPort, '/', host);
  }

  async stop(): Promise<void> {
    await stopSupervisor(this.paths, 0);
    for (const child of this.#started) child.kill('SIGKILL');
    await rm(this.#home, { recursive: true, force: true, maxRetries: 3 });
  }
}

function ask(port: number, path: string, host = 'localhost'): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = get({ host: '127.0.0.1', port, path, agent: false, timeout: 5000, headers: { host } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => { body += text; }).on('end', () => resolve(body)).on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error('no answer within 5 s')));
    call.on('error', reject);
  });
}
