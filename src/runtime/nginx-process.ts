import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { Paths } from '../paths.ts';
import { reachableHost, type Address } from '../settings.ts';

export interface NginxWorker {
  readonly pid: number;
  /** False once it has been told to end: it finishes requests and takes no new ones. */
  readonly serving: boolean;
}

/** The pid of this HOP3_ROOT's nginx master; null when none runs. A pid file alone is not believed. */
export function nginxMaster(paths: Paths): number | null {
  const pid = Number(read(join(paths.nginx, 'nginx.pid')).trim());
  if (!Number.isInteger(pid) || pid <= 1) return null;
  if (!read(`/proc/${pid}/cmdline`).startsWith('nginx: master process')) return null;
  return read(`/proc/${pid}/cmdline`).includes(configFile(paths)) && isOwnDirectory(pid, paths) ? pid : null;
}

/** The file nginx is started with: `conf` is a symlink that is replaced when the configuration changes. */
export function configFile(paths: Paths): string {
  return join(paths.nginx, 'conf', 'nginx.conf');
}

/** The worker processes of a master. */
export function nginxWorkers(master: number): NginxWorker[] {
  return read(`/proc/${master}/task/${master}/children`).trim().split(' ').filter((word) => word !== '').flatMap((word) => {
    const title = read(`/proc/${word}/cmdline`);
    return title.startsWith('nginx: worker process') ? [{ pid: Number(word), serving: !title.includes('shutting down') }] : [];
  });
}

/** Which configuration nginx answers with; null when it does not answer within `limitMs`. */
export function askGeneration(listen: Address, probeHost: string, limitMs = 1000): Promise<string | null> {
  return new Promise((resolve) => {
    const call = request({ host: reachableHost(listen), port: listen.port, path: '/', agent: false, headers: { host: probeHost, connection: 'close' } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => { text = (text + chunk).slice(0, 1000); });
      response.on('end', () => finish(response.statusCode === 200 ? text.trim() : null));
      response.on('error', () => finish(null));
    });
    const timer = setTimeout(() => finish(null), limitMs);
    const finish = (answer: string | null) => {
      clearTimeout(timer);
      resolve(answer);
      call.destroy();
    };
    call.on('error', () => finish(null));
    call.end();
  });
}

/** The run script starts nginx in its service directory; an nginx elsewhere that got the pid after a crash is not ours. */
function isOwnDirectory(pid: number, paths: Paths): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${realpathSync(paths.root)}/`);
  } catch {
    return false;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // gone, or another user's
  }
}
