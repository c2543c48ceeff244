import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AppName } from '../../src/names.ts';
import { ApiWorld } from '../api-world.ts';

const test = suite<{ world: ApiWorld; shop: AppName; blog: AppName; shopToken: string }>('who may use the API');

test.before(async (context) => {
  context.world = await ApiWorld.start();
  context.shop = context.world.app('shop');
  context.blog = context.world.app('blog');
  context.shopToken = context.world.tokenFor(context.shop);
});
test.after(async ({ world }) => {
  await world?.stop();
});

/** Every route, with `app` where an app is named and something in every other hole. */
function routes(world: ApiWorld, app = 'blog'): { method: 'GET' | 'HEAD'; url: string; pattern: string }[] {
  return world.routes.map(({ method, url }) => ({
    method: method as 'GET' | 'HEAD', pattern: url, url: url.replace(':app', app).replace(/:version|:number/, '1').replace(/:\w+|\*/g, 'x'),
  }));
}

test('every route but /healthz answers 401 without a token, and with a wrong one', async ({ world }) => {
  const all = routes(world);
  assert.ok(all.some(({ url }) => url === '/api/v1/tokens') && all.some(({ url }) => url === '/blog.git/git-receive-pack'), 'the walk sees API and git');
  for (const { method, url } of all) {
    const bare = await world.server.inject({ method, url });
    assert.is(bare.statusCode, 401, `${method} ${url} without a token`);
    if (!url.startsWith('/api/')) continue;
    if (method !== 'HEAD') assert.is(bare.json().error.code, 'HOP3_NOT_AUTHENTICATED', `${method} ${url}`);
    assert.is(bare.headers['www-authenticate'], 'Bearer realm="hop3"');
  }
  assert.is((await world.call('GET', '/apps', { token: 'hop3_abc_wrong' })).statusCode, 401);
  assert.equal(world.deployer.calls, []);
});

test('docs/api.md lists every route', ({ world }) => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/api.md', import.meta.url)), 'utf8');
  for (const { method, url } of world.routes) {
    if (method === 'HEAD' || !url.startsWith('/api/v1')) continue;
    assert.match(page, `| \`${method} ${url.slice('/api/v1'.length)}\` |`);
  }
});

test('a bad body is not even read without a token', async ({ world }) => {
  const answer = await world.call('POST', '/apps', { token: null, body: '{', headers: { 'content-type': 'application/json' } });
  assert.is(answer.statusCode, 401);
});

test("a token for shop is refused on every route of blog with 403, and learns nothing of apps that do not exist", async ({ world, shopToken }) => {
  let walked = 0;
  for (const app of ['blog', 'nothing']) {
    for (const { method, url, pattern } of routes(world, app)) {
      if (!pattern.startsWith('/api/v1/apps/:app')) continue;
      walked += 1;
      const answer = await world.server.inject({ method, url, headers: { authorization: `Bearer ${shopToken}` } });
      assert.is(answer.statusCode, 403, `${method} ${url}`);
      if (method !== 'HEAD') assert.is(answer.json().error.code, 'HOP3_FORBIDDEN');
    }
  }
  assert.ok(walked >= 28, 'the walk sees the routes of apps');
  assert.equal(world.deployer.calls, []);
});

test('what is forbidden is told in words that help', async ({ world, shopToken }) => {
  const other = await world.call('GET', '/apps/blog', { token: shopToken });
  assert.equal(other.json().error, {
    code: 'HOP3_FORBIDDEN', what: 'This token is for the app shop, not for blog.', why: null,
    next: 'Say --app shop, or use a token for blog.', exit_code: 5,
  });
  for (const [method, path, body] of [['POST', '/apps', { name: 'new' }], ['DELETE', '/apps/shop', { confirm: 'shop' }], ['GET', '/tokens', undefined], ['POST', '/tokens', { name: 'x', admin: true }], ['DELETE', '/tokens/x', undefined], ['GET', '/api/v1/server/log', undefined]] as const) {
    const answer = await world.call(method, path, { token: shopToken, body });
    assert.is(answer.statusCode, 403, `${method} ${path}`);
    assert.match(answer.json().error.what, 'is for administrators; this token is for the app shop alone.');
  }
  assert.equal(world.deployer.calls, []);
});

test('a list shows a token its own app only', async ({ world, shopToken }) => {
  assert.equal((await world.call('GET', '/apps', { token: shopToken })).json().apps.map((app: { name: string }) => app.name), ['shop']);
  assert.equal((await world.call('GET', '/apps')).json().apps.map((app: { name: string }) => app.name), ['blog', 'shop']);
  assert.equal((await world.call('GET', '/api/v1/status', { token: shopToken })).json().apps.map((app: { name: string }) => app.name), ['shop']);
});

test('the settings that a token for one app sees hold no paths of the server', async ({ world, shopToken }) => {
  const seen = await world.call('GET', '/api/v1/server', { token: shopToken });
  assert.is(seen.statusCode, 200);
  assert.not.match(seen.body, world.dir);
  const all = (await world.call('GET', '/api/v1/server')).json();
  assert.is(all.settings.HOP3_ROOT, world.dir);
  assert.is(all.package_set, 'host');
  assert.not.match(JSON.stringify(all), world.admin);
});

test('/healthz is open, and fails when the database does', async ({ world }) => {
  const well = await world.call('GET', '/healthz', { token: null });
  assert.is(well.statusCode, 200);
  assert.is(well.body, 'ok');
  world.store.close();
  assert.is((await world.call('GET', '/healthz', { token: null })).statusCode, 500);
  assert.is(world.defects.length, 1);
});

test.run();
