import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hop3Error } from '../../src/errors.ts';
import { GitWorld } from './git-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

const auth = suite('tokens at every git address');
let world: GitWorld;

auth.before(async () => {
  world = await GitWorld.start();
  await world.liveApp('shop');
  await world.liveApp('other');
});
auth.after(() => world.stop());

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const;
const PATHS = [
  '/shop.git/info/refs?service=git-receive-pack', '/shop.git/info/refs?service=git-upload-pack', '/shop.git/info/refs', '/shop.git/git-receive-pack', '/shop.git/git-upload-pack',
  '/shop.git/HEAD', '/shop.git/objects/info/packs', '/shop.git/config', '/shop.git', '/shop.git/', '/shop.git/git-receive-pack/', '/%73hop.git/git-receive-pack',
  '/nosuch.git/info/refs?service=git-receive-pack', '/nosuch.git/git-receive-pack', '/A_b.git/git-upload-pack', '/..%2fshop.git/git-upload-pack',
];

auth('no token and a wrong token: 401 and nothing else, whatever the method, address or app', async () => {
  for (const authorization of [undefined, 'Basic', 'Basic !!', world.basic('hop3_abc_def'), 'Bearer hop3_abc_def', 'basic eDp5', 'Negotiate abc']) {
    for (const method of METHODS) {
      for (const url of PATHS) {
        // A wrong token is slowed after a while; an address of its own each time keeps the spec quick.
        const remoteAddress = `10.${Math.floor(Math.random() * 255)}.${Math.floor(Math.random() * 255)}.${Math.floor(Math.random() * 255)}`;
        const answer = await world.server.inject({ method, url, remoteAddress, headers: authorization === undefined ? {} : { authorization } });
        assert.is(answer.statusCode, 401, `${method} ${url} ${authorization}`);
        assert.is(answer.headers['www-authenticate'], 'Basic realm="Hop3"');
      }
    }
  }
});

auth('another app\'s token: 403, in the same words whether the app exists or not', async () => {
  const authorization = world.basic(world.tokenFor('other'));
  const texts = new Set<string>();
  for (const method of METHODS) {
    for (const app of ['shop', 'nosuch']) {
      for (const rest of ['info/refs?service=git-receive-pack', 'info/refs?service=git-upload-pack', 'git-receive-pack', 'git-upload-pack', 'HEAD', '']) {
        const answer = await world.server.inject({ method, url: `/${app}.git/${rest}`, headers: { authorization } });
        assert.is(answer.statusCode, 403, `${method} ${app} ${rest}`);
        if (method !== 'HEAD') texts.add(answer.body.replaceAll(app, 'APP'));
      }
    }
  }
  assert.is(texts.size, 1);
  assert.match([...texts][0]!, 'This token may not use APP.');
});

auth('a token\'s own app: the two services answer, other methods 405, other paths 404', async () => {
  const authorization = world.basic(world.tokenFor('shop'));
  const ask = async (method: (typeof METHODS)[number], url: string) => (await world.server.inject({ method, url, headers: { authorization } })).statusCode;
  assert.is(await ask('GET', '/shop.git/info/refs?service=git-receive-pack'), 200);
  assert.is(await ask('GET', '/shop.git/info/refs?service=git-upload-pack'), 200);
  for (const method of METHODS) {
    if (method !== 'GET') assert.is(await ask(method, '/shop.git/info/refs?service=git-upload-pack'), 405, method);
    if (method !== 'POST') assert.is(await ask(method, '/shop.git/git-receive-pack'), 405, method);
    for (const path of ['HEAD', 'config', 'objects/info/packs', 'git-receive-pack/', 'info/refs/x', 'git-upload-archive', '']) assert.is(await ask(method, `/shop.git/${path}`), 404, `${method} ${path}`);
  }
  for (const query of ['', '?service=', '?service=git-evil', '?service=upload-pack', '?service=git-upload-pack&service=git-receive-pack']) {
    assert.is(await ask('GET', `/shop.git/info/refs${query}`), 400, query);
  }
});

auth('addresses that only look like an app\'s lead nowhere', async () => {
  const authorization = world.basic();
  for (const [url, status] of [
    ['//shop.git/info/refs?service=git-upload-pack', 404], ['/./shop.git/info/refs?service=git-upload-pack', 404], ['/x/shop.git/info/refs?service=git-upload-pack', 404],
    ['/shop.git/./info/refs?service=git-upload-pack', 404], ['/shop.git.git/info/refs?service=git-upload-pack', 400], ['/%2e%2e.git/info/refs?service=git-upload-pack', 400],
    ['/..%2fshop.git/info/refs?service=git-upload-pack', 400], ['/SHOP.git/info/refs?service=git-upload-pack', 400], ['/shop%00.git/info/refs?service=git-upload-pack', 400], ['/.git/info/refs?service=git-upload-pack', 400],
  ] as const) {
    const raw = await world.raw();
    raw.send(`GET ${url} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`);
    assert.match(await raw.all(3000), `HTTP/1.1 ${status}`, url);
  }
});

auth('an application token cannot make an app, an administrator\'s first push does', async () => {
  const token = world.tokenFor('shop');
  const tree = await world.clone('brandnew');
  const refused = await tree.push(world.url('brandnew', token), 'main');
  assert.is(refused.code, 128);
  assert.match(refused.output, 'remote: This token may not use brandnew.');
  assert.match(refused.output, 'error: 403');
  assert.not(world.created.includes('brandnew'));
  assert.is((await tree.push('hop3', 'main')).code, 0);
  assert.ok(world.created.includes('brandnew'));
});

auth('what git shows for a token that is not accepted', async () => {
  const tree = await world.clone('words');
  const { code, output } = await tree.push(world.url('shop', 'hop3_wrong_token'), 'main');
  assert.is(code, 128);
  assert.match(output, 'remote: The token was not accepted.');
  assert.match(output, 'fatal: Authentication failed for');
  assert.not(output.includes('hop3_wrong_token'));
});

auth('a body of a stranger is not read: the connection ends with the 401', async () => {
  const raw = await world.raw();
  raw.send('POST /shop.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n0000');
  const text = await raw.all(3000);
  assert.match(text, 'HTTP/1.1 401');
  assert.match(text, /connection: close/i);
});

auth('a creation that fails is the push\'s own answer', async () => {
  const tree = await world.clone('noports');
  const create = world.create;
  world.create = async () => { throw new Hop3Error('HOP3_NO_PORT', { what: 'No worker port is free.', next: 'Widen HOP3_WORKER_PORTS.' }); };
  const { code, output } = await tree.push('hop3', 'main');
  world.create = create;
  assert.is(code, 1);
  assert.match(output, '! [remote rejected] main -> main (No worker port is free [HOP3_NO_PORT])');
  assert.match(output, 'remote:        Widen HOP3_WORKER_PORTS.');
});

auth.run();
