import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseAppName, type AppName, type StorePath } from '../../src/names.ts';
import { Paths } from '../../src/paths.ts';
import type { SlotSpec, WorkerSpec } from '../../src/runtime/model.ts';
import { logDirs } from '../../src/runtime/log-dirs.ts';
import { LogTail } from '../../src/runtime/log-tail.ts';
import type { LogEntry } from '../../src/runtime/logs.ts';
import { stopSlot } from '../../src/runtime/services.ts';
import { isScanning } from '../../src/runtime/supervise-service.ts';

/** A HOP3_ROOT of its own with a real s6-svscan, for specs that start workers. `end` leaves no process and no file. */
export interface World {
  readonly paths: Paths;
  readonly scanPid: number;
  /** Adds files to the Nix store and gives the store path: a release for the spec. */
  store(files: Readonly<Record<string, string>>): StorePath;
  end(): Promise<void>;
}

export async function makeWorld(): Promise<World> {
  const root = mkdtempSync(join(tmpdir(), 'hop3-world-'));
  const paths = new Paths(root);
  mkdirSync(paths.services, { mode: 0o700 });
  // As `hop3 up` starts it, and with the mistake of a caller who leaves descriptor 12 open: the host's whole file system.
  const hostRoot = openSync('/', 'r');
  const scan = spawn('s6-svscan', ['-c', '10000', paths.services], { stdio: [...Array.from({ length: 12 }, () => 'ignore' as const), hostRoot], detached: true });
  closeSync(hostRoot);
  await until(() => isScanning(paths), 's6-svscan runs');
  return {
    paths,
    scanPid: scan.pid!,
    store: (files) => addToStore(root, files),
    end: async () => {
      for (const app of ['shop', 'blog'] as AppName[]) for (const slot of ['a', 'b'] as const) await stopSlot(paths, app, slot, 0);
      if (scan.exitCode === null && scan.signalCode === null) {
        const gone = new Promise((resolve) => scan.once('exit', resolve));
        scan.kill('SIGTERM');
        await gone;
      }
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function addToStore(root: string, files: Readonly<Record<string, string>>): StorePath {
  const dir = join(mkdtempSync(join(root, 'add-')), 'release');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
    if (text.startsWith('#!')) chmodSync(join(dir, name), 0o755);
  }
  return execFileSync('nix-store', ['--add', dir], { encoding: 'utf8' }).trim() as StorePath;
}

export const shop = parseAppName('shop');
export const blog = parseAppName('blog');
export const BASE_ENV = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', HOP3_RELEASE: 'v1' };

/** A worker with the environment that every worker has. */
export function worker(type: string, command: string, more: { readonly port?: number; readonly env?: Readonly<Record<string, string>> } = {}): WorkerSpec {
  const port = more.port ?? null;
  return { name: `${type}.1`, type, command, port, env: { ...BASE_ENV, ...(port === null ? {} : { PORT: String(port) }), ...more.env } };
}

export function release(storePath: StorePath, workers: readonly WorkerSpec[], more: Partial<SlotSpec> = {}): SlotSpec {
  return { app: shop, slot: 'a', storePath, closure: [storePath], static: null, workers, stopGraceMs: 5000, ...more };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits for something that has to come; the limit only keeps a broken spec from hanging. */
export async function until(condition: () => boolean, what: string, limitMs = 15_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await delay(20);
  }
}

/** The worker's output so far, without the lines that Hop3 writes itself. */
export function output(world: World, app: AppName = shop, name?: string): string[] {
  return logged(world, app, name).map((entry) => entry.line).filter((line) => !line.startsWith('hop3: '));
}

/** Every line that is kept of an app's workers, by time. */
export function logged(world: World, app: AppName = shop, name?: string): LogEntry[] {
  return logDirs(world.paths, app, name).flatMap(({ dir, worker: of, release: version }) => {
    const tail = new LogTail(dir, 'start');
    const lines = tail.read();
    tail.close();
    return lines.map(({ time, line }) => ({ time, worker: of, release: version, line }));
  }).sort((a, b) => a.time - b.time);
}

export function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/cwd`);
}
