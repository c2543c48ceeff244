import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hop3Error } from '../../src/errors.ts';
import { asOid, type AppName } from '../../src/names.ts';
import { ApiWorld, events } from '../api-world.ts';

const test = suite<{ world: ApiWorld; shop: AppName }>('the API');

test.before.each(async (context) => {
  context.world = await ApiWorld.start();
  context.shop = context.world.app('shop');
});
test.after.each(async ({ world }) => {
  assert.equal(world.defects, []);
  await world?.stop();
});

test('an app is made, shown and listed', async ({ world }) => {
  const made = await world.call('POST', '/apps', { body: { name: 'blog' } });
  assert.is(made.statusCode, 201);
  assert.is(made.json().url, 'http://blog.apps.test:8080');
  assert.is(made.json().release, null);
  assert.is(made.json().git_path, '/blog.git');
  assert.equal((await world.call('GET', '/apps')).json().apps.map((app: { name: string }) => app.name), ['blog', 'shop']);
  assert.is((await world.call('POST', '/apps', { body: { name: 'blog' } })).json().error.code, 'HOP3_APP_EXISTS');
});

test('an app that is not there is answered with the nearest that is', async ({ world }) => {
  const answer = await world.call('GET', '/apps/shpo');
  assert.is(answer.statusCode, 404);
  assert.is(answer.json().error.what, 'There is no app "shpo". Did you mean "shop"?');
  assert.is(answer.json().error.exit_code, 3);
});

test('a name that cannot be one is refused before anything is looked up', async ({ world }) => {
  for (const name of ['A_b', '..%2Fx', 'api', 'x'.repeat(64)]) {
    const answer = await world.call('GET', `/apps/${name}`);
    assert.is(answer.json().error.code, 'HOP3_APP_NAME', name);
    assert.is(answer.statusCode, 400);
  }
});

test('an app is destroyed only by repeating its name', async ({ world }) => {
  const wrong = await world.call('DELETE', '/apps/shop', { body: { confirm: 'shop2' } });
  assert.is(wrong.json().error.code, 'HOP3_NOT_CONFIRMED');
  assert.equal(world.deployer.calls, []);
  assert.equal((await world.call('DELETE', '/apps/shop', { body: { confirm: 'shop' } })).json(), { destroyed: 'shop' });
  assert.is(world.store.apps.list().length, 0);
});

test('garbage is collected for administrators; what is told is what was found, with its sum', async ({ world, shop }) => {
  const answer = await world.call('POST', '/api/v1/gc', { body: { dry_run: true } });
  assert.is(answer.statusCode, 200);
  assert.equal(answer.json(), {
    dry_run: true, bytes: 3000, busy: [{ app: 'blog', with: 'deploy of 1a2b3c4 by ci' }],
    found: [{ kind: 'builds', app: 'shop', what: 'builds of v1, v2', bytes: 3000 }, { kind: 'store', app: null, what: '7 store paths that no root keeps', bytes: null }],
  });
  assert.is((await world.call('POST', '/api/v1/gc', { body: { store: true } })).statusCode, 200);
  assert.is((await world.call('POST', '/api/v1/gc', { token: world.tokenFor(shop), body: {} })).json().error.code, 'HOP3_FORBIDDEN');
  assert.equal(world.deployer.calls, ['gc dry', 'gc store']);
});

test('another branch becomes the deployed one, for the app\'s own token too; what is no branch is refused', async ({ world, shop }) => {
  const token = world.tokenFor(shop);
  const set = await world.call('PUT', '/apps/shop/branch', { token, body: { branch: 'release/2' } });
  assert.is(set.statusCode, 200);
  assert.is(set.json().branch, 'release/2');
  for (const branch of ['', 'a b', '-x', 'refs/heads/main', 'x..y']) {
    const refused = await world.call('PUT', '/apps/shop/branch', { token, body: { branch } });
    assert.is(refused.statusCode, 400, branch);
    assert.is(refused.json().error.code, 'HOP3_BRANCH_NAME');
  }
  assert.is((await world.call('PUT', '/apps/none/branch', { body: { branch: 'x' } })).json().error.code, 'HOP3_NO_APP');
  assert.equal(world.deployer.calls, ['setBranch shop release/2 by ci']);
});

