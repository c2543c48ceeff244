// limit: 240
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { ECHO_WEB, runtime, site, told } from './tiny-apps.ts';
import { World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>('names and maintenance');
const TOML = '[domains]\nlist = ["shop.example.org", "www.example.org"]\n';

test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world.stop(); });

const at = (world: World, host: string, path = '/') => world.get('x', path, { host });
const reloads = async (world: World) => (await readFile(join(world.root, 'logs/nginx/current'), 'utf8')).split('signal process started').length + (await readFile(join(world.root, 'logs/nginx/current'), 'utf8')).split('reconfiguring').length;

test('[domains] of hop3.toml: the app answers there once it is live, and is told its public address', async ({ world }) => {
  const shop = await world.repo('shop', { ...runtime(ECHO_WEB), 'hop3.toml': TOML });
  const pushed = await shop.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(told(pushed), 'remote:        answers to shop.example.org, www.example.org too');
  const answer = await at(world, 'www.example.org');
  assert.is(answer.status, 200);
  assert.is((JSON.parse(answer.body) as Record<string, string>)['HOP3_PUBLIC_URL'], `http://shop.example.org:${world.httpPort}`);
  assert.is((await at(world, 'shop.localhost')).status, 200);
  assert.match((await world.hop3('domains', '--app', 'shop')).stdout, /shop\.example\.org +hop3\.toml/);
});

test('a name that no app has is a plain 404; an app with nothing live is a 503', async ({ world }) => {
  const nobody = await at(world, 'nobody.example.org');
  assert.is(nobody.status, 404);
  assert.is(nobody.body, 'No app answers to this name.\n');
  assert.is((await world.hop3('app', 'create', '--app', 'idle')).code, 0);
  assert.is((await at(world, 'idle.localhost')).status, 503);
});

test('a name of another app, of nobody\'s, or one that nginx would choke on is refused; no other app notices', async ({ world }) => {
  const blog = await world.repo('blog', site('blog'));
  assert.is((await blog.push()).code, 0);
  const refused = async (name: string, text: string) => {
    const ran = await world.hop3('domains', 'add', name, '--app', 'blog');
    assert.is(ran.code, 8, ran.output);
    assert.match(ran.stderr, text);
    assert.match(ran.stderr, '[HOP3_DOMAIN]');
  };
  await refused('shop.example.org', 'shop.example.org belongs to shop.');
  await refused('shop.localhost', 'shop.localhost is where an app named shop answers.');
  await refused('future.localhost', 'future.localhost is where an app named future answers.');
  await refused('localhost', "this server's own domain");
  await refused('a b; }', 'no host name');
  await refused('x{}.example.org', 'no host name');
  await refused('*.example.org', 'wildcard');
  await refused('10.0.0.1', 'IP address');
  const clash = await world.repo('clash', { ...site('clash'), 'hop3.toml': TOML });
  const pushed = await clash.push();
  assert.is(pushed.code, 1);
  assert.match(told(pushed), 'shop.example.org belongs to shop.');
  assert.is((await at(world, 'shop.example.org')).status, 200);
  assert.equal(JSON.parse((await world.hop3('domains', '--app', 'blog', '--json')).stdout), { domains: [] });
});

test('what the operator gave stays with the next push, and the log says so; override takes it', async ({ world }) => {
  assert.is((await world.hop3('domains', 'set', 'store.example.org', '--app', 'shop')).code, 0);
  assert.is((await at(world, 'shop.example.org')).status, 404);
  assert.is((await at(world, 'STORE.example.org')).status, 200);
  const shop = await world.repo('again', { ...runtime(ECHO_WEB), 'hop3.toml': TOML, 'n.txt': '2' });
  await shop.git('remote', 'set-url', 'hop3', (await shop.git('remote', 'get-url', 'hop3')).replace('again.git', 'shop.git'));
  const pushed = await shop.push('-f', 'hop3', 'main');
  assert.is(pushed.code, 0, pushed.output);
  assert.match(told(pushed), '[domains] is not used: the operator gave shop names of its own (store.example.org)');
  await shop.commit('override', { 'hop3.toml': `${TOML}_policy = "override"\n` });
  assert.is((await shop.push()).code, 0);
  assert.is((await at(world, 'store.example.org')).status, 404);
  assert.is((await at(world, 'www.example.org')).status, 200);
});

test('a push that fails takes its names away again', async ({ world }) => {
  const bad = await world.repo('bad', { ...runtime('workers.web = "/bin/sh -c \'exit 3\'";'), 'hop3.toml': '[domains]\nlist = ["bad.example.org"]\n' });
  assert.is((await bad.push()).code, 1);
  assert.is((await at(world, 'bad.example.org')).status, 404);
  assert.is((await at(world, 'www.example.org')).status, 200);
});

test('"_" answers every name that no app has', async ({ world }) => {
  assert.is((await world.hop3('domains', 'add', '_', '--app', 'blog')).code, 0);
  assert.match((await at(world, 'whatever.example.net')).body, 'blog');
  assert.match((await at(world, 'www.example.org')).body, 'PORT');
  assert.is((await world.hop3('domains', 'remove', '_', '--app', 'blog')).code, 0);
  assert.is((await at(world, 'whatever.example.net')).status, 404);
});

test('maintenance begins and ends at once, without a reload, for this app alone', async ({ world }) => {
  const before = await reloads(world);
  assert.is((await world.hop3('maintenance', 'on', '--app', 'shop')).code, 0);
  const answer = await at(world, 'shop.localhost', '/any');
  assert.is(answer.status, 503);
  assert.is(answer.body, 'shop is down for maintenance. Please come back later.\n');
  assert.is(answer.headers['retry-after'], '120');
  assert.is((await at(world, 'blog.localhost')).status, 200);
  assert.is((await world.hop3('maintenance', '--app', 'shop')).stdout, 'on\n');
  assert.is((await world.hop3('maintenance', 'off', '--app', 'shop')).code, 0);
  assert.is((await at(world, 'shop.localhost')).status, 200);
  assert.is(await reloads(world), before);
});

test('the names go with the app', async ({ world }) => {
  assert.is((await world.hop3('app', 'destroy', '--app', 'shop', '--confirm=shop')).code, 0);
  assert.is((await at(world, 'www.example.org')).status, 404);
  assert.is((await world.hop3('domains', 'add', 'www.example.org', '--app', 'blog')).code, 0);
  assert.match((await at(world, 'www.example.org')).body, 'blog');
});

test.run();
