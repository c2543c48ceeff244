// limit: 240
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { expression, told } from './tiny-apps.ts';
import { CHECKOUT, exec, until, World } from './world.ts';

// Only root can be somebody else: a helper stays behind as `nobody` and tries what it is told to.
const stranger = process.getuid?.() === 0 ? await startStranger() : null;
if (stranger) process.env['HOP3_SPEC_STRANGER'] = String(stranger);
await asOrdinaryUser(import.meta.url);

interface Tokens { readonly shop: string; readonly blog: string; readonly revoked: string; readonly expired: string }
const test = suite<{ world: World; tokens: Tokens }>('strangers');
/** Prints its secret at the start, as careless programs do; with MODE=die it ends at once. */
const WEB = expression(`pkgs.writeTextDir "hop3/runtime.json" (builtins.toJSON {
    workers.web = "\${pkgs.nodejs}/bin/node \${pkgs.writeText "web.mjs" ''
      import { createServer } from 'node:http';
      console.log('starting with ' + process.env.CANARY);
      if (process.env.MODE === 'die') throw new Error('cannot log in with ' + process.env.CANARY);
      createServer((_request, response) => response.end(process.env.CANARY ?? 'no canary')).listen(process.env.PORT, process.env.BIND_ADDRESS);
    ''}";
  })`);

test.before(async (context) => {
  const world = await World.start();
  context.world = world;
  for (const app of ['shop', 'blog']) {
    const pushed = await (await world.repo(app, WEB)).push();
    assert.is(pushed.code, 0, pushed.output);
  }
  const create = async (app: string, name: string) => {
    const made = await world.hop3('token', 'create', '--app', app, '--name', name, '--json');
    assert.is(made.code, 0, made.output);
    return (JSON.parse(made.stdout) as { token: string }).token;
  };
  const soon = await world.api('/api/v1/tokens', { method: 'POST', token: await world.token(), body: { name: 'soon over', app: 'shop', expires_in: 1 } });
  context.tokens = { shop: await create('shop', 'shop-ci'), blog: await create('blog', 'blog-ci'), revoked: await create('shop', 'lost'), expired: (JSON.parse(soon.body) as { token: string }).token };
  assert.is((await world.hop3('token', 'revoke', 'lost')).code, 0);
  await until('the token to expire', () => Date.now() > Date.parse((JSON.parse(soon.body) as { expires_at: string }).expires_at));
});
test.after(async ({ world }) => { await world.stop(); });

interface Asked { readonly method: string; readonly path: string; readonly body?: unknown; readonly basic?: string; readonly bearer?: string; readonly from?: string }

let addresses = 0;
/** An address that has not failed before: the answers to one that has come late. */
const freshAddress = (): string => `127.0.${2 + Math.floor(addresses / 200)}.${1 + (addresses++ % 200)}`;

/** One request from an address of its own. */
function ask(world: World, { method, path, body, basic, bearer, from = freshAddress() }: Asked): Promise<{ status: number; body: string; headers: Record<string, unknown> }> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers: Record<string, string> = { 'content-length': String(Buffer.byteLength(text)), 'content-type': 'application/json' };
  if (basic !== undefined) headers['authorization'] = `Basic ${Buffer.from(`x:${basic}`).toString('base64')}`;
  if (bearer !== undefined) headers['authorization'] = `Bearer ${bearer}`;
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port: world.port, localAddress: from, method, path, headers, agent: false, timeout: 30_000 }, (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (chunk: string) => { answer += chunk; });
      response.on('end', () => resolve({ status: response.statusCode!, body: answer, headers: response.headers }));
    });
    call.on('timeout', () => call.destroy(new Error(`no answer to ${method} ${path}`)));
    call.on('error', reject);
    call.end(text);
  });
}

