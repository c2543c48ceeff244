// limit: 400
import { readdirSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Paths } from '../../src/paths.ts';
import { reloadCount } from '../../src/runtime/nginx-apply.ts';
import { migrations } from '../../src/store/migrations.ts';
import { Hop3Trees, withMigration } from './hop3-trees.ts';
import { load } from './load-clients.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { site } from './tiny-apps.ts';
import { CHECKOUT, exec, until, World, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; trees: Hop3Trees; old: string; static: Repo; web: Repo }>('a newer version takes over, and no app stops answering');

/** The first code whose schema was later changed: schema 1, with variables as they are in the database. */
const OLD = 'c5b68b1';
const NEWEST = migrations.length;

test.before(async (context) => {
  context.trees = new Hop3Trees(await mkdtemp('/var/tmp/hop3-trees-'));
  const old = await context.trees.ofCommit(OLD);
  context.old = old ?? (await context.trees.changed('other', { server: (text) => `${text}\n// other bytes\n` }));
  const world = await World.start({}, context.old);
  context.world = world;
  context.static = await world.repo('page', site('mark-1'));
  context.web = await world.repo('shop', 'test-apps-nix/node-http');
  for (const repo of [context.static, context.web]) {
    const pushed = await repo.push();
    assert.is(pushed.code, 0, pushed.output);
  }
  const set = await world.hop3('env', 'set', 'API_KEY=of-the-old-days', '--app', 'shop');
  assert.is(set.code, 0, set.output);
  await until('the release before the variable to end', async () => (await untouched(world)).length === 2);
  // From here on `hop3` is the new one, as after an installation.
  world.code = CHECKOUT;
});
test.after(async ({ world, trees }) => {
  await world.stop();
  await trees.remove();
});

/** Processes that an upgrade must leave alone: nginx and the apps' own. */
async function untouched(world: World): Promise<string[]> {
  const pid = async (name: string) => (await exec('s6-svstat', ['-o', 'pid', join(world.root, 'services', name)], { env: world.env })).stdout.trim();
  const names = readdirSync(join(world.root, 'services')).filter((name) => !name.startsWith('.') && name !== 'server');
  return Promise.all(names.sort().map(async (name) => `${name} ${await pid(name)}`));
}

function schema(world: World): number {
  const db = new BetterSqlite(join(world.root, 'hop3.db'), { readonly: true });
  try {
    return db.pragma('user_version', { simple: true }) as number;
  } finally {
    db.close();
  }
}

/** Clients of both apps while `work` is done; gives its result when none of them saw anything but 200. */
async function underLoad<T>(world: World, work: () => Promise<T>, likeBrowsers = false): Promise<T> {
  const loads = [load(world, 'page', 3, /mark-\d+/, likeBrowsers), load(world, 'shop', 3, /^/, likeBrowsers)];
  const result = await work().catch(async (error: unknown) => {
    await Promise.all(loads.map((one) => one.stop()));
    throw error;
  });
  for (const { answers, failures } of await Promise.all(loads.map((one) => one.stop()))) {
    assert.equal(failures, []);
    assert.ok(answers > 20, `${answers} answers`);
  }
  return result;
}

test('hop3 up in the foreground says how to upgrade what runs', async ({ world }) => {
  const up = await world.hop3('up');
  assert.is(up.code, 6, up.output);
  assert.match(up.output, 'It is another version than this one. To replace its server while the apps go on: hop3 up --detach');
});

test('hop3 up --detach replaces the server alone, keeps a copy of the database and migrates it', async ({ world, old }) => {
  const before = { untouched: await untouched(world), server: await world.serverPid(), schema: schema(world) };
  // Its nginx has another configuration, so nginx reloads once.
  const up = await underLoad(world, () => world.hop3('up', '--detach'), true);
  assert.is(up.code, 0, up.output);
  assert.match(up.output, `hop3: another version runs (${old}); its server is replaced, the apps go on\n`);
  assert.match(up.output, `hop3: ready http://127.0.0.1:${world.port}\n`);
  assert.is.not(await world.serverPid(), before.server);
  assert.equal(await untouched(world), before.untouched);
  assert.is(schema(world), NEWEST);

  const copies = join(world.root, 'database-copies');
  if (before.schema === NEWEST) return;
  assert.is(before.schema, 1);
  const files = readdirSync(copies);
  assert.is(files.length, 1, files.join(' '));
  assert.match(files[0]!, /^hop3-schema1-\d{8}T\d{6}\.\d{3}Z\.db$/);
  assert.is(statSync(join(copies, files[0]!)).mode & 0o777, 0o600);
  assert.is(statSync(copies).mode & 0o777, 0o700);
  const copy = new BetterSqlite(join(copies, files[0]!), { readonly: true });
  assert.equal(copy.prepare('SELECT name, branch, live FROM apps ORDER BY name').all(), [{ name: 'page', branch: 'main', live: 1 }, { name: 'shop', branch: 'main', live: 2 }]);
  assert.is(copy.pragma('quick_check', { simple: true }), 'ok');
  copy.close();
});

