import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import * as assert from 'uvu/assert';
import type { AppName } from '../../src/names.ts';
import { otherSlot } from '../../src/paths.ts';
import { boundPorts } from '../../src/runtime/processes.ts';
import { liveSlot } from '../../src/runtime/slots.ts';
import { rootProcesses } from '../../src/runtime/supervisor-processes.ts';
import { textOf, type CrashWorld } from './crash-world.ts';
import { until, type Repo } from './world.ts';

/** One whole version, as all places tell it. */
export interface Version {
  readonly version: number;
  readonly commit: string;
}

type Row = Record<string, string | number | null>;

/** Reads the server's database as it is on disk. */
export function rows(crash: CrashWorld, sql: string, ...params: (string | number)[]): Row[] {
  const db = new BetterSqlite(crash.paths.database, { readonly: true });
  try {
    return db.prepare(sql).all(...params) as Row[];
  } finally {
    db.close();
  }
}

/** Waits until no deploy runs and every old release is gone: what follows looks at a server at rest. */
export async function settled(crash: CrashWorld, app: string): Promise<void> {
  const slot = () => liveSlot(crash.paths, app as AppName);
  await until(`${app} to come to rest`, () => {
    const live = slot();
    const idle = live === null ? [] : [crash.paths.slot(app as AppName, otherSlot(live))];
    return rows(crash, "SELECT 1 FROM builds WHERE status IN ('running', 'built') AND ended_at IS NULL").length === 0 && idle.every((dir) => !existsSync(dir));
  }, 30);
}

/** Branch, record, `current`, the running workers and the answers are of one version; gives it. */
export async function agreeOnOneVersion(crash: CrashWorld, repo: Repo, { branch = 'main', webs = 1 } = {}): Promise<Version> {
  const { paths, world } = crash;
  const app = crash.appName(repo);
  const [record] = rows(crash, `SELECT r.version, r.slot, r.state, b.commit_id, b.store_path FROM apps a JOIN releases r ON r.app = a.name AND r.version = a.live
    JOIN builds b ON b.app = r.app AND b.number = r.build WHERE a.name = ?`, app);
  assert.ok(record, `${app} has no live release`);
  const { version, commit_id: commit } = record as { version: number; commit_id: string };
  const slot = liveSlot(paths, app);
  assert.is(slot, record['slot'], `current names slot ${slot}, the record ${record['slot']}`);
  assert.is(await world.branch(app, branch), commit, 'the branch names another commit than the record');
  assert.is(readlinkSync(join(paths.slot(app, slot!), 'release')), record['store_path'], 'the live slot holds another build');

  const services = readdirSync(paths.services).filter((name) => name.startsWith(`${app}.`)).sort();
  assert.equal(services, Array.from({ length: webs }, (_none, index) => `${app}.${slot}.web.${index + 1}`));
  assert.is(readFileSync(join(paths.services, services[0]!, 'env/HOP3_RELEASE'), 'utf8').trim(), `v${version}`);
  const text = await repo.git('show', `${commit}:text`);
  let answer = '';
  await until(`${app} to answer as v${version}`, async () => { answer = (await world.get(app).catch(() => null))?.body ?? ''; return answer.startsWith(text); }, 15)
    .catch((error: Error) => { throw new Error(`${error.message}; it answers ${answer}`); });
  assert.is(textOf(answer), text);
  assert.match(answer, ` | v${version} | `);
  const listed = await world.hop3('releases', '--app', app);
  assert.match(listed.output, new RegExp(`v${version}\\b`));
  return { version, commit };
}

/** No lock, no process, no file, no port of a deploy that was cut off. */
export function nothingLeft(crash: CrashWorld, repo: Repo): void {
  const { paths } = crash;
  const app = crash.appName(repo);
  const live = liveSlot(paths, app);
  assert.equal(rows(crash, "SELECT app FROM releases WHERE state = 'switching'"), []);
  assert.equal(rows(crash, "SELECT number FROM builds WHERE status IN ('running', 'built') AND ended_at IS NULL"), []);

  // An app's last checkout is kept on purpose; the one of a deploy that was cut off is not.
  const files = readdirSync(paths.root, { recursive: true, encoding: 'utf8' }).filter((name) => !/^apps\/[^/]+\/data\//.test(name));
  assert.equal(files.filter((name) => /^repos\/.*(?:\.lock$|incoming-)|\.new$|\.next$|^checkouts\/(?![^./]+\.kept\.)|\/one-offs\/.|^repos\/[^/]+\.git\/objects\/pack\/tmp_/.test(name)), []);
  if (live !== null) assert.not.ok(existsSync(paths.slot(app, otherSlot(live))), 'the idle slot is not empty');
  const roots = existsSync(paths.roots(app)) ? readdirSync(paths.roots(app)).map(Number) : [];
  const kept = rows(crash, 'SELECT DISTINCT root FROM builds WHERE app = ? AND root IS NOT NULL', app).map((row) => row['root']);
  assert.equal(roots.filter((root) => !kept.includes(root)), [], 'GC roots that no build has');

  // More than one for a moment: a child that is not yet the program it becomes.
  const servers = rootProcesses(paths).filter((one) => one.command.endsWith('dist/server.js')).map((one) => one.pid);
  // What the server does by itself after a deploy (letting go of old builds) is nobody's left-over.
  const strangers = rootProcesses(paths).filter((one) => !servers.includes(one.parent) && !/^(?:s6-supervise|s6-svscan|s6-log|tini|bwrap|nginx|env|redis-server|postgres|sh|node|setpriv)/.test(one.name));
  assert.equal(strangers.map((one) => one.command), [], 'processes that nobody waits for');
  const workers = rootProcesses(paths).filter((one) => one.name === 'node' && one.command.includes('web.mjs'));
  assert.is(workers.length, rows(crash, 'SELECT name FROM apps WHERE live IS NOT NULL').length, 'one worker an app');

  const ports = rows(crash, 'SELECT slot, process, instance FROM ports WHERE app = ? ORDER BY slot', app);
  assert.equal(ports, [{ slot: 'a', process: 'web', instance: 1 }, { slot: 'b', process: 'web', instance: 1 }]);
  assert.equal(rows(crash, 'SELECT number FROM fixed_ports'), [], 'fixed ports that no live release asks for');
  assert.equal(rows(crash, 'SELECT host FROM domains'), [], 'names that no live release asks for');
  assert.equal(rows(crash, 'SELECT process FROM scale'), [], 'a scale that nothing runs with');
  const own = rows(crash, 'SELECT port FROM ports').map((row) => Number(row['port']));
  const bound = boundPorts(workers.map((one) => one.pid)).map((one) => one.port);
  assert.equal(bound.filter((port) => !own.includes(port)), [], 'ports that workers hold without having them');
}
