import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseAppName } from '../../src/names.ts';
import { freePort, NginxWorld, site } from './nginx-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: NginxWorld; dead: number }>('what a visitor gets');
const shop = parseAppName('shop');
const plain = parseAppName('plain');

test.before(async (context) => {
  context.world = await NginxWorld.start();
  const { world } = context;
  const echo = await world.worker((request, response) => {
    if (request.url === '/own-404') return response.writeHead(404).end('the app has its own 404');
    if (request.url === '/steer') return response.writeHead(200, { 'x-accel-redirect': '/index.html' }).end('not steered');
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => { body += text; });
    request.on('end', () => response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body })));
  });
  context.dead = await freePort();
  await world.apply(site('shop', echo, echo), site('gone', context.dead, context.dead), site('plain'), site('files'), site('other', echo, echo));
});
test.after(async ({ world }) => { await world.stop(); });

for (const [kind, app] of [['a static site', plain], ['files of an app that has workers', shop]] as const) {
  test(`${kind}: files, index, the slash of a directory, its own 404 page`, async ({ world }) => {
    const files = await world.store({ 'index.html': '<p>home', 'docs/index.html': '<p>docs', 'empty/x.txt': 'x', 'app.mjs': 'export {}', '404.html': '<p>lost', '.well-known/security.txt': 'mail us', 'a b.txt': 'space' });
    await world.deploy(app, 'a', 'static', files);

    const home = await world.get(`${app}.localhost`);
    assert.is(home.status, 200);
    assert.is(home.body, '<p>home');
    assert.is(home.headers['content-type'], 'text/html; charset=utf-8');
    assert.is(home.headers['server'], 'nginx');
    assert.is((await world.get(`${app}.localhost`, '/docs/')).body, '<p>docs');
    const docs = await world.get(`${app}.localhost:8080`, '/docs?page=2');
    assert.is(docs.status, 301);
    assert.is(docs.headers['location'], '/docs/?page=2');
    assert.is((await world.get(`${app}.localhost`, '/.well-known/security.txt')).body, 'mail us');
    assert.is((await world.get(`${app}.localhost`, '/a%20b.txt')).body, 'space');
    assert.is((await world.get(`${app}.localhost`, '/app.mjs')).headers['content-type'], 'text/javascript; charset=utf-8');

    for (const path of ['/nothing', '/empty/', '/docs/nothing.html']) {
      const lost = await world.get(`${app}.localhost`, path);
      assert.is(lost.status, 404, path);
      assert.is(lost.body, '<p>lost', path);
      assert.is(lost.headers['content-type'], 'text/html; charset=utf-8', path);
    }
    assert.is((await world.get(`${app}.localhost`, '/', { method: 'POST', body: 'x' })).status, 405);
    assert.is((await world.get(`${app}.localhost`, '/', { method: 'HEAD' })).status, 200);

    await rm(join(files, '404.html'));
    const plain = await world.get(`${app}.localhost`, '/nothing');
    assert.is(plain.status, 404);
    assert.is(plain.body, 'Not found.\n');
    assert.is(plain.headers['content-type'], 'text/plain');
  });

  test(`${kind}: a path cannot leave the static directory`, async ({ world }) => {
    await world.deploy(app, 'a', 'static', await world.store({ 'index.html': 'home' }));
    for (const path of ['/../static', '/%2e%2e/%2e%2e/current', '/..%2f..%2f..%2f..%2fetc/passwd', '//etc/passwd', '/.%00./x']) {
      const [first = ''] = (await world.raw(`GET ${path} HTTP/1.1\r\nHost: ${app}.localhost\r\nConnection: close\r\n\r\n`)).split('\r\n');
      assert.match(first, /HTTP\/1\.1 40[04]/, path);
    }
  });

  test(`${kind}: two releases with files of one size and date are told apart by a browser that has the first`, async ({ world }) => {
    const one = await world.store({ 'index.html': 'one' }, 'x');
    const two = await world.store({ 'index.html': 'two' }, 'y');
    await world.deploy(app, 'a', 'static', one);
    const first = await world.get(`${app}.localhost`);
    assert.is(first.headers['etag'], `"${'x'.repeat(32)}"`);
    assert.is(first.headers['last-modified'], undefined);
    assert.is(first.headers['cache-control'], 'public, max-age=0, must-revalidate');
    const again = { headers: { 'if-none-match': `W/"other", ${first.headers['etag']}`, 'if-modified-since': new Date().toUTCString() } };
    assert.is((await world.get(`${app}.localhost`, '/', again)).status, 304);

    await world.deploy(app, 'b', 'static', two);
    const changed = await world.get(`${app}.localhost`, '/', again);
    assert.is(changed.status, 200);
    assert.is(changed.body, 'two');
    assert.is((await world.get(`${app}.localhost`, '/', { headers: { 'if-modified-since': new Date().toUTCString() } })).body, 'two');
    const range = await world.get(`${app}.localhost`, '/', { headers: { range: 'bytes=1-', 'if-range': first.headers['etag']! } });
    assert.is(range.status, 200);
    assert.is((await world.get(`${app}.localhost`, '/', { headers: { range: 'bytes=1-', 'if-range': changed.headers['etag']! } })).body, 'wo');
  });

  test(`${kind}: a slot that an older version filled, with no hash in its name, is served with the same ETag`, async ({ world }) => {
    const files = await world.store({ 'index.html': 'old' }, 'z');
    await world.deploy(app, 'a', 'static', files);
    const { etag } = (await world.get(`${app}.localhost`)).headers;
    for (const mode of ['static', 'both'] as const) {
      const dir = join(world.paths.slot(app, 'b'), mode);
      await mkdir(dir, { recursive: true });
      await symlink(files, join(dir, 'static'));
      await world.switchTo(app, 'b', mode);
      const answer = await world.get(`${app}.localhost`);
      assert.is(answer.body, 'old');
      assert.is(answer.headers['etag'], etag, mode);
    }
    await rm(world.paths.slot(app, 'b'), { recursive: true });
  });
}