test('releases are listed newest first, without the values of variables', async ({ world, shop }) => {
  world.released(shop, 'a', { KEY: 'a-secret-value' });
  world.released(shop, 'b');
  const list = await world.call('GET', '/apps/shop/releases?limit=5');
  const { releases } = list.json();
  assert.equal(releases.map((release: { version: number; live: boolean }) => [release.version, release.live]), [[2, true], [1, false]]);
  assert.equal(releases[1].env_names, ['KEY']);
  assert.not.match(list.body, 'a-secret-value');
  const one = (await world.call('GET', '/apps/shop/releases/1')).json();
  assert.equal(one, releases[1]);
  assert.is((await world.call('GET', '/apps/shop/releases?limit=1')).json().releases.length, 1);
  const none = (await world.call('GET', '/apps/shop/releases/9')).json().error;
  assert.is(none.code, 'HOP3_NO_RELEASE');
  assert.is(none.next, 'The newest is v2; all of them: hop3 releases --app shop');
});

test('a rollback streams its log and ends with the release', async ({ world, shop }) => {
  world.released(shop, 'a');
  world.released(shop, 'b');
  const answer = await world.call('POST', '/apps/shop/rollback', { body: { to: 1 } });
  assert.is(answer.statusCode, 200);
  assert.match(answer.headers['content-type'] as string, 'application/x-ndjson');
  const [first, last] = events(answer);
  assert.equal(first, { kind: 'log', text: '-----> Working\n' });
  assert.is(last!.kind, 'done');
  assert.is(last!.release!.version, 3);
  assert.equal(world.deployer.calls, ['rollback shop 1 by admin']);
});

test('a rollback to a release that is not there is an ordinary 404', async ({ world }) => {
  const answer = await world.call('POST', '/apps/shop/rollback', { body: { to: 7 } });
  assert.is(answer.statusCode, 404);
  assert.is(answer.json().error.what, 'shop has no release v7.');
});

test('a deploy that fails ends its stream with the error', async ({ world, shop }) => {
  world.released(shop, 'a');
  world.deployer.fails = new Hop3Error('HOP3_TIMEOUT', { what: 'web.1 did not answer within 30 s.', next: 'v1 is still live.' });
  const list = events(await world.call('POST', '/apps/shop/restart', { body: {} }));
  assert.equal(list.at(-1), { kind: 'error', error: { code: 'HOP3_TIMEOUT', what: 'web.1 did not answer within 30 s.', why: null, next: 'v1 is still live.', exit_code: 7 } });
});

test('a defect inside a deploy is told without its inside', async ({ world, shop }) => {
  world.released(shop, 'a');
  world.deployer.fails = new TypeError('secret detail of /var/lib/hop3');
  const answer = await world.call('POST', '/apps/shop/restart', { body: {} });
  assert.is(events(answer).at(-1)!.error!.code, 'HOP3_INTERNAL');
  assert.not.match(answer.body, 'secret detail');
  assert.is(world.defects.splice(0).length, 1);
});

test('variables are set, shown and unset; the log hides values', async ({ world, shop }) => {
  world.released(shop, 'a');
  const value = 'with "quotes", $(id)\nand a second line ';
  const set = await world.call('PATCH', '/apps/shop/env', { body: { set: { GREETING: value }, unset: ['OLD'] } });
  assert.equal(world.deployer.calls, ['setEnv shop OLD,GREETING by admin']);
  assert.is(events(set).at(-1)!.release!.version, 2);
  assert.not.match(set.body, 'second line');
  assert.equal((await world.call('GET', '/apps/shop/env')).json(), { env: { GREETING: value } });
  assert.equal((await world.call('GET', '/apps/shop/env/GREETING')).json(), { name: 'GREETING', value });
  const missing = (await world.call('GET', '/apps/shop/env/GREETNIG')).json().error;
  assert.is(missing.what, 'The operator of shop has set no GREETNIG. Did you mean "GREETING"?');
});

