import { existsSync, lstatSync, readdirSync, type Stats } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Paths } from '../paths.ts';
import { isScanning } from '../runtime/supervise-service.ts';
import { rootProcesses } from '../runtime/supervisor-processes.ts';
import { fail, ok, warn, type Finding, type Look, type Surroundings } from './model.ts';

export const lookAtRoot: readonly Look[] = [
  { name: 'HOP3_ROOT', look: (surroundings) => permissions(surroundings) },
  { name: 'leftovers', look: ({ paths }) => [leftovers(paths)] },
];

/** All of it belongs to one user, and nobody else can enter it. */
function permissions({ paths, settings }: Surroundings): Finding[] {
  const root = statOf(paths.root);
  const me = userInfo();
  if (root === null) return [ok('HOP3_ROOT', `${paths.root} is not there yet; hop3 up makes it`)];
  if (root.uid !== me.uid) return [fail('HOP3_ROOT', `${paths.root} belongs to the user with the number ${root.uid}, and this is ${me.username} (${me.uid})`, `sudo chown -R ${me.username}: ${paths.root}\nOr look as that user: runuser -u hop3 -- hop3 doctor`)];
  const dirs = [paths.root, paths.run, paths.services, paths.ownServices, paths.nginx, paths.serverLogs, paths.repos, paths.apps, paths.addons].filter((path) => existsSync(path));
  const files = [paths.database, settings.secretKeyFile, settings.adminTokenFile].filter((path) => existsSync(path));
  const open = [...dirs, ...files].filter((path) => (statOf(path)!.mode & 0o077) !== 0);
  const foreign = [...dirs, ...files].filter((path) => statOf(path)!.uid !== me.uid);
  return [
    ...open.map((path) => fail('HOP3_ROOT', `${path} can be read by other users (mode ${(statOf(path)!.mode & 0o777).toString(8)})`, `chmod go= ${path}`)),
    ...foreign.map((path) => fail('HOP3_ROOT', `${path} belongs to the user with the number ${statOf(path)!.uid}`, `sudo chown ${me.username}: ${path}`)),
    ...(open.length + foreign.length === 0 ? [ok('HOP3_ROOT', `${paths.root}, ${me.username}'s alone`)] : []),
  ];
}

/** What a killed Hop3 or an unfinished restore left. */
function leftovers(paths: Paths): Finding {
  if (existsSync(paths.restoredManifest)) return warn('leftovers', 'a restore has not been finished: databases or apps are missing, and cron lines wait', 'hop3 backup finish');
  const unpacking = join(paths.root, '.restore');
  if (existsSync(unpacking)) return warn('leftovers', `${unpacking} is what a restore that was killed had unpacked`, `When no restore runs: rm -rf ${unpacking}`);
  if (existsSync(paths.services) && !isScanning(paths)) {
    const processes = rootProcesses(paths);
    if (processes.length > 0) return warn('leftovers', `no supervisor runs, but ${processes.length} of its processes do (${processes.slice(0, 3).map((one) => `${one.pid} ${one.name}`).join(', ')})`, 'hop3 up ends them and starts anew; hop3 down only ends them.');
    const checkouts = namesIn(paths.checkouts);
    if (checkouts.length > 0) return ok('leftovers', `${checkouts.length} checkouts of deploys that were cut; the next start removes them`);
  }
  return ok('leftovers', 'none');
}

function namesIn(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}

function statOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}
