import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Hop3Error } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { run, runOk } from '../run.ts';
import type { Settings } from '../settings.ts';
import { OWN_SERVICES, ownServices, readServiceFiles, writeServiceFiles, type OwnService, type ServiceFiles } from './supervisor-services.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Milliseconds until a server that was told to end is gone: it cuts open requests itself after 15 s. */
const END_MS = 25_000;
/** Milliseconds after SIGKILL. */
const KILLED_MS = 5000;

/** The services of a supervisor that runs, and what this version would put in their place. */
export interface Replacement {
  readonly before: Readonly<Record<OwnService, ServiceFiles>>;
  readonly after: Readonly<Record<OwnService, ServiceFiles>>;
  /** Where the code of the server that runs lies; null when its run script does not say. */
  readonly from: string | null;
}

/** The settings that the running server was started with; none when that cannot be read. */
export function runningEnvironment(paths: Paths): Record<string, string> {
  const env = readServiceFiles(paths, 'server')?.env ?? {};
  return Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('HOP3_')));
}

/** Null when the server that runs is of this very code. */
export function planReplacement(paths: Paths, settings: Pick<Settings, 'root'>, serverCommand: readonly string[], env: Env): Replacement | null {
  const [server, nginx] = [readServiceFiles(paths, 'server'), readServiceFiles(paths, 'nginx')];
  const after = ownServices(paths, settings, serverCommand, env);
  if (server === null || nginx === null || server.files['code'] === after.server.files['code']) return null;
  return { before: { server, nginx }, after, from: /(\/\S+)\/dist\/server\.js/.exec(server.files['run'] ?? '')?.[1] ?? null };
}

/** Puts service files in place under the supervisor that runs, and starts the server anew with them. No other service is touched. */
export async function startServerAnew(paths: Paths, services: Readonly<Record<OwnService, ServiceFiles>>): Promise<void> {
  for (const name of OWN_SERVICES) writeServiceFiles(join(paths.ownServices, name), services[name]);
  const dir = join(paths.ownServices, 'server');
  const before = await serverPid(dir);
  await runOk({ file: 's6-svc', args: ['-ur', dir], limit: 10 });
  if (before === null || (await isGone(dir, before, END_MS))) return;
  await run({ file: 's6-svc', args: ['-k', dir], limit: 10 });
  if (await isGone(dir, before, KILLED_MS)) return;
  throw new Hop3Error('HOP3_STILL_RUNNING', { what: `The server (process ${before}) did not end, not even by SIGKILL.`, next: 'It hangs in the kernel, most likely on a dead disk. The apps go on.' });
}

async function isGone(dir: string, pid: number, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while ((await serverPid(dir)) === pid) {
    if (performance.now() > end) return false;
    await delay(50);
  }
  return true;
}

async function serverPid(dir: string): Promise<number | null> {
  const answer = await run({ file: 's6-svstat', args: ['-o', 'pid', dir], limit: 10 });
  const pid = Number(answer.stdout.trim());
  return answer.code === 0 && pid > 0 ? pid : null;
}