test('the whole environment is shown with where it comes from, and secrets only when they are asked for', async ({ world, shop }) => {
  assert.equal((await world.call('GET', '/apps/shop/environment')).json(), { release: null, order: ['build', 'addon', 'admin', 'hop3.toml', 'computed', 'generated', 'operator', 'built-in'], variables: [] });
  world.store.env.change(shop, { KEY: 'hush' });
  const [hidden] = (await world.call('GET', '/apps/shop/environment')).json().variables;
  assert.equal(hidden, { name: 'KEY', value: null, source: 'operator', hides: [], secret: true });
  const all = await world.call('GET', '/apps/shop/environment?values=all');
  assert.is(all.json().variables[0].value, 'hush');
  assert.is((await world.call('GET', '/apps/shop/environment?values=some')).json().error.code, 'HOP3_USAGE');
});

test('an app with nothing live keeps variables for its first release', async ({ world }) => {
  const set = await world.call('PATCH', '/apps/shop/env', { body: { set: { A: '1' } } });
  assert.equal(events(set).at(-1), { kind: 'done', release: null });
});

test('variables that no process could carry are refused before anything starts', async ({ world }) => {
  const refused: [unknown, string][] = [
    [{ set: {} }, 'There is nothing to set and nothing to unset.'],
    [{ set: { '1A': 'x' } }, '"1A" cannot be a variable\'s name: letters, digits and _ only, not beginning with a digit.'],
    [{ unset: ['A B'] }, '"A B" cannot be a variable\'s name: letters, digits and _ only, not beginning with a digit.'],
    [{ set: { A: 'secret\0more' } }, 'The value of A holds a NUL byte, which no process environment can carry.'],
    [{ set: { A: 'x'.repeat(131_073) } }, 'The value of A has more than 130816 bytes, the most Linux passes to a process.'],
    [{ set: { A: 'x' }, unset: ['A'] }, 'A is to be set and unset at once.'],
  ];
  for (const [body, what] of refused) {
    const answer = await world.call('PATCH', '/apps/shop/env', { body });
    assert.is(answer.statusCode, 400);
    assert.is(answer.json().error.what, what);
  }
  assert.equal(world.deployer.calls, []);
});

test('a build is cancelled by the app\'s own token and by no other app\'s; why it could not be is told', async ({ world, shop }) => {
  const commit = 'c'.repeat(40);
  const number = world.store.builds.begin(shop, asOid(commit), 'ann');
  world.deployer.waiting = 'all 2 build places are taken (3 more before this one)';
  const waiting = (await world.call('GET', `/apps/shop/builds/${number}`)).json();
  assert.is(waiting.status, 'waiting');
  assert.is(waiting.waits_for, world.deployer.waiting);
  const blog = world.app('blog');
  const path = `/apps/shop/builds/${number}/cancel`;
  const refused = await world.call('POST', path, { token: world.tokenFor(blog, 'stranger'), body: {} });
  assert.is(refused.statusCode, 403);
  assert.is((await world.call('POST', path, { token: null, body: {} })).statusCode, 401);
  assert.is(world.store.builds.get(shop, number)?.status, 'running');
  assert.equal(world.deployer.calls, []);

  const answer = await world.call('POST', path, { token: world.tokenFor(shop), body: {} });
  assert.is(answer.statusCode, 200);
  assert.is(answer.json().status, 'cancelled');
  assert.is(answer.json().error, '[HOP3_CANCELLED] by ci');
  assert.is(answer.json().waits_for, null);
  assert.equal(world.deployer.calls, [`cancel shop b${number} by ci`]);
  assert.is((await world.call('POST', '/apps/shop/builds/99/cancel', { body: {} })).json().error.what, 'shop has no build b99.');
});

test('builds and their logs are there by number, failed ones too', async ({ world, shop }) => {
  world.released(shop, 'a');
  world.buildLog(shop, 1, '-----> Building\n       é ok\n');
  assert.is((await world.call('GET', '/apps/shop/builds')).json().builds[0].status, 'released');
  assert.is((await world.call('GET', '/apps/shop/builds/1')).json().release, 1);
  const log = await world.call('GET', '/apps/shop/builds/1/log');
  assert.is(log.headers['content-type'], 'text/plain; charset=utf-8');
  assert.is(log.body, '-----> Building\n       é ok\n');
  assert.is((await world.call('GET', '/apps/shop/builds/2/log')).json().error.what, 'shop has no build b2.');
  world.released(shop, 'b');
  assert.is((await world.call('GET', '/apps/shop/builds/2/log')).json().error.what, 'The log of build b2 of shop is not kept any more.');
});

