// limit: 300
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { holders, variables, whenUp } from './addon-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { runtime, told } from './tiny-apps.ts';
import { exec, World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>('a database for an app: postgres');

test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world.stop(); });

/** Counts its visits in the database through psql; before-run makes the table. */
const COUNTER = {
  ...runtime(`workers.web = "\${pkgs.nodejs}/bin/node \${./web.mjs}";`),
  'web.mjs': `import { createServer } from 'node:http';
import { execFileSync } from 'node:child_process';
const sql = (text, url = process.env.DATABASE_URL) => execFileSync(process.env.PSQL, ['-XAtqc', text, url], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
createServer((request, response) => {
  try {
    const url = new URL(request.url, 'http://x');
    if (url.pathname === '/env') return response.end(JSON.stringify(process.env));
    if (url.pathname === '/other') return response.end(sql('SELECT 1', url.searchParams.get('url')));
    response.end(sql('INSERT INTO visits DEFAULT VALUES RETURNING id'));
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error.stderr ?? error));
  }
}).listen(process.env.PORT, process.env.BIND_ADDRESS);
`,
  'hop3.toml': `[run]
before-run = "$PSQL -Xqc 'CREATE TABLE IF NOT EXISTS visits (id serial primary key)' \\"$DATABASE_URL\\""

[env]
PSQL = "${await psql()}"

[healthcheck]
path = "/env"

[[addons]]
type = "postgres"
extensions = ["pg_trgm", "bloom"]
`,
};

/** Debian's psql is a wrapper that wants files under /etc; the real one lies beside the server. */
async function psql(): Promise<string> {
  return (await exec('sh', ['-c', 'ls -d /usr/lib/postgresql/*/bin/psql | sort -V | tail -n 1'])).stdout.trim();
}

test('the first push that asks for one gets a database, migrated before the release starts; the next keeps it', async ({ world }) => {
  const shop = await world.repo('shop', COUNTER);
  const pushed = await shop.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(told(pushed), /remote: -----> Making the addon shop-postgres \(PostgreSQL\)/);
  assert.match(told(pushed), 'remote:        PostgreSQL: making a server for this machine');
  assert.match(told(pushed), 'remote: -----> Running before-run:');
  assert.is((await world.get('shop')).body, '1');
  assert.is((await world.get('shop')).body, '2');
  await shop.commit('again', { 'note.txt': 'x\n' });
  const again = await shop.push();
  assert.is(again.code, 0, again.output);
  assert.not.match(told(again), 'Making the addon');
  assert.is((await world.get('shop')).body, '3');
  assert.is((await world.hop3('rollback', 'v1', '--app', 'shop')).code, 0);
  assert.is((await world.get('shop')).body, '4');
});

test('its password stands in no log, argument list or API answer', async ({ world }) => {
  const env = JSON.parse((await world.get('shop', '/env')).body) as Record<string, string>;
  const { PGPASSWORD: password } = env;
  assert.match(password!, /^[0-9a-f]{48}$/);
  assert.is(env['DATABASE_URL'], `postgresql://${env['PGUSER']}:${password}@127.0.0.1:${env['PGPORT']}/${env['PGDATABASE']}`);
  assert.equal(await holders(world, password!), []);
  const listed = await world.api('/api/v1/apps/shop', { token: await world.token() });
  assert.not.match(listed.body, password!);
});

test('another app has another database, and its credentials do not open this one', async ({ world }) => {
  const rival = await world.repo('rival', COUNTER);
  assert.is((await rival.push()).code, 0);
  assert.is((await world.get('rival')).body, '1');
  const [own, other] = [await variables(world, 'rival'), await variables(world, 'shop')];
  const url = `postgresql://${own['PGUSER']}:${own['PGPASSWORD']}@127.0.0.1:${own['PGPORT']}`;
  const ask = async (database: string) => (await world.get('rival', `/other?url=${encodeURIComponent(`${url}/${database}`)}`)).body;
  assert.is(await ask(own['PGDATABASE']!), '1');
  for (const database of [other['PGDATABASE']!, 'postgres', 'template1']) assert.match(await ask(database), /permission denied for database/);
});

test('after hop3 down and up the database is there again, with what was in it', async ({ world }) => {
  assert.is((await world.hop3('down')).code, 0);
  assert.is(world.processes().length, 0, JSON.stringify(world.processes()));
  await world.up();
  assert.is(await whenUp(world, 'shop'), '5');
});

test('an extension that is not allowed is refused by its name before anything is made', async ({ world }) => {
  const files = { ...COUNTER, 'hop3.toml': COUNTER['hop3.toml'].replace('pg_trgm', 'plpython3u') };
  const pushed = await (await world.repo('sly', files)).push();
  assert.is(pushed.code, 1);
  assert.match(told(pushed), 'asks for the PostgreSQL extension "plpython3u", which is not allowed here.');
  assert.match(told(pushed), '[HOP3_ADDON_EXTENSION]');
});

test.run();