for (const filled of ['', ', in a slot that an older version filled']) test(`a web app gets everything, and who asked for it${filled}`, async ({ world }) => {
  await world.deploy(shop, 'b', 'web');
  if (filled !== '') await rm(join(world.paths.slot(shop, 'b'), 'web', 'web-b'));
  const answer = await world.get('shop.localhost:8080', '/a%2Fb/../c?x=%20y', { method: 'POST', body: 'hello', headers: { 'x-forwarded-for': '10.1.1.1', proxy: 'http://evil', connection: 'close' } });
  const seen = JSON.parse(answer.body) as { method: string; url: string; body: string; headers: Record<string, string> };
  assert.is(seen.method, 'POST');
  assert.is(seen.url, '/a%2Fb/../c?x=%20y'); // byte for byte what the client sent
  assert.is(seen.body, 'hello');
  assert.is(seen.headers['host'], 'shop.localhost:8080');
  assert.is(seen.headers['x-forwarded-host'], 'shop.localhost:8080');
  assert.is(seen.headers['x-forwarded-proto'], 'http');
  assert.is(seen.headers['x-forwarded-port'], String(world.port));
  assert.is(seen.headers['x-forwarded-for'], '10.1.1.1, 127.0.0.1');
  assert.match(seen.headers['x-request-id'] ?? '', /^[0-9a-f]{32}$/);
  assert.is(seen.headers['proxy'], undefined);
  assert.is(seen.headers['connection'], undefined); // the client's `close` is not the worker's: it is kept for the next request

  const named = JSON.parse((await world.get('shop.localhost', '/', { headers: { 'x-request-id': 'trace-12345678', 'x-forwarded-proto': 'https' } })).body) as typeof seen;
  assert.is(named.headers['x-request-id'], 'trace-12345678');
  assert.is(named.headers['x-forwarded-proto'], 'https'); // a TLS proxy on this host
  assert.is(named.headers['x-forwarded-port'], '443');
  assert.is((await world.get('shop.localhost', '/own-404')).body, 'the app has its own 404');
  assert.is((await world.get('shop.localhost', '/steer')).body, 'not steered');
});