test('an app that has written nothing has no lines and no processes', async ({ world }) => {
  assert.equal((await world.call('GET', '/apps/shop/logs')).json(), { lines: [], complete: true });
  assert.equal((await world.call('GET', '/apps/shop/ps')).json(), { workers: [] });
  assert.is((await world.call('GET', '/apps/shop/logs?release=4')).json().error.code, 'HOP3_NO_RELEASE');
});

test('logs are chosen by process, release, text and time', async ({ world, shop }) => {
  world.released(shop, 'a');
  for (const [place, text] of [['web.1/v1.a', 'GET /cart ERROR'], ['cron.nightly/v1.a', 'error: no disk'], ['web.1/v2.b', 'fine']]) {
    const dir = join(world.context.paths.workerLogs(shop), place!);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'current'), `2026-11-23 05:1${place!.length % 10}:00.000000000  ${text}\n`);
  }
  const texts = async (query: string) => {
    const answer = await world.call('GET', `/apps/shop/logs${query}`);
    assert.is(answer.statusCode, 200, answer.body);
    return answer.json<{ lines: { text: string }[] }>().lines.map(({ text }) => text);
  };
  assert.equal(await texts(''), ['GET /cart ERROR', 'fine', 'error: no disk']);
  assert.equal(await texts('?grep=error'), ['GET /cart ERROR', 'error: no disk']);
  assert.equal(await texts('?grep=error&worker=cron'), ['error: no disk']);
  assert.equal(await texts('?worker=cron.nightly'), ['error: no disk']);
  assert.equal(await texts('?release=1&worker=web'), ['GET /cart ERROR']);
  assert.equal(await texts('?since=2026-11-23T05:11:00Z'), ['error: no disk']);
  assert.equal(await texts('?since=2026-11-23T06:11:00%2B01:00'), ['error: no disk']);
  assert.equal(await texts('?since=1'), []);
  for (const query of ['since=yesterday', 'since=2026-99-99T00:00:00Z', 'grep=', 'worker=cron..x', 'worker=cron.a/b']) {
    assert.is((await world.call('GET', `/apps/shop/logs?${query}`)).json().error.code, 'HOP3_USAGE', query);
  }
});

test('a token is made for one app, shown once, and ends when revoked', async ({ world }) => {
  const made = await world.call('POST', '/tokens', { body: { name: 'ci', app: 'shop', expires_in: 3600 } });
  assert.is(made.statusCode, 201);
  const { token, id, app } = made.json();
  assert.is(app, 'shop');
  assert.is((await world.call('GET', '/apps/shop', { token })).statusCode, 200);
  const list = await world.call('GET', '/tokens');
  assert.is(list.json().tokens[0].id, id);
  assert.not.match(list.body, token);
  assert.not.match(list.body, 'hash');
  assert.equal((await world.call('DELETE', '/tokens/ci')).json(), { revoked: id });
  assert.is((await world.call('GET', '/apps/shop', { token })).statusCode, 401);
  assert.is((await world.call('DELETE', `/tokens/${id}`)).json().error.what, `The token ${id} was revoked before.`);
});

test('an administrator\'s token must be asked for in so many words', async ({ world }) => {
  for (const body of [{ name: 'x' }, { name: 'x', app: 'shop', admin: true }]) {
    assert.is((await world.call('POST', '/tokens', { body })).json().error.what, 'A token is either for one app or for an administrator.');
  }
  const { token } = (await world.call('POST', '/tokens', { body: { name: 'boss', admin: true } })).json();
  assert.is((await world.call('GET', '/tokens', { token })).statusCode, 200);
  assert.is((await world.call('POST', '/tokens', { body: { name: 'x', app: 'shpo' } })).json().error.what, 'There is no app "shpo". Did you mean "shop"?');
});

