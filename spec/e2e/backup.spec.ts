// limit: 400
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import BetterSqlite from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { load } from './load-clients.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { ECHO_WEB, runtime, site } from './tiny-apps.ts';
import { exec, World, type Ran, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; shop: Repo; page: Repo; file: string; token: string; kept: string }>('the whole server in a file, and back');

const PASSPHRASE = 'correct horse battery staple';
const SECRET = 'a-secret-of-the-shop';
/** No other run has built this page. */
const PAGE = `mark-1 ${Date.now()}`;

test.before(async (context) => {
  const world = await World.start();
  context.world = world;
  context.shop = await world.repo('shop', { ...runtime(ECHO_WEB), 'hop3.toml': '[[addons]]\ntype = "postgres"\n' });
  context.page = await world.repo('page', site(PAGE));
  for (const repo of [context.shop, context.page]) {
    const pushed = await repo.push();
    assert.is(pushed.code, 0, pushed.output);
  }
  writeFileSync(join(world.root, 'apps/shop/data/notes.txt'), 'written by the app\n');
  const steps = [
    ['addon', 'query', 'shop-postgres', 'CREATE TABLE orders AS SELECT 7 AS id', '--app', 'shop'],
    ['env', 'set', `API_KEY=${SECRET}`, '--app', 'shop'],
    ['domains', 'add', 'www.shop.example', '--app', 'shop'],
  ];
  for (const step of steps) ok(await world.hop3(...step));
  context.token = ok(await world.hop3('token', 'create', '--app', 'shop', '--name', 'ci', '--json')).stdout;
  context.token = (JSON.parse(context.token) as { token: string }).token;
  context.file = join(world.home, 'monday.hop3');
  // Kept apart, as the command says.
  context.kept = join(world.home, 'kept.key');
  writeFileSync(context.kept, readFileSync(join(world.root, 'secret.key')), { mode: 0o600 });
  writeFileSync(join(world.home, 'passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
  writeFileSync(join(world.home, 'other'), 'another passphrase\n', { mode: 0o600 });
});
test.after(async ({ world }) => { await world.stop(); });

function ok(ran: Ran): Ran {
  if (ran.code !== 0) throw new Error(ran.output);
  return ran;
}

/** A HOP3_ROOT that nothing was ever in; the world goes on there. */
function moveTo(world: World, name: string): string {
  const root = join(world.home, name);
  Object.assign(world, { root });
  world.env['HOP3_ROOT'] = root;
  return root;
}

const restore = (world: World, ...words: string[]) => world.hop3('backup', 'restore', ...words);

test('only an administrator gets one', async ({ world, token }) => {
  const ask = (given: string | null) => world.api('/api/v1/backup', { method: 'POST', token: given, body: { passphrase: null } });
  assert.is((await ask(null)).status, 401);
  assert.is((await ask(token)).status, 403);
  assert.is((await world.api('/api/v1/backup/finish', { method: 'POST', token, body: {} })).status, 403);
  assert.is((await world.api('/api/v1/backup/finish', { method: 'POST', body: {} })).status, 401);
});

test('what becomes of the key has to be said', async ({ world, file }) => {
  const ran = await world.hop3('backup', 'create', file);
  assert.is(ran.code, 2, ran.output);
  assert.match(ran.output, 'What shall become of the key that the stored secrets are encrypted with?');
  writeFileSync(join(world.home, 'short'), 'too short\n');
  assert.match((await world.hop3('backup', 'create', file, '--passphrase-file', join(world.home, 'short'))).output, 'The passphrase is too short: at least 12 characters.');
  assert.not(existsSync(file));
});

test('it is made while apps answer and are pushed to, and is whole', async ({ world, page, file }) => {
  const clients = [load(world, 'shop', 2, /^/), load(world, 'page', 2)];
  await page.commit('second', site('mark-2'));
  const [made, pushed] = await Promise.all([world.hop3('backup', 'create', file, '--passphrase-file', join(world.home, 'passphrase')), page.push()]);
  for (const { answers, failures } of await Promise.all(clients.map((one) => one.stop()))) {
    assert.equal(failures, []);
    assert.ok(answers > 10);
  }
  assert.is(pushed.code, 0, pushed.output);
  assert.is(made.code, 0, made.output);
  assert.match(made.output, 'the dump of shop-postgres: 0.0 MB');
  assert.match(made.output, 'MB, read back and whole');
  assert.match(made.output, '2 apps (page, shop), 1 addons');
  assert.is(statSync(file).mode & 0o777, 0o600);
  assert.equal(readdirSync(world.home).filter((name) => name.endsWith('.part')), []);
  const verified = await world.hop3('backup', 'verify', file);
  assert.is(verified.code, 0, verified.output);
  assert.equal(readdirSync(join(world.root, 'run')).filter((name) => name.startsWith('backup-')), []);
});

test('the key, the passphrase, the administrator\'s token and stored secrets cannot be read in it, nor in the log', async ({ world, file }) => {
  const held = gunzipSync(readFileSync(file)).toString('latin1');
  const log = readFileSync(join(world.root, 'logs/server/current'), 'utf8');
  const secrets = { key: readFileSync(join(world.root, 'secret.key'), 'utf8').trim(), PASSPHRASE, SECRET, token: await world.token() };
  for (const [name, secret] of Object.entries(secrets)) {
    assert.not(held.includes(secret), `the backup holds the ${name}`);
    assert.not(log.includes(secret), `the log holds the ${name}`);
  }
  assert.ok(held.includes('written by the app'));
});

test('a second one at the same time is refused', async ({ world }) => {
  const one = (name: string) => world.hop3('backup', 'create', join(world.home, name), '--without-key');
  const both = await Promise.all([one('first.hop3'), one('second.hop3')]);
  const codes = both.map((ran) => ran.code ?? -1).sort((a, b) => a - b);
  // On a busy machine the second may come when the first has ended.
  if (codes[1] !== 0) assert.match(both.map((ran) => ran.output).join(''), 'A backup is under way already.');
  assert.is(codes[0], 0);
  assert.match(both.find((ran) => ran.code === 0)!.output, 'The key of the stored secrets is NOT in it');
});

test('a root that is not empty is refused, and a backup that is cut, damaged or locked leaves an empty one empty', async ({ world, file }) => {
  const used = await restore(world, file, '--passphrase-file', join(world.home, 'passphrase'));
  assert.is(used.code, 2, used.output);
  assert.match(used.output, 'a backup is restored only into an empty HOP3_ROOT');
  ok(await world.hop3('down'));
  assert.match((await restore(world, file, '--passphrase-file', join(world.home, 'passphrase'))).output, /is not empty: .*Nothing was changed\./s);

  const root = moveTo(world, 'root2');
  const bytes = readFileSync(file);
  const flipped = Buffer.from(bytes);
  flipped[Math.floor(bytes.length * 0.7)]! ^= 0xff;
  const files: Record<string, Buffer | string> = { cut: bytes.subarray(0, Math.floor(bytes.length * 0.9)), flipped, text: 'no backup at all\n' };
  for (const [name, content] of Object.entries(files)) {
    const bad = join(world.home, `${name}.hop3`);
    writeFileSync(bad, content);
    const ran = await restore(world, bad, '--passphrase-file', join(world.home, 'passphrase'));
    assert.is(ran.code, 8, ran.output);
    assert.match(ran.output, 'This is no whole backup of Hop3', name);
    assert.not(existsSync(root), name);
    assert.is((await world.hop3('backup', 'verify', bad)).code, 8);
  }
  await mkdir(root);
  const tries = [
    { words: [file, '--passphrase-file', join(world.home, 'other')], says: 'The passphrase does not open the key in this backup.' },
    { words: [file], says: 'The key in this backup is encrypted with a passphrase, and none was given.' },
    { words: [file, '--secret-key-file', join(world.home, 'passphrase')], says: 'is not the key that the secrets in this backup are sealed with' },
    { words: [join(world.home, 'first.hop3'), '--passphrase-file', join(world.home, 'passphrase')], says: 'The key of the stored secrets was left out of this backup.' },
  ];
  for (const { words, says } of tries) {
    if (!existsSync(words[0]!)) continue;
    const ran = await restore(world, ...words);
    assert.is(ran.code, 8, ran.output);
    assert.match(ran.output, says);
    assert.equal(readdirSync(root), []);
  }
});

test('on an empty root every app answers again, with its data, variables, names, tokens and databases', async ({ world, file, token, shop, page }) => {
  const old = join(world.home, 'root');
  const gone = readStorePaths(old, 'page');
  // Another machine has none of this server's builds.
  await rm(join(old, 'apps'), { recursive: true });
  for (const path of gone) ok(await exec('nix-store', ['--delete', path], { env: world.env }));

  const ran = await restore(world, file, '--passphrase-file', join(world.home, 'passphrase'));
  assert.is(ran.code, 0, ran.output);
  assert.match(ran.output, '-----> Restoring the addon shop-postgres');
  assert.match(ran.output, '-----> Restoring shop v');
  assert.match(ran.output, 'Everything is restored.');

  const env = JSON.parse((await world.get('shop')).body) as Record<string, string>;
  assert.is(env['API_KEY'], SECRET);
  assert.is((await world.get('shop', '/', { host: 'www.shop.example' })).status, 200);
  assert.match((await world.get('page')).body, /^mark-[12]/);
  assert.is(readFileSync(join(world.root, 'apps/shop/data/notes.txt'), 'utf8'), 'written by the app\n');
  assert.match(ok(await world.hop3('addon', 'query', 'shop-postgres', 'SELECT id FROM orders', '--app', 'shop')).stdout, '7');
  assert.match(env['DATABASE_URL'] ?? '', /^postgresql:/);
  assert.is((await world.api('/api/v1/apps/shop', { token })).status, 200);
  assert.is((await world.api('/api/v1/apps/page', { token })).status, 403);
  assert.equal(readdirSync(world.root).filter((name) => name === 'restored' || name.startsWith('.restore')), []);

  const releases = ok(await world.hop3('releases', '--app', 'shop')).stdout;
  assert.match(releases, 'Restore v2 from a backup');
  assert.match(releases, 'Set API_KEY');
  assert.match(ok(await world.hop3('builds', 'log', '1', '--app', 'shop')).output, 'Released v1');
  // The shop's build is still in this store: a rollback needs no push. The page's first one is not, and that is told.
  ok(await world.hop3('rollback', 'v1', '--app', 'shop'));
  assert.is((JSON.parse((await world.get('shop')).body) as Record<string, string>)['API_KEY'], undefined);
  const lost = await world.hop3('rollback', 'v1', '--app', 'page');
  assert.is(lost.code, 6, lost.output);
  assert.match(lost.output, /The build of v1 is no longer kept\.[^]*git push -f hop3 [0-9a-f]{40}:main/);
  // Going on from there.
  await page.commit('third', site('mark-3'));
  const pushed = await page.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await world.get('page')).body, 'mark-3\n');
  await shop.commit('nothing new');
  const again = await shop.push();
  assert.is(again.code, 0, again.output);
});

