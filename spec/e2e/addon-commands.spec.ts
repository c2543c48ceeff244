// limit: 400
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addonPorts } from './addon-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { ECHO_WEB, runtime } from './tiny-apps.ts';
import { exec, World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>('hop3 addon');
const APP = runtime(ECHO_WEB);
const ADDONS = [['postgres', 'PostgreSQL'], ['mysql', 'MariaDB'], ['redis', 'Redis']] as const;

test.before(async (context) => {
  const world = await World.start({ HOP3_ADDON_PORTS: addonPorts() });
  context.world = world;
  for (const app of ['shop', 'other']) {
    const pushed = await (await world.repo(app, APP)).push();
    assert.is(pushed.code, 0, pushed.output);
  }
});
test.after(async ({ world }) => { await world.stop(); });

const answer = async (world: World, app: string) => JSON.parse((await world.get(app)).body) as Record<string, string>;

test('an addon is made for an app that is live, which restarts with its variables as a new release', async ({ world }) => {
  for (const [type, title] of ADDONS) {
    const made = await world.hop3('addon', 'create', type, '--app', 'shop');
    assert.is(made.code, 0, made.output);
    assert.match(made.stderr, `Making the addon shop-${type} (${title})`);
    assert.match(made.stderr, `shop-${type} is there; shop runs with it as v`);
  }
  const env = await answer(world, 'shop');
  for (const name of ['PGPASSWORD', 'MYSQL_PASSWORD', 'REDIS_URL']) assert.ok(env[name], name);
  const releases = await world.hop3('releases', '--app', 'shop');
  assert.match(releases.stdout, 'Create shop-redis');
  const listed = await world.hop3('addons', '--app', 'shop');
  assert.match(listed.stdout, /shop-mysql +mysql +shop +run by Hop3/);
});

test('a second one of a type has its name before its variables', async ({ world }) => {
  assert.is((await world.hop3('addon', 'create', 'postgres', '--name', 'reports', '--app', 'shop')).code, 0);
  const env = await answer(world, 'shop');
  assert.match(env['REPORTS_DATABASE_URL']!, /^postgresql:/);
  assert.is.not(env['REPORTS_PGDATABASE'], env['PGDATABASE']);
});

const FILL: Readonly<Record<string, readonly string[]>> = {
  postgres: ["CREATE TABLE t (n int primary key, s text); INSERT INTO t SELECT i, 'line ' || i || E'\\n\\t\\u00e9 \\\\' FROM generate_series(1, 500) i"],
  mysql: ['CREATE TABLE t (n int primary key, s text, b blob)', "INSERT INTO t VALUES (1, 'a\\n\\té \\\\', 0x00ff10), (2, NULL, NULL)"],
  redis: ['SET greeting "hello  world"', 'RPUSH list a b c', 'HSET hash field 1', 'SET later x EX 100000'],
};
const EMPTY: Readonly<Record<string, string>> = { postgres: 'DROP TABLE t', mysql: 'DROP TABLE t', redis: 'FLUSHDB' };

for (const [type] of ADDONS) {
  test(`${type}: what was dumped and restored is the same, byte for byte`, async ({ world }) => {
    const name = `shop-${type}`;
    const query = async (text: string) => {
      const ran = await world.hop3('addon', type, 'query', name, text, '--app', 'shop');
      assert.is(ran.code, 0, ran.output);
      return ran.stdout;
    };
    for (const text of FILL[type]!) await query(text);
    const file = join(world.home, `${type}.dump`);
    const dumped = await world.hop3('addon', type, 'dump', name, '--file', file, '--app', 'shop');
    assert.is(dumped.code, 0, dumped.output);
    await query(EMPTY[type]!);
    const restored = await world.hop3('addon', type, 'restore', name, '--file', file, '--app', 'shop', `--confirm=${name}`);
    assert.is(restored.code, 0, restored.output);
    const again = await world.hop3('addon', 'dump', name, '--app', 'shop');
    const [one, two] = [await readFile(file, 'utf8'), again.stdout].map((text) => text.split('\n').filter((line) => !/^\\(?:un)?restrict /.test(line)).sort().join('\n'));
    assert.is(two, one);
    assert.ok(one!.length > 100);
    // A dump that was cut changes nothing where the server can promise that.
    if (type === 'mysql') return;
    const cut = join(world.home, `${type}.cut`);
    await writeFile(cut, (await readFile(file, 'utf8')).slice(0, -40).replace(/COPY public\.t/, 'COPY public.nowhere'));
    const refused = await world.hop3('addon', 'restore', name, '--file', cut, '--app', 'shop', `--confirm=${name}`);
    assert.is(refused.code, 8, refused.output);
    assert.match(refused.stderr, '[HOP3_ADDON_RESTORE]');
    assert.match(refused.stderr, 'Nothing was changed');
    assert.match(await query(type === 'postgres' ? 'SELECT count(*) FROM t' : 'GET greeting'), type === 'postgres' ? '500' : 'hello  world');
  });
}

test('a wrong query is the database\'s own word and exit code 8', async ({ world }) => {
  const wrong = await world.hop3('addon', 'query', 'shop-postgres', 'SELEC 1', '--app', 'shop');
  assert.is(wrong.code, 8);
  assert.match(wrong.stderr, 'PostgreSQL refused the query: syntax error at or near "SELEC"');
});

test('a new password: the app restarts with it, and the old one opens nothing', async ({ world }) => {
  for (const [type] of ADDONS) {
    const before = await world.hop3('addon', 'credentials', `shop-${type}`, '--app', 'shop', '--json');
    const rotated = await world.hop3('addon', 'credentials', `shop-${type}`, '--rotate', '--app', 'shop');
    assert.is(rotated.code, 0, rotated.output);
    const after = await world.hop3('addon', 'credentials', `shop-${type}`, '--app', 'shop', '--json');
    const password = (ran: { stdout: string }) => Object.entries((JSON.parse(ran.stdout) as { variables: Record<string, string> }).variables).find(([name]) => name.endsWith('PASSWORD'))!;
    const [name, value] = password(after);
    assert.is.not(value, password(before)[1]);
    assert.is((await answer(world, 'shop'))[name], value);
    const shown = await world.hop3('addon', 'show', `shop-${type}`, '--app', 'shop');
    assert.is(shown.code, 0, shown.output);
  }
  const env = await answer(world, 'shop');
  const old = await exec('redis-cli', ['-p', env['REDIS_PORT']!, '--no-auth-warning', '-a', 'x', 'PING']);
  assert.match(old.output, /WRONGPASS|NOAUTH/);
});

test('attached to another app it gives the same database; detached it takes the variables away and keeps the data', async ({ world }) => {
  assert.is((await world.hop3('addon', 'attach', 'shop-postgres', '--app', 'other')).code, 0);
  assert.is((await answer(world, 'other'))['PGDATABASE'], (await answer(world, 'shop'))['PGDATABASE']);
  assert.is((await world.hop3('addon', 'detach', 'shop-postgres', '--app', 'other')).code, 0);
  assert.is((await answer(world, 'other'))['PGDATABASE'], undefined);
  assert.match((await world.hop3('addon', 'query', 'shop-postgres', 'SELECT count(*) FROM t', '--app', 'shop')).stdout, '500');
});

test('destroy asks for the name, and refuses what an app still has', async ({ world }) => {
  const kept = await world.hop3('addon', 'destroy', 'shop-postgres', '--confirm=shop-postgres');
  assert.match(kept.stderr, 'shop-postgres is attached to shop and was not destroyed.');
  assert.match(kept.stderr, 'hop3 addon detach shop-postgres --app shop');
  assert.is((await world.hop3('addon', 'detach', 'shop-reports', '--app', 'shop')).code, 0);
  const unsure = await world.hop3('addon', 'destroy', 'shop-reports');
  assert.is(unsure.code, 10);
  assert.is((await world.hop3('addon', 'destroy', 'shop-reports', '--confirm=shop-reports')).code, 0);
  assert.not.match((await world.hop3('addons')).stdout, 'shop-reports');
});

test("an app's token reaches its own addons and no other's", async ({ world }) => {
  const { token } = JSON.parse((await world.hop3('token', 'create', '--app', 'other', '--name', 'o', '--json')).stdout) as { token: string };
  assert.equal(JSON.parse((await world.api('/api/v1/addons', { token })).body), { addons: [] });
  for (const [method, path] of [['GET', '/shop/addons/shop-postgres/credentials'], ['GET', '/shop/addons/shop-postgres/dump'], ['POST', '/other/addons/shop-postgres/attach']] as const) {
    assert.is((await world.api(`/api/v1/apps${path}`, { method, token, ...(method === 'POST' ? { body: {} } : {}) })).status, 403, path);
  }
  // By way of its own app it is not there.
  for (const path of ['credentials', 'dump']) assert.is((await world.api(`/api/v1/apps/other/addons/shop-postgres/${path}`, { token })).status, 404);
});

test('a destroyed app leaves no database behind', async ({ world }) => {
  assert.is((await world.hop3('app', 'destroy', '--app', 'shop', '--confirm=shop')).code, 0);
  assert.equal((JSON.parse((await world.hop3('addons', '--json')).stdout) as { addons: unknown[] }).addons, []);
  const redis = world.processes().filter((one) => one.command.includes('redis-server'));
  assert.equal(redis, []);
});

test.run();