test('what the old version kept is there: variables, releases, a rollback, the next push', async ({ world, web, static: page }) => {
  assert.match((await world.hop3('env', 'get', 'API_KEY', '--app', 'shop')).stdout, 'of-the-old-days');
  const back = await underLoad(world, () => world.hop3('rollback', 'v1', '--app', 'shop'));
  assert.is(back.code, 0, back.output);
  await page.commit('second', site('mark-2'));
  const pushed = await page.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await world.get('page')).body, 'mark-2\n');
  await web.commit('nothing new');
  const again = await web.push();
  assert.is(again.code, 0, again.output);
});

test('the same version again is no upgrade', async ({ world }) => {
  const pid = await world.serverPid();
  const up = await world.hop3('up', '--detach');
  assert.is(up.code, 0, up.output);
  assert.match(up.output, /it runs already\nhop3: ready/);
  assert.is(await world.serverPid(), pid);
});

test('a migration that fails in the rehearsal changes nothing', async ({ world, trees }) => {
  const bad = withMigration('CREATE TABLE apps (x TEXT) STRICT');
  world.code = await trees.changed('bad-migration', { server: bad, cli: bad });
  const pid = await world.serverPid();
  const up = await underLoad(world, () => world.hop3('up', '--detach'));
  world.code = CHECKOUT;
  assert.is(up.code, 7, up.output);
  assert.match(up.output, `could not be brought from schema ${NEWEST} to ${NEWEST + 1}: table apps already exists`);
  assert.match(up.output, 'It is as it was: the whole change is one transaction, which was taken back.');
  assert.match(up.output, 'Start the Hop3 from before the upgrade again (docs/operations.md, "Going back")');
  assert.is(await world.serverPid(), pid);
  assert.is(schema(world), NEWEST);
  assert.not.match(readdirSync(join(world.root, 'database-copies')).join(' '), 'rehearsal');
});

test('a new server that dies gives way to the old one, whose database is as it was', async ({ world, trees }) => {
  world.code = await trees.changed('bad-server', { server: withMigration('CREATE TABLE apps (x TEXT) STRICT') });
  const up = await underLoad(world, () => world.hop3('up', '--detach'));
  world.code = CHECKOUT;
  assert.is(up.code, 7, up.output);
  assert.match(up.output, 'The new server did not take over: The server did not answer');
  assert.match(up.output, 'table apps already exists');
  assert.match(up.output, 'The server from before was started again and answers; the database is as it was, and the apps went on.');
  assert.is(schema(world), NEWEST);
  assert.is((await world.hop3('status')).code, 0);
  assert.match((await world.hop3('up', '--detach')).output, 'it runs already');
});

test('a database of a newer version is refused before anything is touched; the way back is told', async ({ world, trees }) => {
  const added = withMigration('CREATE TABLE extra (x TEXT) STRICT');
  world.code = await trees.changed('newer', { server: added, cli: added });
  const reloads = await reloadCount(new Paths(world.root));
  const newer = await underLoad(world, () => world.hop3('up', '--detach'));
  assert.is(newer.code, 0, newer.output);
  assert.is(await reloadCount(new Paths(world.root)), reloads);
  assert.is(schema(world), NEWEST + 1);
  const pid = await world.serverPid();

  world.code = CHECKOUT;
  const up = await underLoad(world, () => world.hop3('up', '--detach'));
  assert.is(up.code, 7, up.output);
  assert.match(up.output, `has schema ${NEWEST + 1}, and this Hop3 knows schemas up to ${NEWEST}.`);
  assert.match(up.output, 'restore the copy that it made before its upgrade (docs/operations.md, "Going back")');
  assert.is(await world.serverPid(), pid);

  // As docs/operations.md tells it.
  await world.hop3('down');
  const copies = readdirSync(join(world.root, 'database-copies')).filter((name) => name.startsWith(`hop3-schema${NEWEST}-`));
  const sh = await exec('sh', ['-c', `cd ${world.root} && rm -f hop3.db hop3.db-wal hop3.db-shm && cp -p database-copies/${copies.at(-1)} hop3.db`], { env: world.env });
  assert.is(sh.code, 0, sh.output);
  await world.up();
  assert.is(schema(world), NEWEST);
  await until('the apps to answer', async () => (await world.get('shop').catch(() => null))?.status === 200 && (await world.get('page')).status === 200);
});

test.run();