/** Every route of docs/api.md (a spec sees to it that it lists all) and every address of git, with the app's name put in. */
async function routes(app: string): Promise<{ method: string; path: string; access: string }[]> {
  const page = await readFile(join(CHECKOUT, 'docs/api.md'), 'utf8');
  const api = [...page.matchAll(/^\| `(GET|POST|PUT|PATCH|DELETE) (\/[^`]*)` \| (\w+) \|/gm)].map(([, method, path, access]) => ({ method: method!, path: `/api/v1${path!}`, access: access! }));
  assert.ok(api.length > 20, 'the table is read');
  const git = [
    ['GET', 'info/refs?service=git-receive-pack'], ['GET', 'info/refs?service=git-upload-pack'], ['POST', 'git-receive-pack'], ['POST', 'git-upload-pack'],
    ['GET', 'HEAD'], ['GET', 'config'], ['GET', 'objects/info/packs'], ['PUT', 'git-receive-pack'], ['DELETE', ''],
  ].map(([method, rest]) => ({ method: method!, path: `/:app.git/${rest}`, access: 'app' }));
  return [...api.filter((route) => route.path !== '/api/v1/healthz'), ...git].map((route) => ({
    ...route, path: route.path.replace(':app', app).replace(/:version|:number/, '1').replace(/:\w+/, 'x'),
  }));
}

test('no token, a wrong, a revoked and an expired one: 401 everywhere, in the same words for an app that does not exist', async ({ world, tokens }) => {
  const wrong = { none: undefined, invented: 'hop3_abcdefghijkl_0123456789012345678901234567890123456789012', 'a secret altered': `${tokens.shop.slice(0, -1)}${tokens.shop.endsWith('x') ? 'y' : 'x'}`, revoked: tokens.revoked, expired: tokens.expired };
  for (const [kind, token] of Object.entries(wrong)) {
    for (const scheme of ['basic', 'bearer']) {
      const walk = async (app: string) => Promise.all((await routes(app)).map(async ({ method, path }) => {
        const answer = await ask(world, { method, path, ...(token === undefined ? {} : { [scheme]: token }) });
        assert.is(answer.status, 401, `${kind}: ${method} ${path}: ${answer.status} ${answer.body}`);
        assert.ok(answer.headers['www-authenticate'], 'says how to show one');
        return answer.body.replaceAll(app, 'APP');
      }));
      const [there, nowhere] = [await walk('shop'), await walk('nothing')];
      assert.equal(there, nowhere, kind);
      assert.ok(there.every((body) => body.includes(token === undefined ? 'none was shown' : 'The token was not accepted.')), kind);
    }
  }
});

test('another app\'s token: 403 for what is an app\'s or an administrator\'s, in the same words for an app that does not exist', async ({ world, tokens }) => {
  const walk = async (app: string) => Promise.all((await routes(app)).filter((route) => route.access !== 'token').map(async ({ method, path }) => {
    const answer = await ask(world, { method, path, basic: tokens.blog, body: {} });
    assert.is(answer.status, 403, `${method} ${path}: ${answer.status} ${answer.body}`);
    assert.match(answer.body, 'HOP3_FORBIDDEN');
    return answer.body.replaceAll(app, 'APP');
  }));
  assert.equal(await walk('shop'), await walk('nothing'));
});

test('an app\'s token sees its app alone, and makes, destroys and mints nothing', async ({ world, tokens }) => {
  const get = async (path: string) => JSON.parse((await ask(world, { method: 'GET', path: `/api/v1${path}`, bearer: tokens.blog })).body);
  assert.equal((await get('/apps')).apps.map((app: { name: string }) => app.name), ['blog']);
  assert.equal((await get('/status')).apps.map((app: { name: string }) => app.name), ['blog']);
  assert.not.match(JSON.stringify(await get('/server')), world.root, 'nothing of the server\'s inside');
  const forbidden: Asked[] = [
    { method: 'POST', path: '/api/v1/apps', body: { name: 'mine' } },
    { method: 'DELETE', path: '/api/v1/apps/blog', body: { confirm: 'blog' } },
    { method: 'DELETE', path: '/api/v1/apps/shop', body: { confirm: 'shop' } },
    { method: 'GET', path: '/api/v1/tokens' },
    { method: 'POST', path: '/api/v1/tokens', body: { name: 'more', admin: true } },
    { method: 'POST', path: '/api/v1/tokens', body: { name: 'more', app: 'blog' } },
    { method: 'GET', path: '/api/v1/server/log' },
  ];
  for (const asked of forbidden) {
    const answer = await ask(world, { ...asked, bearer: tokens.blog });
    assert.is(answer.status, 403, `${asked.method} ${asked.path}: ${answer.body}`);
  }
  assert.equal((JSON.parse((await world.hop3('apps', '--json')).stdout) as { apps: { name: string }[] }).apps.map((app) => app.name), ['blog', 'shop']);
});

test('what git prints: no terminal is asked, no repository is told of', async ({ world, tokens }) => {
  const git = (app: string, token?: string) => exec('git', ['ls-remote', `http://${token === undefined ? '' : `x:${token}@`}127.0.0.1:${world.port}/${app}.git`], { env: world.env });
  for (const app of ['shop', 'nothing']) {
    const bare = await git(app);
    assert.is(bare.code, 128);
    assert.is(bare.output, `fatal: could not read Username for 'http://127.0.0.1:${world.port}': terminal prompts disabled\n`);
    const revoked = await git(app, tokens.revoked);
    assert.is(told(revoked), [
      'remote: The token was not accepted.',
      'remote: Check the token in the remote\'s address (git remote -v) or in HOP3_API_TOKEN, or ask an administrator for a new one.',
      'remote: [HOP3_NOT_AUTHENTICATED]',
      `fatal: Authentication failed for 'http://127.0.0.1:${world.port}/${app}.git/'\n`,
    ].join('\n'));
    const others = await git(app, tokens.blog);
    assert.is(told(others), [
      `remote: This token may not use ${app}.`,
      'remote: Use the token of that app, or ask an administrator for one: hop3 token create --app <app>',
      'remote: [HOP3_FORBIDDEN]',
      `fatal: unable to access 'http://127.0.0.1:${world.port}/${app}.git/': The requested URL returned error: 403\n`,
    ].join('\n'));
  }
  const unknown = await (await world.repo('newcomer', WEB)).git('remote', 'set-url', 'hop3', `http://x:${tokens.shop}@127.0.0.1:${world.port}/newcomer.git`)
    .then(() => exec('git', ['push', 'hop3', 'main'], { cwd: join(world.home, 'work/newcomer'), env: world.env }));
  assert.is(unknown.code, 128);
  assert.match(unknown.output, 'remote: This token may not use newcomer.');
  assert.is(await world.branch('newcomer'), null, 'an app\'s token makes no app');
});