test('static beside web: the file if there is one, else the worker; only reading asks for files', async ({ world }) => {
  await world.deploy(shop, 'a', 'both', await world.store({ 'logo.svg': '<svg/>', 'docs/index.html': '<p>docs', 'api.html/x': 'x', '404.html': 'not for the app' }));
  const logo = await world.get('shop.localhost', '/logo.svg');
  assert.is(logo.body, '<svg/>');
  assert.is(logo.headers['content-type'], 'image/svg+xml; charset=utf-8');
  assert.is((await world.get('shop.localhost', '/docs/')).body, '<p>docs');
  const docs = await world.get('shop.localhost', '/docs?x=1');
  assert.is(docs.status, 301);
  assert.is(docs.headers['location'], '/docs/?x=1');
  for (const path of ['/', '/api.html', '/api.html/', '/nothing%20here?q=1']) {
    const seen = JSON.parse((await world.get('shop.localhost', path)).body) as { url: string };
    assert.is(seen.url, path);
  }
  const posted = JSON.parse((await world.get('shop.localhost', '/logo.svg', { method: 'POST', body: 'new' })).body) as { method: string; body: string };
  assert.is(`${posted.method} ${posted.body}`, 'POST new');
});

test('no release, a release with background workers only, a worker that is gone', async ({ world }) => {
  const files = parseAppName('files');
  const never = await world.get('files.localhost');
  assert.is(never.status, 503);
  assert.is(never.body, 'files has no live release.\n');
  assert.is(never.headers['cache-control'], 'no-store');
  await world.deploy(files, 'a', 'none');
  assert.is((await world.get('files.localhost')).status, 503);
  await world.deploy(files, 'a', 'web'); // an app without a web port: nothing to ask
  assert.is((await world.get('files.localhost')).status, 502);

  await world.deploy(parseAppName('gone'), 'a', 'web');
  const gone = await world.get('gone.localhost');
  assert.is(gone.status, 502);
  assert.is(gone.body, 'gone is not answering just now.\n');
  assert.is((await world.get('gone.localhost', '/', { method: 'POST', body: 'x' })).status, 502);
});

test('a stream is passed on as it comes, and a websocket both ways', async ({ world }) => {
  let finish = () => {};
  const port = await world.worker((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    response.write('data: first\n\n');
    finish = () => response.end('data: last\n\n');
  });
  const sockets = await world.upgrades();
  await world.apply(site('stream', port, sockets), site('shop'), site('files'), site('gone'));
  const stream = parseAppName('stream');
  await world.deploy(stream, 'a', 'web');
  const parts: string[] = [];
  for await (const part of await world.open('stream.localhost')) {
    parts.push(part.replace(/\n+/, ''));
    finish(); // only now: the first part came while the answer was still open
  }
  assert.equal(parts, ['data: first', 'data: last']);

  await world.deploy(stream, 'b', 'web');
  const answer = await world.raw('GET /chat HTTP/1.1\r\nHost: stream.localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n', 'ping');
  assert.match(answer, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
  assert.match(answer, /\r\n\r\nyou said ping$/);
});

test('a name that no app has is answered by none', async ({ world }) => {
  await world.deploy(shop, 'a', 'static', await world.store({ 'index.html': 'the shop' }));
  for (const host of ['nobody.localhost', '127.0.0.1', 'shop.localhost.evil.example', 'localhost', 'x.shop.localhost', 'hop3_shop_a']) {
    const answer = await world.get(host);
    assert.is(answer.status, 404, host);
    assert.is(answer.body, 'No app answers to this name.\n', host);
  }
  assert.match(await world.raw('GET / HTTP/1.0\r\n\r\n'), 'No app answers');
  assert.is((await world.get('SHOP.localhost.')).body, 'the shop');
});

test.run();
