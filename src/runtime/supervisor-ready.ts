import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Hop3Error } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { baseUrl, formatAddress, reachableHost, type Settings } from '../settings.ts';
import { askGeneration } from './nginx-process.ts';
import { probeHost } from './nginx-staged.ts';
import { OWN_SERVICES, type OwnService } from './supervisor-services.ts';

/** Seconds until server and nginx have to answer; together they take about one. */
const READY_LIMIT = 30;
const LOG_LINES = 6;

export interface UpWait {
  /** Seconds. */
  readonly limit?: number | undefined;
  /** A sentence once the supervisor is gone. */
  readonly ended?: () => string | null;
  readonly signal?: AbortSignal | undefined;
  /** Deaths of the server after which another start is not hoped for; without it there is no such number. */
  readonly mostDeaths?: number;
}

/**
 * Waits until the server answers `GET /healthz` and nginx answers with its configuration.
 * @throws Hop3Error HOP3_NOT_READY that says which is missing, with the last lines of its log; and at once when `ended`
 * says that the supervisor itself is gone
 */
export async function waitUntilUp(paths: Paths, settings: Pick<Settings, 'listen' | 'httpListen' | 'tls'>, options: UpWait = {}): Promise<void> {
  const limit = options.limit ?? READY_LIMIT;
  const end = performance.now() + limit * 1000;
  const host = await probeHost(paths);
  const deathsBefore = await serverDeaths(paths);
  for (;;) {
    const [server, nginx] = await Promise.all([isHealthy(settings), askGeneration(settings.httpListen, host)]);
    if (server && nginx !== null) return;
    const ended = options.ended?.() ?? null;
    if (ended !== null) throw new Hop3Error('HOP3_NOT_READY', { what: ended });
    if (options.signal?.aborted) throw new Hop3Error('HOP3_INTERRUPTED', { what: 'Stopped before everything was ready.' });
    const dies = options.mostDeaths !== undefined && (await serverDeaths(paths)) - deathsBefore >= options.mostDeaths;
    if (dies || performance.now() > end) {
      const missing: OwnService[] = OWN_SERVICES.filter((name) => (name === 'server' ? !server : nginx === null));
      throw await notReady(paths, settings, missing, dies ? `and ended ${options.mostDeaths} times` : `within ${limit} s`);
    }
    await delay(100);
  }
}

async function notReady(paths: Paths, settings: Pick<Settings, 'listen' | 'httpListen' | 'tls'>, missing: readonly OwnService[], how: string): Promise<Hop3Error> {
  const asked = { server: `the server did not answer GET ${baseUrl(settings)}/healthz`, nginx: `nginx did not answer at ${formatAddress(settings.httpListen)}` };
  const said = await Promise.all(missing.map(async (name) => {
    const lines = await lastLines(join(paths.serverLogs, name, 'current'));
    return lines.length > 0 ? `The last lines of ${name}:\n${lines.join('\n')}` : `${name} has written nothing.`;
  }));
  const what = missing.map((name) => asked[name]).join(', and ');
  return new Hop3Error('HOP3_NOT_READY', { what: `${what.charAt(0).toUpperCase()}${what.slice(1)} ${how}.`, why: said.join('\n') });
}

/** As its finish script writes them down. */
async function serverDeaths(paths: Paths): Promise<number> {
  const text = await readFile(join(paths.serverLogs, 'server', 'current'), 'utf8').catch(() => '');
  return text.split('hop3: server ended ').length - 1;
}

/** Of a certificate nothing is asked here: only whether it is served. No token is shown. */
function isHealthy({ listen, tls }: Pick<Settings, 'listen' | 'tls'>): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = { host: reachableHost(listen), port: listen.port, path: '/healthz', agent: false as const, timeout: 2000 };
    const call = (tls ? https.get : http.get)({ ...asked, rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(false));
    call.on('close', () => resolve(false));
  });
}

async function lastLines(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line.trim() !== '').slice(-LOG_LINES).map((line) => line.slice(0, 400));
}
