// limit: 400
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { holders, variables, whenUp } from './addon-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { runtime, told } from './tiny-apps.ts';
import { World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>('a database for an app: mysql and redis');

test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world.stop(); });

/** Counts its visits with a client program of the distribution; `/run` gives any command of the client. */
function counter(type: string, client: string, count: string): Record<string, string> {
  return {
    ...runtime(`workers.web = "\${pkgs.nodejs}/bin/node \${./web.mjs}";`),
    'web.mjs': `import { createServer } from 'node:http';
import { execFileSync } from 'node:child_process';
const E = process.env;
const client = (url, text) => { ${client} };
createServer((request, response) => {
  try {
    const url = new URL(request.url, 'http://x');
    if (url.pathname === '/env') return response.end(JSON.stringify(E));
    if (url.pathname === '/run') return response.end(client(url.searchParams, url.searchParams.get('text')));
    response.end(${count});
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error.stderr || error));
  }
}).listen(E.PORT, E.BIND_ADDRESS);
`,
    'hop3.toml': `[healthcheck]\npath = "/env"\n\n[[addons]]\ntype = "${type}"\n`,
  };
}

const MYSQL = counter('mysql', `return execFileSync('/usr/bin/mariadb', ['--no-defaults', '-h', E.MYSQL_HOST, '-P', E.MYSQL_PORT, '-u', E.MYSQL_USER, '-BN', url?.get('database') ?? E.MYSQL_DATABASE],
  { input: text, env: { ...E, MYSQL_PWD: E.MYSQL_PASSWORD }, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] }).trim();`,
"client(null, 'CREATE TABLE IF NOT EXISTS visits (id int auto_increment primary key); INSERT INTO visits () VALUES (); SELECT max(id) FROM visits')");

const REDIS = counter('redis', `const out = execFileSync('/usr/bin/redis-cli', ['--no-auth-warning', '-u', url?.get('url') ?? E.REDIS_URL, ...text.split(' ')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  if (/^(ERR|NOPERM|WRONGPASS|NOAUTH|AUTH failed)/.test(out)) throw new Error(out); return out;`, "client(null, 'INCR visits')");

for (const [type, title, files, secret] of [['mysql', 'MariaDB', MYSQL, 'MYSQL_PASSWORD'], ['redis', 'Redis', REDIS, 'REDIS_PASSWORD']] as const) {
  test(`${type}: made at the first push, kept by the next, by a rollback and over hop3 down and up`, async ({ world }) => {
    const app = `shop-${type}`;
    const shop = await world.repo(app, files);
    const pushed = await shop.push();
    assert.is(pushed.code, 0, pushed.output);
    assert.match(told(pushed), `remote: -----> Making the addon ${app}-${type} (${title})`);
    assert.is((await world.get(app)).body, '1');
    await shop.commit('again', { 'note.txt': 'x\n' });
    assert.is((await shop.push()).code, 0);
    assert.is((await world.get(app)).body, '2');
    assert.is((await world.hop3('rollback', '--app', app)).code, 0);
    assert.is((await world.get(app)).body, '3');
    assert.is((await world.hop3('down')).code, 0);
    assert.is(world.processes().length, 0, JSON.stringify(world.processes()));
    await world.up();
    assert.is(await whenUp(world, app), '4');
  });

  test(`${type}: the password stands in no file but the worker's own environment, and in no argument list`, async ({ world }) => {
    const env = await variables(world, `shop-${type}`);
    assert.equal(await holders(world, env[secret]!), []);
  });
}

test('mysql: an app cannot see or open another app\'s database, nor the server\'s files', async ({ world }) => {
  assert.is((await (await world.repo('rival', MYSQL)).push()).code, 0);
  const other = (await variables(world, 'shop-mysql'))['MYSQL_DATABASE']!;
  const run = async (text: string, database?: string) => (await world.get('rival', `/run?text=${encodeURIComponent(text)}${database === undefined ? '' : `&database=${database}`}`)).body;
  assert.match(await run('SELECT 1', other), /Access denied/);
  assert.match(await run('SELECT 1', 'mysql'), /Access denied/);
  // GRANT's pattern characters: a database whose name fits when _ means any character.
  assert.match(await run(`CREATE DATABASE \`${(await variables(world, 'rival'))['MYSQL_DATABASE']!.replaceAll('_', 'x')}\``), /Access denied/);
  assert.not.match(await run('SHOW DATABASES'), other);
  assert.match(await run("SELECT 'x' INTO OUTFILE '/tmp/hop3-outfile'"), /Access denied|secure-file-priv/);
});

test('redis: an app cannot reach another app\'s redis, change its own one\'s configuration or write files with it', async ({ world }) => {
  assert.is((await (await world.repo('rival-redis', REDIS)).push()).code, 0);
  const [own, other] = [await variables(world, 'rival-redis'), await variables(world, 'shop-redis')];
  const run = async (text: string, url?: string) => (await world.get('rival-redis', `/run?text=${encodeURIComponent(text)}${url === undefined ? '' : `&url=${encodeURIComponent(url)}`}`)).body;
  assert.is(own['REDIS_PORT'] === other['REDIS_PORT'], false);
  assert.match(await run('GET visits', `redis://default:${own['REDIS_PASSWORD']}@127.0.0.1:${other['REDIS_PORT']}/0`), /WRONGPASS|NOAUTH/);
  for (const command of ['CONFIG SET dir /tmp', 'SAVE', 'MODULE LIST', 'DEBUG SLEEP 0', 'ACL LIST', 'REPLICAOF no one', 'SHUTDOWN']) assert.match(await run(command), /NOPERM|not allowed/, command);
  assert.is(await run('SET greeting hello'), 'OK');
  assert.is(await run('KEYS *'), 'greeting');
});

test.run();