test('a backup without the key is restored with the key that was kept apart; --no-start leaves the rest to hop3 backup finish', async ({ world, kept }) => {
  ok(await world.hop3('backup', 'create', join(world.home, 'keyless.hop3'), '--without-key'));
  ok(await world.hop3('down'));
  moveTo(world, 'root3');
  const ran = await restore(world, join(world.home, 'keyless.hop3'), '--secret-key-file', kept, '--no-start');
  assert.is(ran.code, 0, ran.output);
  assert.match(ran.output, "The administrator's token was not in it: a new one is made at the start");
  assert.match(ran.output, 'Nothing is started yet. Start Hop3 as you always do, then: hop3 backup finish');
  assert.is(readFileSync(join(world.root, 'secret.key'), 'utf8'), readFileSync(kept, 'utf8'));
  await world.up();
  const finished = await world.hop3('backup', 'finish');
  assert.is(finished.code, 0, finished.output);
  assert.is((await world.get('page')).body, 'mark-3\n', finished.output);
  assert.is((await world.get('shop')).status, 200);
  const again = await world.hop3('backup', 'finish');
  assert.is(again.code, 0, again.output);
});

function readStorePaths(root: string, app: string): string[] {
  const db = new BetterSqlite(join(root, 'hop3.db'), { readonly: true });
  try {
    return (db.prepare('SELECT DISTINCT store_path FROM builds WHERE app = ? AND store_path IS NOT NULL').all(app) as { store_path: string }[]).map((row) => row.store_path);
  } finally {
    db.close();
  }
}

test.run();
