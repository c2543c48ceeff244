import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setImmediate as otherWork } from 'node:timers/promises';
import { Hop3Error } from '../errors.ts';
import type { Paths } from '../paths.ts';
import { run, type Command } from '../run.ts';
import type { Settings } from '../settings.ts';
import type { Site } from './model.ts';
import { renderNginxConfig, type NginxConfig } from './nginx-config.ts';
import { bringIntoEffect } from './nginx-reload.ts';
import { syncPath } from './sync-tree.ts';

export type NginxSettings = Pick<Settings, 'httpListen'>;

/** A whole configuration that nginx has found good, beside the one in force. */
export interface Candidate {
  readonly probeHost: string;
  readonly generation: string;
  /** What `conf` names; null before the first configuration. */
  readonly before: string | null;
  /** Its directory; null when the one in force has these very bytes. */
  readonly dir: string | null;
}

/**
 * Writes the configuration of these sites, and no others, beside the one in force, and has nginx test it as a whole.
 * @throws Hop3Error HOP3_NGINX_REFUSED, with nginx's own line; nothing of it is left then
 */
export async function prepareConfig(paths: Paths, settings: NginxSettings, sites: () => readonly Site[]): Promise<Candidate> {
  await mkdir(join(paths.nginx, 'tmp'), { recursive: true, mode: 0o700 });
  const host = await probeHost(paths);
  const config = renderNginxConfig(paths, settings, sites(), host);
  const before = await readlink(join(paths.nginx, 'conf')).catch(() => null);
  const inForce = before === null ? null : join(paths.nginx, before);
  const same = inForce === null ? new Set<string>() : await unchangedFiles(inForce, config);
  const candidate = { probeHost: host, generation: config.generation, before };
  if (inForce !== null && same.size === config.files.size && (await hasNoOtherSite(inForce, config))) return { ...candidate, dir: null };
  const dir = await stage(paths, config, inForce, same);
  try {
    await check(paths, dir);
    return { ...candidate, dir };
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Puts a candidate in force: it takes the place of the one before by rename(2), and nginx is told if it has another. When nginx
 * does not take it, the one before is put back.
 * @returns whether nginx was told to reload
 * @throws Hop3Error HOP3_NGINX_REFUSED
 */
export async function putInForce(paths: Paths, settings: NginxSettings, { probeHost: host, generation, before, dir }: Candidate): Promise<boolean> {
  if (dir === null) return bringIntoEffect(paths, settings.httpListen, host, generation, false);
  try {
    await pointConf(paths, basename(dir));
    const reloaded = await bringIntoEffect(paths, settings.httpListen, host, generation, true);
    await removeOthers(paths, basename(dir));
    return reloaded;
  } catch (error) {
    if (before !== null) await pointConf(paths, before);
    else await rm(join(paths.nginx, 'conf'), { force: true });
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

/** The sites of the configuration in force; null when there is none, or its list was cut short by a crash. */
export async function sitesInForce(paths: Paths): Promise<Site[] | null> {
  try {
    const sites: unknown = JSON.parse(await readFile(join(paths.nginx, 'conf', 'sites.json'), 'utf8'));
    return Array.isArray(sites) ? (sites as Site[]) : null;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** A host name that only this HOP3_ROOT knows, made at the first call. nginx answers to it with its generation. */
export async function probeHost(paths: Paths): Promise<string> {
  const file = join(paths.nginx, 'probe-host');
  const known = await readFile(file, 'utf8').catch(() => '');
  if (/^[0-9a-f]{32}\.hop3\.invalid\n$/.test(known)) return known.trim();
  const made = `${randomBytes(16).toString('hex')}.hop3.invalid`;
  await writeFile(`${file}.new`, `${made}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return made;
}

/** `nginx -t` of a configuration directory. */
function testConfig(paths: Paths, dir: string): Command {
  return { file: 'nginx', args: ['-t', '-q', '-e', 'stderr', '-p', paths.nginx, '-c', join(dir, 'nginx.conf')], limit: 30 };
}

/** Files that are the same in the configuration in force are linked from there: one of a thousand is written. */
async function stage(paths: Paths, config: NginxConfig, inForce: string | null, same: ReadonlySet<string>): Promise<string> {
  const dir = await mkdtemp(join(paths.nginx, 'conf-'));
  await mkdir(join(dir, 'sites'), { mode: 0o700 });
  await inBatches(config.files, async ([name, text]) => {
    if (inForce !== null && same.has(name) && tryLink(join(inForce, name), join(dir, name))) return;
    await writeFile(join(dir, name), text, { mode: 0o600 });
  });
  // After a power cut `hop3 up` renders everything again from this one file; syncing all of a thousand would take seconds.
  await syncPath(join(dir, 'sites.json'));
  await syncPath(dir);
  return dir;
}

/** False where the file system has no further link for this file, or none at all. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}

async function check(paths: Paths, dir: string): Promise<void> {
  const tested = await run(testConfig(paths, dir));
  if (tested.code === 0) return;
  const refusal = tested.tail.find((line) => /\[(?:emerg|alert|crit)\]/.test(line)) ?? tested.tail.at(-1) ?? 'nginx -t said nothing';
  throw new Hop3Error('HOP3_NGINX_REFUSED', {
    what: 'nginx refused the new configuration, so the one before it stays in force.',
    why: refusal.replaceAll(`${dir}/`, ''),
    next: 'What was live answers as before. `hop3 status --server-log` and the file logs/nginx/current in HOP3_ROOT have more.',
  });
}

/** One rename: nginx finds the old directory or the new one, each whole. */
async function pointConf(paths: Paths, target: string): Promise<void> {
  const next = join(paths.nginx, 'conf.next');
  await rm(next, { force: true });
  await symlink(target, next);
  await rename(next, join(paths.nginx, 'conf'));
  await syncPath(paths.nginx);
}

async function removeOthers(paths: Paths, kept: string): Promise<void> {
  for (const name of await readdir(paths.nginx)) {
    if (!name.startsWith('conf-') || name === kept) continue;
    const sites = join(paths.nginx, name, 'sites');
    await inBatches(await readdir(sites).catch(() => []), (site) => rmSync(join(sites, site), { recursive: true, force: true }));
    await rm(join(paths.nginx, name), { recursive: true, force: true });
  }
}

/** The files that a directory has with these very bytes. All are read each time: one may have been edited by hand, or be cut short by a power cut. */
async function unchangedFiles(dir: string, config: NginxConfig): Promise<Set<string>> {
  const same = new Set<string>();
  await inBatches(config.files, ([name, text]) => {
    if (readOrNull(join(dir, name)) === text) same.add(name);
  });
  return same;
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

async function hasNoOtherSite(dir: string, config: NginxConfig): Promise<boolean> {
  const sites = await readdir(join(dir, 'sites')).catch(() => null);
  return sites?.length === [...config.files.keys()].filter((name) => dirname(name) === 'sites').length;
}

/** Files that are handled in one go, without a turn of the event loop for each: a few milliseconds at most. */
const BATCH = 50;

async function inBatches<Item>(items: Iterable<Item>, handle: (item: Item) => Promise<void> | void): Promise<void> {
  let count = 0;
  for (const item of items) {
    await handle(item);
    if (++count % BATCH === 0) await otherWork();
  }
}
