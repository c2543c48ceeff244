import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Paths } from '../paths.ts';

/** Where s6-log keeps what nginx says. */
function nginxLogDir(paths: Paths): string {
  return join(paths.serverLogs, 'nginx');
}

/** How often nginx was told to read its configuration again, as far back as its log goes. */
export async function reloadCount(paths: Paths): Promise<number> {
  return (await nginxLog(paths)).split('signal 1 (SIGHUP) received').length - 1;
}

/** nginx's last complaints, for a message. */
export async function nginxComplaints(paths: Paths, most = 3): Promise<string[]> {
  return (await nginxLog(paths)).split('\n').filter((line) => /\[(?:emerg|alert|crit)\]/.test(line)).slice(-most);
}

async function nginxLog(paths: Paths): Promise<string> {
  const dir = nginxLogDir(paths);
  const names = (await readdir(dir).catch(() => [])).filter((name) => name.startsWith('@')).sort();
  const texts = await Promise.all([...names, 'current'].map((name) => readFile(join(dir, name), 'utf8').catch(() => '')));
  return texts.join('');
}
