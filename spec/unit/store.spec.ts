import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOid, parseAppName, type StorePath } from '../../src/names.ts';
import { migrations } from '../../src/store/migrations.ts';
import { Store } from '../../src/store/store.ts';

const test = suite<{ dir: string; store: Store }>('the store');
const shop = parseAppName('shop');
const commit = (letter: string) => asOid(letter.repeat(40));
const path = (name: string) => `/nix/store/${'0'.repeat(32)}-${name}` as StorePath;

test.before.each((context) => {
  context.dir = mkdtempSync(join(tmpdir(), 'hop3-store-'));
  context.store = Store.open(join(context.dir, 'hop3.db'), join(context.dir, 'secret.key'));
  context.store.apps.create(shop, 'admin');
});
test.after.each((context) => {
  context.store.close();
  rmSync(context.dir, { recursive: true });
});

function released(store: Store, letter: string, env: Record<string, string> = {}): number {
  const build = store.builds.begin(shop, commit(letter), 'ann');
  store.builds.built(shop, build, { tree: commit(letter), buildKey: 'k', storePath: path(letter), root: build, runtime: '{}', config: '{}' });
  const version = store.releases.nextVersion(shop);
  store.releases.beginSwitch({ app: shop, version, build, slot: version % 2 ? 'a' : 'b', reason: 'push', description: `Deploy ${letter}`, branch: 'main', by: 'ann', env, generated: [] });
  store.releases.finishSwitch(shop, version);
  store.builds.end(shop, build, 'released', { release: version });
  return version;
}

test('the file is for its owner alone', ({ dir }) => {
  assert.is(statSync(join(dir, 'hop3.db')).mode & 0o777, 0o600);
});

test('a release goes live with its variables and its branch, in one step', ({ store }) => {
  released(store, 'a', { KEY: 'one' });
  assert.is(store.apps.get(shop)?.branch, 'main');
  assert.is(store.releases.live(shop)?.version, 1);
  assert.equal(store.env.get(shop), { KEY: 'one' });
  released(store, 'b', { KEY: 'two' });
  assert.equal(store.releases.list(shop, 10).map((r) => [r.version, r.live]), [[2, true], [1, false]]);
  assert.equal(store.releases.get(shop, 1)?.env, { KEY: 'one' });
});

test('a switch that did not happen leaves no release and no gap in the numbers', ({ store }) => {
  released(store, 'a');
  const build = store.builds.begin(shop, commit('b'), 'ann');
  store.releases.beginSwitch({ app: shop, version: 2, build, slot: 'b', reason: 'push', description: 'x', branch: 'main', by: 'ann', env: {}, generated: [] });
  assert.is(store.releases.get(shop, 2), null);
  assert.is(store.releases.switching().length, 1);
  store.releases.abandonSwitch(shop);
  assert.is(store.releases.nextVersion(shop), 2);
  assert.is(store.releases.live(shop)?.version, 1);
});

test('a known tree is found by tree and key, newest first', ({ store }) => {
  released(store, 'a');
  assert.is(store.builds.findOutput(shop, commit('a'), 'k')?.storePath, path('a'));
  assert.is(store.builds.findOutput(shop, commit('a'), 'other'), null);
  assert.is(store.builds.findOutput(shop, commit('b'), 'k'), null);
});

test('forgotten outputs make their releases history, and the roots that nothing needs are named', ({ store }) => {
  for (const letter of ['a', 'b', 'c', 'd']) released(store, letter);
  assert.equal(store.builds.outputs(shop).map(({ number, version, live }) => [number, version, live]), [[1, 1, false], [2, 2, false], [3, 3, false], [4, 4, true]]);
  assert.equal(store.builds.forget(shop, [1, 2]), [1, 2]);
  assert.is(store.releases.get(shop, 1)?.storePath, null);
  assert.is(store.releases.get(shop, 3)?.storePath, path('c'));
  assert.equal(store.builds.outputs(shop).map(({ number }) => number), [3, 4]);
  assert.equal(store.builds.roots(shop), [3, 4]);
});

