// limit: 400
import { existsSync, readdirSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Holds } from './holds.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { ECHO_WEB, runtime } from './tiny-apps.ts';
import { exec, until, World, type Ran } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; holds: Holds }>('hop3 addon');
// Files in its data directory tell before-run to fail, or to wait.
const APP = {
  ...runtime(ECHO_WEB),
  'hop3.toml': '[run]\nbefore-run = "test ! -e refuse || exit 1; touch waits; while test -e wait; do sleep 0.1; done; rm waits"\n',
};
const ADDONS = [['postgres', 'PostgreSQL'], ['mysql', 'MariaDB'], ['redis', 'Redis']] as const;

test.before(async (context) => {
  context.holds = new Holds();
  const world = await World.start(context.holds.env);
  context.world = world;
  for (const app of ['shop', 'other']) {
    const pushed = await (await world.repo(app, APP)).push();
    assert.is(pushed.code, 0, pushed.output);
  }
});
test.after(async ({ world, holds }) => {
  await world.stop();
  holds.remove();
});

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

/** Whether a database lets somebody in with these variables of its addon, asked by its own client. */
async function opens(type: string, variables: Readonly<Record<string, string>>): Promise<boolean> {
  const { PATH } = process.env as { PATH: string };
  const v = (name: string) => variables[name]!;
  const clients: Readonly<Record<string, () => Promise<Ran>>> = {
    postgres: () => exec('psql', ['-w', '-Atc', 'SELECT count(*) FROM t'], { env: { PATH, ...variables } }),
    mysql: () => exec('mariadb', ['--no-defaults', '-h', v('MYSQL_HOST'), '-P', v('MYSQL_PORT'), '-u', v('MYSQL_USER'), v('MYSQL_DATABASE'), '-e', 'SELECT count(*) FROM t'], { env: { PATH, MYSQL_PWD: v('MYSQL_PASSWORD') } }),
    redis: () => exec('redis-cli', ['-p', v('REDIS_PORT'), 'GET', 'greeting'], { env: { PATH, REDISCLI_AUTH: v('REDIS_PASSWORD') } }),
  };
  const ran = await clients[type]!();
  return ran.code === 0 && !/NOAUTH|WRONGPASS|AUTH failed/.test(ran.output);
}

const credentials = async (world: World, type: string) =>
  (JSON.parse((await world.hop3('addon', 'credentials', `shop-${type}`, '--app', 'shop', '--json')).stdout) as { variables: Record<string, string> }).variables;
const passwordOf = (variables: Readonly<Record<string, string>>) => Object.entries(variables).find(([name]) => name.endsWith('PASSWORD'))!;

test('a new password: the old one works until the release that has it is gone, and not a moment longer than that', async ({ world }) => {
  const data = join(world.root, 'apps/shop/data');
  for (const [type] of ADDONS) {
    // PostgreSQL has two roles that take turns.
    for (let round = 0; round < (type === 'postgres' ? 2 : 1); round += 1) {
      const before = await credentials(world, type);
      assert.ok(await opens(type, before), `${type} lets the app in`);
      await writeFile(join(data, 'wait'), '');
      const rotating = world.hop3('addon', 'credentials', `shop-${type}`, '--rotate', '--app', 'shop');
      await until('before-run of the new release', () => existsSync(join(data, 'waits')));
      const meanwhile = await opens(type, before);
      await rm(join(data, 'wait'));
      const rotated = await rotating;
      assert.ok(meanwhile, `${type}: the live release has the old one`);
      assert.is(rotated.code, 0, rotated.output);
      const after = await credentials(world, type);
      const [name, value] = passwordOf(after);
      assert.is.not(value, passwordOf(before)[1]);
      assert.is((await answer(world, 'shop'))[name], value);
      assert.ok(await opens(type, after), `${type}: the new one opens`);
      await until(`${type}: the old one opens nothing`, async () => !(await opens(type, before)), 60);
      assert.ok(await opens(type, after));
      const shown = await world.hop3('addon', 'show', `shop-${type}`, '--app', 'shop');
      assert.is(shown.code, 0, shown.output);
    }
  }
});

test('a new password whose release does not come up: the old one stays, alone', async ({ world }) => {
  for (const [type] of ADDONS) {
    const before = await credentials(world, type);
    await writeFile(join(world.root, 'apps/shop/data/refuse'), '');
    const refused = await world.hop3('addon', 'credentials', `shop-${type}`, '--rotate', '--app', 'shop');
    assert.is(refused.code, 8, refused.output);
    assert.match(refused.stderr, 'before-run failed: exit code 1');
    await rm(join(world.root, 'apps/shop/data/refuse'));
    assert.equal(await credentials(world, type), before);
    assert.ok(await opens(type, before));
    assert.is((await world.hop3('restart', '--app', 'shop')).code, 0);
    const [name, value] = passwordOf(before);
    assert.is((await answer(world, 'shop'))[name], value);
  }
});

test('a new password for what two apps have: the other one runs on with the old until it is restarted', async ({ world, holds }) => {
  await until('one release of shop alone', () => readdirSync(join(world.root, 'apps/shop/slots')).length === 1);
  // The release of the other app that has no addon yet still ends when the password changes.
  holds.hold('old release stopped');
  assert.is((await world.hop3('addon', 'attach', 'shop-postgres', '--app', 'other')).code, 0);
  await holds.reached('old release stopped');
  const before = await credentials(world, 'postgres');
  const rotated = await world.hop3('addon', 'credentials', 'shop-postgres', '--rotate', '--app', 'shop');
  assert.is(rotated.code, 0, rotated.output);
  assert.match(rotated.stderr, 'other has shop-postgres too, and runs on with the old password, which works until then: hop3 restart --app other');
  holds.release('old release stopped');
  const again = await world.hop3('addon', 'credentials', 'shop-postgres', '--rotate', '--app', 'shop');
  assert.is(again.code, 6, again.output);
  assert.match(again.stderr, 'shop-postgres got a new password before, and other has not been started with it yet.');
  assert.ok(await opens('postgres', before));
  assert.is((await world.hop3('restart', '--app', 'other')).code, 0);
  await until('the old one opens nothing', async () => !(await opens('postgres', before)), 60);
  assert.is((await answer(world, 'other'))['PGPASSWORD'], (await credentials(world, 'postgres'))['PGPASSWORD']);
  assert.ok(await opens('postgres', await credentials(world, 'postgres')));
  assert.is((await world.hop3('addon', 'detach', 'shop-postgres', '--app', 'other')).code, 0);
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
  assert.is((await world.hop3('addon', 'destroy', 'shop-reports', '--yes')).code, 0, 'the name was typed');
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
