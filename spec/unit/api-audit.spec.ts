import { mkdirSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AppName } from '../../src/names.ts';
import type { AuditRow } from '../../src/store/audit.ts';
import { ApiWorld } from '../api-world.ts';

const test = suite<{ world: ApiWorld; shop: AppName; shopToken: string }>('the audit log');
const SECRET = 'sUp3rs3cret-value';

test.before.each(async (context) => {
  context.world = await ApiWorld.start();
  context.shop = context.world.app('shop');
  for (const app of ['shop', 'blog']) mkdirSync(context.world.context.paths.app(app as AppName), { recursive: true });
  context.world.released(context.shop, 'a');
  context.world.released(context.shop, 'b');
  context.shopToken = context.world.tokenFor(context.shop);
});
test.after.each(async ({ world }) => {
  await world.stop();
});

const newest = (world: ApiWorld): AuditRow => world.store.audit.list({ limit: 1 })[0]!;
const all = (world: ApiWorld): AuditRow[] => world.store.audit.list({ limit: 1000 });
const idOf = (token: string): string => token.split('_')[1]!;

/** Bodies that are right; a route that is not here is asked with `{}`. */
const BODIES: Readonly<Record<string, object>> = {
  'POST /apps': { name: 'blog' }, 'DELETE /apps/:app': { confirm: 'shop' }, 'PUT /apps/:app/branch': { branch: 'release' },
  'PATCH /apps/:app/ps': { counts: { web: 2 } }, 'PATCH /apps/:app/env': { set: { API_KEY: SECRET }, unset: ['OLD'] },
  'PUT /apps/:app/domains': { domains: ['a.example'] }, 'POST /apps/:app/domains': { domains: ['b.example'] },
  'PUT /apps/:app/maintenance': { on: true }, 'POST /apps/:app/addons': { type: 'postgres' }, 'POST /tokens': { name: 'ann', app: 'shop' },
  'POST /apps/:app/addons/:addon/query': { text: `SELECT '${SECRET}'` }, 'DELETE /addons/:addon': { confirm: SECRET },
};
/** Planning has no effect and leaves no entry. Whoever adds a route here must be able to say the same of it. */
const WITHOUT_EFFECT = ['POST /plan', 'POST /apps/:app/plan'];