test('repeated failures of one address are answered ever later; a right token is not held up, from there or from elsewhere', async ({ world, tokens }) => {
  const from = freshAddress();
  const timed = async (asked: Pick<Asked, 'bearer' | 'from'>) => {
    const began = performance.now();
    const { status } = await ask(world, { method: 'GET', path: '/api/v1/apps', ...asked });
    return { status, ms: performance.now() - began };
  };
  const times: number[] = [];
  for (let index = 0; index < 8; index += 1) times.push((await timed({ bearer: `hop3_x_${index}`, from })).ms);
  assert.ok(times.at(-1)! > 1500, `the eighth came after ${times.at(-1)} ms`);
  assert.ok(Math.min(...times.slice(0, 3)) < times.at(-1)! / 2, 'the first ones came at once');
  let late = true;
  const bad = timed({ bearer: 'hop3_x_y', from }).then((answer) => { late = false; return answer; });
  for (const where of [freshAddress(), from]) {
    assert.is((await timed({ bearer: tokens.shop, from: where })).status, 200);
    assert.ok(late, `served from ${where} while the wrong one waits`);
  }
  assert.is((await bad).status, 401);
});

test('what lies on disk is for Hop3\'s own user', async ({ world }) => {
  const mode = async (path: string) => ((await stat(join(world.root, path))).mode & 0o7777).toString(8);
  assert.is(await mode('.'), '700');
  assert.is(await mode('admin.token'), '600');
  assert.is(await mode('hop3.db'), '600');
  assert.is(await mode('run'), '700');
  assert.is(await mode('run/hook.sock'), '600');
});