test('a root shared by a kept build is kept', ({ store }) => {
  released(store, 'a');
  released(store, 'b');
  const again = store.builds.begin(shop, commit('a'), 'ann');
  store.builds.built(shop, again, { tree: commit('a'), buildKey: 'k', storePath: path('a'), root: 1, runtime: '{}', config: '{}' });
  store.releases.beginSwitch({ app: shop, version: 3, build: again, slot: 'a', reason: 'rollback', description: 'Rollback to v1', branch: 'main', by: 'ann', env: {}, generated: [] });
  store.releases.finishSwitch(shop, 3);
  store.builds.end(shop, again, 'released', { release: 3 });
  assert.equal(store.builds.forget(shop, [1, 2]), [2]);
});

test('what was running when the server died is told as cancelled', ({ store }) => {
  store.builds.begin(shop, commit('a'), 'ann');
  assert.is(store.builds.abandonRunning(), 1);
  assert.is(store.builds.get(shop, 1)?.status, 'cancelled');
});

test('a destroyed app leaves no row', ({ store }) => {
  released(store, 'a', { K: 'v' });
  store.ports.assign({ app: shop, slot: 'a', process: 'web', instance: 1, port: 20_000 });
  store.apps.remove(shop);
  assert.is(store.apps.get(shop), null);
  assert.equal(store.ports.all(), []);
  assert.equal(store.env.get(shop), {});
  assert.equal(store.builds.list(shop, 5), []);
});

test('one port has one owner', ({ store }) => {
  store.ports.assign({ app: shop, slot: 'a', process: 'web', instance: 1, port: 20_000 });
  assert.throws(() => store.ports.assign({ app: shop, slot: 'b', process: 'web', instance: 1, port: 20_000 }));
});

test('a database of a newer Hop3 is refused, not changed', ({ dir, store }) => {
  store.close();
  const file = join(dir, 'newer.db');
  const newer = Store.open(file, join(dir, 'secret.key'));
  (newer as unknown as { ping(): void }).ping();
  newer.close();
  // Raise the version by hand, as a newer Hop3 would.
  const raw = new BetterSqlite(file);
  raw.pragma('user_version = 999');
  raw.close();
  assert.throws(() => Store.open(file, join(dir, 'secret.key')), (error: { code: string }) => error.code === 'HOP3_DATABASE');
});

const CANARY = 'canary-5f1d0c';
const holdsCanary = (dir: string) => readdirSync(dir).filter((name) => readFileSync(join(dir, name)).includes(CANARY));

test('secrets lie encrypted in the database, its log included; the key is a file for its owner alone', ({ dir, store }) => {
  store.env.change(shop, { FIRST: CANARY });
  released(store, 'a', { KEY: CANARY, EMPTY: '' });
  assert.equal(store.env.get(shop), { EMPTY: '', KEY: CANARY });
  assert.equal(store.releases.live(shop)!.env, { KEY: CANARY, EMPTY: '' });
  assert.equal(holdsCanary(dir), []);
  assert.is(statSync(join(dir, 'secret.key')).mode & 0o777, 0o600);
});

test('values of any bytes come back as they were', ({ store }) => {
  const values = { A: "it's \"q\"\n$(id) \u{1F389} ", B: 'x'.repeat(100_000), C: 'sealed:1:AAAA' };
  store.env.change(shop, values);
  assert.equal(store.env.get(shop), values);
});

test('a value cannot be read under another name or app', ({ dir, store }) => {
  store.env.change(shop, { SECRET: CANARY });
  const raw = new BetterSqlite(join(dir, 'hop3.db'));
  raw.exec("UPDATE env SET name = 'SHOWN'");
  raw.close();
  assert.throws(() => store.env.get(shop), /env\/shop\/SHOWN cannot be decrypted/);
});