test('two tokens of one name are told apart by their ids', async ({ world }) => {
  const ids = [];
  for (const _ of [1, 2]) ids.push((await world.call('POST', '/tokens', { body: { name: 'ci', app: 'shop' } })).json().id);
  const answer = (await world.call('DELETE', '/tokens/ci')).json().error;
  assert.ok(ids.every((id) => answer.what.includes(id)), answer.what);
});

test('an ejected plan is asked for by a word of its own', async ({ world }) => {
  const files = { 'hop3.toml': '[nix]' };
  const answer = await world.call('POST', '/apps/shop/plan', { body: { files, eject: true } });
  assert.match(answer.json().expression, '# ejected shop [nix]');
  assert.equal([answer.json().tier, answer.json().tier_text, answer.json().reproducible], [1, 'packaged by nixpkgs', false]);
  assert.match((await world.call('POST', '/apps/shop/plan', { body: { files, eject: 'yes' } })).json().error.what, 'body.eject should be true or false');
});

test('a package of the package set, and one that is not in it', async ({ world, shop }) => {
  const found = await world.call('GET', '/api/v1/packages?name=grafana', { token: world.tokenFor(shop) });
  assert.is(found.statusCode, 200);
  assert.equal([found.json().package, found.json().main_program, found.json().usable, found.json().package_set], ['grafana', 'grafana', true, 'host']);
  const missing = await world.call('GET', '/api/v1/packages?name=grafna');
  assert.is(missing.statusCode, 404);
  assert.is(missing.json().error.code, 'HOP3_NO_PACKAGE');
  assert.is((await world.call('GET', '/api/v1/packages')).statusCode, 400);
});

test('a verification streams its log, ends with the release or with what differs, and changes nothing', async ({ world, shop }) => {
  world.released(shop, 'a');
  const same = await world.call('POST', '/apps/shop/releases/1/verify', { body: {} });
  assert.equal(events(same).map((event) => event.kind), ['log', 'done']);
  assert.is(events(same)[1]!.release!.version, 1);
  world.deployer.fails = new Hop3Error('HOP3_NOT_IDENTICAL', { what: 'v1 is not bit-identical.' });
  const differs = await world.call('POST', '/apps/shop/releases/1/verify', { body: {} });
  assert.is(events(differs).at(-1)!.error!.code, 'HOP3_NOT_IDENTICAL');
  assert.is((await world.call('POST', '/apps/shop/releases/2/verify', { body: {} })).json().error.code, 'HOP3_NO_RELEASE');
  assert.is(world.store.builds.list(shop, 9).length, 1);
});

test('a plan sees the files and the names at the top of the tree', async ({ world }) => {
  const answer = await world.call('POST', '/api/v1/plan', { body: { app: 'blog', files: { 'hop3.toml': '[nix]' }, names: ['src/a.py', 'src/b.py', 'hop3.toml'] } });
  assert.equal(answer.json(), {
    mode: 'template', template: 'nixpkgs-wrapper', tier: 1, tier_text: 'packaged by nixpkgs', reproducible: false, auditable: true,
    architectures: ['x86_64-linux'], expression: '# blog [nix]\n', notices: ['saw hop3.toml src'], package_set: 'host',
  });
  const odd = await world.call('POST', '/api/v1/plan', { body: { files: { 'hop3.tmol': '' }, names: [] } });
  assert.is(odd.json().error.what, 'body.files: "hop3.tmol" is not a file that planning reads. Did you mean "hop3.toml"?');
  const two = await world.call('POST', '/apps/shop/plan', { body: { files: { 'hop3.toml': '', 'src/hop3.toml': '' } } });
  assert.is(two.json().error.what, 'The tree has hop3.toml and src/hop3.toml; only one can be meant.');
});