interface Mutating { readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'; readonly pattern: string; readonly path: string }

function mutatingRoutes(world: ApiWorld): Mutating[] {
  return world.routes.filter(({ method, url }) => url.startsWith('/api/v1/') && ['POST', 'PUT', 'PATCH', 'DELETE'].includes(method)).map(({ method, url }) => ({
    method: method as Mutating['method'], pattern: url.slice('/api/v1'.length),
    path: url.replace(':app', 'shop').replace(/:version|:number/, '1').replace(/:\w+|\*/g, 'x'),
  }));
}

test('every route that changes something leaves one entry: who, from where, what, how it ended; never a value', async ({ world }) => {
  const routes = mutatingRoutes(world);
  assert.ok(routes.length >= 25, 'the walk sees the routes');
  // What destroys the app comes last.
  routes.sort((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'));
  for (const { method, pattern, path } of routes) {
    const before = all(world).length;
    const answer = await world.call(method, path, { body: BODIES[`${method} ${pattern}`] ?? {} });
    const where = `${method} ${pattern} (${answer.statusCode} ${answer.body.slice(0, 200)})`;
    if (WITHOUT_EFFECT.includes(`${method} ${pattern}`)) {
      assert.is(all(world).length, before, where);
      continue;
    }
    assert.is(all(world).length, before + 1, where);
    const entry = newest(world);
    assert.is(entry.token, 'admin', where);
    assert.is(entry.by, 'admin');
    assert.is(entry.address, '127.0.0.1');
    if (pattern.startsWith('/apps/:app')) assert.is(entry.app, 'shop', where);
    const went = answer.statusCode < 400 && !answer.body.includes('"kind":"error"');
    assert.is(entry.result, went ? 'done' : 'failed', where);
    if (!went) assert.match(answer.body, entry.note!, where);
    assert.ok(entry.endedAt !== null);
  }
  assert.not.match(JSON.stringify(all(world)), SECRET);
  assert.equal(world.defects, []);
});

test('and the same routes with another app\'s token: refused, with the token\'s id; with one that is not accepted: its id where it is known', async ({ world, shopToken }) => {
  const blog = world.app('blog');
  const others = world.tokenFor(blog, 'blog-ci');
  const revoked = world.tokenFor(world.app('old'), 'lost');
  world.store.tokens.revoke(idOf(revoked));
  let walked = 0;
  for (const { method, pattern, path } of mutatingRoutes(world)) {
    if (!pattern.startsWith('/apps/:app')) continue;
    // Refusals of one address are limited: each comes from its own.
    const ask = (token: string) => world.server.inject({ method, url: path, remoteAddress: `10.1.0.${walked += 1}`, headers: { authorization: `Bearer ${token}` }, payload: {} });
    assert.is((await ask(others)).statusCode, 403);
    let entry = newest(world);
    assert.equal([entry.kind, entry.by, entry.token, entry.app, entry.result, entry.note, entry.address], ['refusal', 'blog-ci', idOf(others), 'shop', 'refused', 'HOP3_FORBIDDEN', `10.1.0.${walked}`]);
    assert.is((await ask(revoked)).statusCode, 401);
    entry = newest(world);
    assert.equal([entry.by, entry.token, entry.result, entry.note], ['lost', idOf(revoked), 'refused', 'HOP3_NOT_AUTHENTICATED']);
  }
  assert.ok(walked > 30);
  await world.call('GET', '/apps/shop', { token: 'hop3_secretpassword_tail' });
  assert.equal([newest(world).token, newest(world).by, newest(world).action], [null, null, 'GET /apps/:app']);
  assert.not.match(JSON.stringify(all(world)), 'secretpassword');
  const count = all(world).length;
  assert.is((await world.call('GET', '/apps/shop', { token: null })).statusCode, 401);
  assert.is(all(world).length, count, 'a request without any token is how git begins');
  assert.is((await world.call('GET', '/apps/shop', { token: shopToken })).statusCode, 200);
  assert.is(all(world).length, count, 'reading is not told');
});

test('names are told, values are not, and what was typed in the place of a name is neither', async ({ world }) => {
  const names = async (method: 'POST' | 'PATCH' | 'DELETE', path: string, body: object) => {
    await world.call(method, path, { body });
    return [newest(world).action, ...newest(world).names].join(' ');
  };
  assert.is(await names('PATCH', '/apps/shop/env', { set: { A: SECRET, B: '2' }, unset: ['C'] }), 'env.set A B -C');
  assert.is(await names('PATCH', '/apps/shop/env', { set: { [SECRET]: 'x' } }), 'env.set (no name)');
  assert.is(await names('PATCH', '/apps/shop/ps', { counts: { web: 3 } }), 'ps.scale web=3');
  assert.is(await names('POST', '/apps/shop/rollback', { to: 1 }), 'rollback v1');
  assert.is(await names('POST', '/tokens', { name: 'bob', admin: true }), 'token.create bob admin');
  assert.is(await names('DELETE', `/tokens/bob`, {}), 'token.revoke bob');
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`VARIABLE_${index}`, SECRET]));
  assert.match(await names('PATCH', '/apps/shop/env', { set: many }), /^env\.set VARIABLE_0 .* and 49\d\d more$/);
  assert.not.match(JSON.stringify(all(world)), SECRET);
});

test('a deploy that fails or is cancelled is told so, with the code', async ({ world, shop }) => {
  const { Hop3Error } = await import('../../src/errors.ts');
  world.deployer.fails = new Hop3Error('HOP3_TIMEOUT', { what: 'too late' });
  await world.call('POST', `/apps/${shop}/restart`, { body: {} });
  assert.equal([newest(world).result, newest(world).note], ['failed', 'HOP3_TIMEOUT']);
  world.deployer.fails = new Hop3Error('HOP3_CANCELLED', { what: 'gone' });
  await world.call('POST', `/apps/${shop}/restart`, { body: {} });
  assert.is(newest(world).result, 'cancelled');
});

test('the database refuses to change or remove an entry', async ({ world }) => {
  await world.call('PUT', '/apps/shop/maintenance', { body: { on: true } });
  const { default: Sqlite } = await import('better-sqlite3');
  const db = new Sqlite(world.context.paths.database);
  try {
    for (const sql of [
      "UPDATE audit SET by = 'nobody'", 'DELETE FROM audit', "UPDATE audit_results SET result = 'failed'", 'DELETE FROM audit_results',
      "INSERT OR REPLACE INTO audit (id, at, kind, action, address, names) SELECT id, 0, 'action', 'x', 'x', '[]' FROM audit",
      "INSERT OR REPLACE INTO audit_results (entry, at, result) SELECT entry, 0, 'failed' FROM audit_results",
    ]) assert.throws(() => db.exec(sql), /the audit log is append-only/, sql);
  } finally {
    db.close();
  }
  assert.equal([newest(world).by, newest(world).result], ['admin', 'done']);
});