test('a database without its key is refused and keeps what it has; with the key it opens again', ({ dir, store }) => {
  store.env.change(shop, { KEY: CANARY });
  store.close();
  const [file, key] = [join(dir, 'hop3.db'), join(dir, 'secret.key')];
  renameSync(key, `${key}.away`);
  const refused = (pattern: RegExp) => assert.throws(() => Store.open(file, key), (error: { code: string; message: string }) => error.code === 'HOP3_SECRET_KEY' && pattern.test(error.message));
  refused(/cannot be read \(ENOENT\)/);
  assert.throws(() => statSync(key), /ENOENT/, 'no new key was made');
  writeFileSync(key, 'short\n', { mode: 0o600 });
  refused(/does not hold a key/);
  rmSync(key);
  writeFileSync(key, readFileSync(`${key}.away`, 'utf8'), { mode: 0o644 });
  refused(/can be read by other users/);
  rmSync(key);
  renameSync(`${key}.away`, key);
  const again = Store.open(file, key);
  assert.equal(again.env.get(shop), { KEY: CANARY });
  again.close();
});

/** A store with something in each column that is sealed, and what comes out of it. */
function fillAll(store: Store): () => unknown {
  store.env.change(shop, { FIRST: CANARY });
  released(store, 'a', { KEY: CANARY, EMPTY: '' });
  store.addons.add({ name: 'shop-redis', type: 'redis', server: 'own', access: `{"password":"${CANARY}"}`, createdBy: 'ann' });
  store.addons.serverSecret('redis-shop-redis');
  return () => read(store);
}
const read = (store: Store) => [store.env.get(shop), store.releases.live(shop)!.env, store.addons.get('shop-redis')!.access, store.addons.serverSecret('redis-shop-redis')];
/** All that is sealed in the files of the database, as the key file of then opens it or not. */
const sealedIn = (dir: string) => readdirSync(dir).filter((name) => name.startsWith('hop3.db')).flatMap((name) => readFileSync(join(dir, name), 'latin1').match(/sealed:1:[A-Za-z0-9+/=]+/g) ?? []);

test('a new key: everything reads as before, the old key opens nothing that lies in the files, and no second key stays', ({ dir, store }) => {
  const values = fillAll(store);
  const before = values();
  const key = join(dir, 'secret.key');
  const [oldKey, oldSealed] = [readFileSync(key, 'utf8'), sealedIn(dir)];
  assert.ok(oldSealed.length >= 5);
  assert.is(store.changeSecretKey(), 5);
  assert.equal(values(), before);
  assert.is.not(readFileSync(key, 'utf8'), oldKey);
  assert.is(readFileSync(key, 'utf8').trim().split('\n').length, 1);
  assert.is(statSync(key).mode & 0o777, 0o600);
  assert.equal(oldSealed.filter((text) => sealedIn(dir).includes(text)), [], 'nothing of what the old key opens is left');
  store.close();
  const again = Store.open(join(dir, 'hop3.db'), key);
  assert.equal(read(again), before);
  again.close();
  writeFileSync(key, oldKey);
  const wrong = Store.open(join(dir, 'hop3.db'), key);
  assert.throws(() => wrong.env.get(shop), /cannot be decrypted/);
  wrong.close();
});