test('bodies and queries that cannot be used are told with the place, and nothing is coerced or dropped', async ({ world, shop }) => {
  world.released(shop, 'a');
  const bad: ['POST' | 'PATCH' | 'DELETE' | 'GET', string, unknown, string][] = [
    ['POST', '/apps', {}, 'The request cannot be used: body.name is missing.'],
    ['POST', '/apps', { name: 5 }, 'The request cannot be used: body.name should be a text, got 5.'],
    ['POST', '/apps', { name: 'x', nmae: 'y' }, 'The request cannot be used: body: unknown key "nmae". Did you mean "name"? Allowed: name.'],
    ['POST', '/apps', [], 'The request cannot be used: body should be an object, got a list.'],
    ['DELETE', '/apps/shop', {}, 'The request cannot be used: body.confirm is missing.'],
    ['POST', '/apps/shop/rollback', { to: '1' }, 'The request cannot be used: body.to should be a whole number, got a text of 1 character.'],
    ['POST', '/apps/shop/rollback', { to: 0 }, 'The request cannot be used: body.to should be >= 1, got 0.'],
    ['POST', '/apps/shop/restart', { force: true }, 'The request cannot be used: body: unknown key "force". Allowed: none.'],
    ['PATCH', '/apps/shop/env', { set: { A: 1, B: 'the-secret' }, unset: 'A' }, 'The request cannot be used: body.set.A should be a text, got 1; body.unset should be a list, got a text of 1 character.'],
    ['POST', '/tokens', { name: '' }, 'The request cannot be used: body.name should not have fewer than 1 characters, got a text of 0 characters.'],
    ['GET', '/apps/shop/releases?limit=many', undefined, 'The request cannot be used: query.limit should be a whole number, got a text of 4 characters.'],
    ['GET', '/apps/shop/releases?limit=0', undefined, 'The request cannot be used: query.limit should be >= 1, got 0.'],
    ['GET', '/apps/shop/releases?count=3', undefined, 'The request cannot be used: query: unknown key "count". Allowed: limit.'],
    ['GET', '/apps/shop/releases/vx', undefined, 'The request cannot be used: path.version should be a whole number, got a text of 2 characters.'],
    ['GET', '/apps/shop/logs?worker=..%2Fx', undefined, ''],
  ];
  for (const [method, path, body, what] of bad) {
    const answer = await world.call(method, path, { body });
    assert.is(answer.statusCode, 400, `${method} ${path}: ${answer.body}`);
    assert.is(answer.json().error.code, 'HOP3_USAGE');
    if (what !== '') assert.is(answer.json().error.what, what);
    assert.not.match(answer.body, 'the-secret');
  }
  assert.equal(world.deployer.calls, []);
});

test('broken JSON, a wrong media type, a huge body and an unknown address come in the same envelope', async ({ world }) => {
  const cases: [Awaited<ReturnType<ApiWorld['call']>>, number, string][] = [
    [await world.call('POST', '/apps', { body: '{"name":', headers: { 'content-type': 'application/json' } }), 400, 'HOP3_USAGE'],
    [await world.call('POST', '/apps', { body: '{"__proto__":{"x":1}}', headers: { 'content-type': 'application/json' } }), 400, 'HOP3_USAGE'],
    [await world.call('POST', '/apps', { body: '<x/>', headers: { 'content-type': 'text/xml' } }), 415, 'HOP3_USAGE'],
    [await world.call('POST', '/apps', { body: { name: 'x'.repeat(2_000_000) } }), 413, 'HOP3_USAGE'],
    [await world.call('GET', '/api/v1/nothing'), 404, 'HOP3_NO_ROUTE'],
    [await world.call('DELETE', '/api/v1/server'), 404, 'HOP3_NO_ROUTE'],
  ];
  for (const [answer, status, code] of cases) {
    assert.is(answer.statusCode, status, answer.body);
    assert.equal(Object.keys(answer.json().error), ['code', 'what', 'why', 'next', 'exit_code']);
    assert.is(answer.json().error.code, code);
    assert.not.match(answer.body, 'node_modules');
    assert.is(answer.headers['x-content-type-options'], 'nosniff');
    assert.is(answer.headers['cache-control'], 'no-store');
  }
});

test('a body nested a hundred thousand levels deep is refused in words', async ({ world }) => {
  const deep = `{"name":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  const answer = await world.server.inject({ method: 'POST', url: '/api/v1/apps', headers: { authorization: `Bearer ${world.admin}`, 'content-type': 'application/json' }, payload: deep });
  assert.is(answer.statusCode, 400);
  assert.is(answer.json().error.what, 'The request cannot be used: body is nested deeper than 32 levels.');
});

test.run();