test('it does not grow without bound: age, entries of an app, refusals; one app\'s entries push out no other\'s', async ({ world }) => {
  const write = (app: string, kind: 'action' | 'refusal') => world.store.audit.end(world.store.audit.begin({ kind, action: 'x', app, by: 'a', token: 'a', address: '::1', names: [] }), 'done', null);
  for (let round = 0; round < 30; round += 1) {
    write('noisy', 'action');
    write('noisy', 'refusal');
    if (round < 3) write('quiet', 'action');
  }
  assert.is(world.store.audit.prune({ days: 1, actionsOfApp: 10, refusals: 5 }), 45);
  const left = all(world);
  assert.is(left.filter((row) => row.app === 'quiet').length, 3);
  assert.is(left.filter((row) => row.app === 'noisy' && row.kind === 'action').length, 10);
  assert.is(left.filter((row) => row.kind === 'refusal').length, 5);
  assert.equal([left[0]!.action, left[0]!.names], ['audit.prune', ['45 entries']]);
  assert.is(world.store.audit.prune({ days: 1, actionsOfApp: 10, refusals: 5 }), 0);
  // The database is still append-only after it.
  assert.throws(() => world.store.audit.end(left[0]!.id, 'failed', null), /append-only/);
});

test('refusals of one address beyond twenty a minute are counted, not written', async ({ world }) => {
  const bad = (remoteAddress: string) => world.server.inject({ method: 'GET', url: '/api/v1/apps', remoteAddress, headers: { authorization: 'Bearer hop3_x_y' } });
  // The answers are slowed after a while; those that wait do not hold up the others.
  await Promise.all(Array.from({ length: 40 }, () => bad('10.9.9.9')));
  assert.is(all(world).filter((row) => row.address === '10.9.9.9').length, 20);
  await bad('10.9.9.8');
  assert.equal(newest(world).names, ['and 20 more before']);
});

test('who sees it: an administrator all of it, an app\'s token what was done to its app since that was made', async ({ world, shopToken }) => {
  world.app('blog');
  const get = async (path: string, token?: string) => world.call('GET', `/api/v1/audit${path}`, token === undefined ? {} : { token });
  await world.call('PUT', '/apps/blog/maintenance', { body: { on: true } });
  await world.call('PUT', '/apps/shop/maintenance', { token: shopToken, body: { on: true } });
  assert.equal((await get('')).json().entries.map((entry: { app: string }) => entry.app), ['shop', 'blog']);
  const [own, ...more] = (await get('', shopToken)).json().entries;
  assert.equal(more, []);
  assert.equal({ ...own, id: 0, at: '', ended_at: '' }, {
    id: 0, at: '', action: 'maintenance', app: 'shop', by: 'ci', token: idOf(shopToken), address: '127.0.0.1', names: ['on'], result: 'done', note: null, ended_at: '',
  });
  assert.is((await get('?app=blog', shopToken)).statusCode, 403);
  assert.equal((await get('?app=blog')).json().entries.map((entry: { app: string }) => entry.app), ['blog']);
  assert.equal((await get(`?before=${own.id}&limit=1`)).json().entries.map((entry: { app: string }) => entry.app), ['blog']);
  // The next app of the name is somebody else's.
  await world.call('DELETE', '/apps/shop', { body: { confirm: 'shop' } });
  await new Promise((resolve) => setTimeout(resolve, 5));
  const again = world.tokenFor(world.app('shop'), 'new owner');
  assert.equal((await get('', again)).json().entries, []);
  assert.ok((await get('?app=shop')).json().entries.length >= 2);
});

test('without the log nothing is done', async ({ world }) => {
  const { default: Sqlite } = await import('better-sqlite3');
  const db = new Sqlite(world.context.paths.database);
  db.exec("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  db.close();
  const answer = await world.call('DELETE', '/apps/shop', { body: { confirm: 'shop' } });
  assert.is(answer.json().error.code, 'HOP3_DATABASE');
  assert.equal(world.deployer.calls, []);
});

test.run();