test('a change of the key that ends anywhere in between is finished at the next start', ({ dir, store }) => {
  const [file, key] = [join(dir, 'hop3.db'), join(dir, 'secret.key')];
  const before = fillAll(store)();
  const oldKey = readFileSync(key, 'utf8');
  store.close();
  const copy = readFileSync(file);
  const newKey = `${Buffer.alloc(32, 7).toString('base64')}\n`;
  // What a crash can leave: a half-written file beside the old one; both keys and nothing sealed anew; both keys and all of it.
  const crashes: [string, (again: () => Store) => void][] = [
    ['before the file has its place', () => { writeFileSync(key, oldKey); writeFileSync(`${key}.new`, 'ha'); }],
    ['before any value', () => writeFileSync(key, newKey + oldKey)],
    ['before the old key is dropped', (again) => {
      writeFileSync(key, newKey + oldKey);
      again().close();
      writeFileSync(key, newKey + oldKey);
    }],
  ];
  for (const [what, crash] of crashes) {
    writeFileSync(file, copy);
    crash(() => Store.open(file, key));
    const told: string[] = [];
    const again = Store.open(file, key, { tell: (line) => told.push(line) });
    assert.equal(read(again), before, what);
    assert.is(readFileSync(key, 'utf8'), what === 'before the file has its place' ? oldKey : newKey, what);
    again.changeSecretKey();
    assert.equal(read(again), before, `${what}, and once more`);
    again.close();
  }
});

test('a key file that Hop3 may not write: nothing is changed, and a key that was put in by hand is taken', ({ dir, store }) => {
  const before = fillAll(store)();
  const key = join(dir, 'secret.key');
  const oldKey = readFileSync(key, 'utf8');
  // A directory of that name cannot be replaced by a file, for root neither.
  mkdirSync(`${key}.new/x`, { recursive: true });
  assert.throws(() => store.changeSecretKey(), (error: { code: string; message: string }) => error.code === 'HOP3_SECRET_KEY' && /secret\.key cannot be replaced/.test(error.message));
  assert.is(readFileSync(key, 'utf8'), oldKey);
  assert.equal(read(store), before);
  store.close();
  const newKey = `${Buffer.alloc(32, 9).toString('base64')}\n`;
  writeFileSync(key, newKey + oldKey);
  const told: string[] = [];
  const again = Store.open(join(dir, 'hop3.db'), key, { tell: (line) => told.push(line) });
  assert.equal(read(again), before);
  again.close();
  assert.match(told.join('\n'), '5 secrets are encrypted with the first key of the key file now');
  assert.match(told.join('\n'), 'take them out of the file by hand');
  writeFileSync(key, newKey);
  const last = Store.open(join(dir, 'hop3.db'), key);
  assert.equal(read(last), before);
  last.close();
});

test('addons alone need the key, too', ({ dir, store }) => {
  store.addons.add({ name: 'x', type: 'redis', server: 'own', access: '{}', createdBy: 'ann' });
  store.close();
  rmSync(join(dir, 'secret.key'));
  assert.throws(() => Store.open(join(dir, 'hop3.db'), join(dir, 'secret.key')), /cannot be read \(ENOENT\)/);
});

test('what an older Hop3 wrote as it was is encrypted at the first start, and wiped from the file', ({ dir }) => {
  const file = join(dir, 'old.db');
  const raw = new BetterSqlite(file);
  raw.exec(migrations[0]!);
  raw.exec(`
    INSERT INTO apps (name, branch, live, created_at, created_by) VALUES ('shop', 'main', 1, 1, 'ann');
    INSERT INTO env (app, name, value) VALUES ('shop', 'KEY', '${CANARY}');
    INSERT INTO builds (app, number, commit_id, tree, status, by, started_at) VALUES ('shop', 1, '${'a'.repeat(40)}', '${'a'.repeat(40)}', 'released', 'ann', 1);
    INSERT INTO releases (app, version, build, state, slot, reason, description, by, created_at, env) VALUES ('shop', 1, 1, 'done', 'a', 'push', 'x', 'ann', 1, '{"KEY":"${CANARY}"}');
    PRAGMA user_version = 1;`);
  raw.close();
  assert.ok(holdsCanary(dir).length > 0);
  const upgraded = Store.open(file, join(dir, 'old.key'));
  assert.equal(upgraded.env.get(shop), { KEY: CANARY });
  assert.equal(upgraded.releases.live(shop)!.env, { KEY: CANARY });
  upgraded.close();
  assert.equal(holdsCanary(dir), []);
});

test.run();