const helper = process.env['HOP3_SPEC_STRANGER'];
if (helper === undefined) console.log('skipped: only root can try the files as another user');
(helper === undefined ? test.skip : test)('another user of the machine reaches none of it', async ({ world }) => {
  assert.is(await strangerTries('read', '/etc/hostname'), 'ok', 'the helper can do something');
  for (const path of ['admin.token', 'hop3.db', 'repos/shop.git/config', 'apps/shop/data', 'logs/server/current']) {
    assert.is(await strangerTries('read', join(world.root, path)), 'EACCES', path);
  }
  assert.is(await strangerTries('connect', join(world.root, 'run/hook.sock')), 'EACCES');
});

test('strangers on the hook socket are shown the door', async ({ world }) => {
  const pid = await world.serverPid();
  const socket = join(world.root, 'run/hook.sock');
  for (const bytes of ['garbage\n', randomBytes(2000), '\n\n\n', 'hook 1 1\n', `hook ${process.ppid} ${process.pid}\n0014ok refs/heads/main\n`, 'hook 99999999999 1\n', `hook ${pid} ${process.pid}\n`, 'x'.repeat(100_000)]) {
    assert.is(await send({ path: socket }, bytes), '', String(bytes).slice(0, 40));
  }
  assert.is(await world.serverPid(), pid, 'the server lives');
});

test('bytes that are no HTTP get a 400 and the end of the connection, on both ports', async ({ world }) => {
  const pid = await world.serverPid();
  const tls = Buffer.from('16030100a5010000a10303', 'hex');
  for (const port of [world.port, world.httpPort]) {
    for (const bytes of [Buffer.concat([Buffer.from([0, 1, 2]), randomBytes(500), Buffer.from('\r\n\r\n')]), tls, 'GET\r\n\r\n', '0000\n\n', 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n']) {
      const answer = await send({ port }, bytes);
      assert.match(answer, /^(HTTP\/1\.1 400 Bad Request\r\n|<html>)/, `${port} ${String(bytes).slice(0, 40)}`);
      assert.not.match(answer, /\bat .*\(.*:\d+:\d+\)/);
    }
  }
  const large = await send({ port: world.port }, `GET /healthz HTTP/1.1\r\nHost: a\r\nX-Large: ${'x'.repeat(100_000)}\r\n\r\n`);
  assert.match(large, 'HTTP/1.1 431 Request Header Fields Too Large\r\n');
  assert.match(large, 'The request\'s header is larger than 16 KiB.');
  assert.match(await send({ port: world.httpPort }, `GET / HTTP/1.1\r\nHost: shop.localhost\r\nX-Large: ${'x'.repeat(100_000)}\r\n\r\n`), 'HTTP/1.1 400 Bad Request');
  for (const path of ['/../../../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '//etc/passwd']) {
    assert.not.match(await send({ port: world.httpPort }, `GET ${path} HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n`), 'root:x:0');
  }
  assert.is(await world.serverPid(), pid, 'the server lives');
  assert.is((await ask(world, { method: 'GET', path: '/healthz' })).status, 200);
});

test('a secret set from standard input is seen by the app, and by nobody else', async ({ world, tokens }) => {
  const canary = `canary-${randomBytes(9).toString('hex')}`;
  let scanning = true;
  let scans = 0;
  const seen = new Set<string>();
  const scan = (async () => {
    while (scanning) {
      for (const line of await commandLines()) if (line.includes(canary)) seen.add(line);
      scans += 1;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  const set = await exec(join(CHECKOUT, 'bin/hop3'), ['env', 'set', 'CANARY', '--stdin', '--app', 'shop'], { env: world.env, input: canary });
  assert.is(set.code, 0, set.output);
  assert.is((await world.get('shop')).body, canary, 'the app has it');
  // The app prints it at its start; the log of the deploy does not show it.
  assert.match(set.output, 'starting with [hidden]');
  const failed = await world.hop3('env', 'set', 'MODE=die', '--app', 'shop');
  assert.is(failed.code, 8, failed.output);
  assert.match(failed.output, 'HOP3_WORKER_DIED');
  assert.match(failed.output, 'cannot log in with [hidden]');
  const repo = join(world.home, 'work/shop');
  await exec('git', ['commit', '-q', '--allow-empty', '-m', 'again'], { cwd: repo, env: world.env });
  const pushed = await exec('git', ['push', 'hop3', 'main'], { cwd: repo, env: world.env });
  assert.is(pushed.code, 0, pushed.output);
  scanning = false;
  await scan;
  assert.ok(scans > 5, 'somebody looked');
  assert.equal([...seen], [], 'no process list shows it');

  const texts: Record<string, string> = { 'env set': set.output, 'a failing env set': failed.output, 'a push': pushed.output };
  for (const command of [['releases', '--json'], ['releases'], ['builds', '--json'], ['ps', '--json'], ['app', 'status', '--json'], ['status', '--server-log']]) {
    texts[command.join(' ')] = (await world.hop3(...command, ...(command[0] === 'status' ? [] : ['--app', 'shop']))).output;
  }
  for (const path of ['/api/v1/apps/shop/releases/2', '/api/v1/apps/shop/builds/3', '/api/v1/status']) texts[path] = (await ask(world, { method: 'GET', path, bearer: tokens.shop })).body;
  for (const name of await readdir(join(world.root, 'apps/shop/builds'))) texts[`build log ${name}`] = await readFile(join(world.root, 'apps/shop/builds', name), 'utf8');
  for (const [where, text] of Object.entries(texts)) assert.not.ok(text.includes(canary), `it stands in ${where}:\n${text}`);
  assert.match(texts['releases']!, 'Set CANARY', 'its name may be told');
  assert.not.match(texts['/api/v1/apps/shop/releases/2']!, 'HOP3_INTERNAL');

  const server = await exec('grep', ['-rlF', canary, join(world.root, 'logs'), join(world.root, 'nginx'), join(world.root, 'repos')]);
  assert.is(server.stdout, '');
  const root = (await exec('readlink', ['-f', join(world.root, 'apps/shop/roots/1')])).stdout.trim();
  const closure = (await exec('nix-store', ['-qR', root], { env: world.env })).stdout.trim().split('\n');
  assert.ok(closure.includes(root));
  // /usr is not searched: what the closure holds of its own are these few files.
  assert.is((await exec('grep', ['-rlF', canary, ...closure])).stdout, '');
});

/** Sends bytes and gives what came back until the other side closed. */
function send(to: { path: string } | { port: number }, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', ...to });
    let text = '';
    const timer = setTimeout(() => { socket.destroy(); reject(new Error(`nobody closed the connection; it said: ${text}`)); }, 20_000);
    socket.on('data', (chunk: Buffer) => { text += chunk.toString('latin1'); });
    // Whoever is cut off while it still sends sees a reset.
    socket.on('error', () => {});
    socket.on('close', () => { clearTimeout(timer); resolve(text); });
    socket.write(bytes);
  });
}

async function commandLines(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
}

/** What became of the stranger's attempt: "ok" or an errno. */
function strangerTries(what: 'read' | 'connect', path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(helper), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => { text += chunk.toString(); });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.end(`${what} ${path}`);
  });
}

/** A process of the user `nobody` that reads files and connects to sockets when asked; it ends with this process. */
async function startStranger(): Promise<number> {
  const code = `
    const net = require('node:net'), fs = require('node:fs');
    const server = net.createServer({ allowHalfOpen: true }, (client) => {
      let text = '';
      client.on('error', () => {});
      client.on('data', (chunk) => { text += chunk; });
      client.on('end', () => {
        const [what, path] = text.split(' ');
        if (what === 'read') return fs.access(path, fs.constants.R_OK, (error) => client.end(error ? error.code : 'ok'));
        const socket = net.connect(path, () => { socket.destroy(); client.end('ok'); });
        socket.on('error', (error) => client.end(error.code));
      });
    });
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));
    process.stdin.resume().on('end', () => process.exit());`;
  const child = spawn('setpriv', ['--reuid=nobody', '--regid=nogroup', '--clear-groups', process.execPath, '-e', code], { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/', env: {} });
  child.once('error', () => {});
  process.once('exit', () => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return Number(line.toString());
}

test.run();
