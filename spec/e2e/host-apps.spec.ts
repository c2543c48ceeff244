import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HostWorld, read, type Built } from './host-world.ts';
import { nixAnswers } from './nix-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

interface Context { world: HostWorld; started: ChildProcess[]; port: number }
const apps = suite<Context>('example apps on the host package set');
apps.before.each(async (context) => {
  context.world = new HostWorld();
  context.started = [];
  context.port = await freePort();
});
apps.after.each(async ({ world, started }) => {
  for (const child of started) await end(child);
  world.end();
});

apps('landing is a directory of files, its style sheet named by its hash', async ({ world }) => {
  const { workers } = runtimeOf(await world.buildApp('real-apps-nix/landing'));
  assert.equal(Object.keys(workers), ['static']);
  const sheet = readdirSync(workers['static']!).find((name) => name.endsWith('.css')) ?? '';
  assert.match(sheet, /^style\.[0-9a-f]{12}\.css$/);
  assert.ok(readFileSync(join(workers['static']!, 'index.html'), 'utf8').includes(`href="/${sheet}"`));
});

apps('flask-gunicorn greets, is healthy, shows harmless variables only, and finishes a slow request when it is stopped', async (context) => {
  const built = await context.world.buildApp('test-apps-nix/flask-gunicorn');
  if (/apt-get install/.test(built.log)) return console.log('skipped: python3-flask and python3-gunicorn are not installed');
  const web = await start(context, built, 'web', { GREETING: 'Good day', HOP3_RELEASE: 'v7', SECRET_KEY: 'hidden' });
  assert.is(await text(context, '/'), 'Good day, this is v7\n');
  assert.is(await text(context, '/healthz'), 'ok\n');
  assert.is(await text(context, '/env/HOP3_RELEASE'), '{"HOP3_RELEASE":"v7"}\n');
  const refused = await get(context, '/env/SECRET_KEY');
  assert.is(refused.status, 403);
  assert.not.match(await refused.text(), /hidden/);
  assert.is((await get(context, '/slow?s=31')).status, 400);

  const slow = text(context, '/slow?s=2');
  await delay(500);
  web.kill('SIGTERM');
  assert.is(await slow, 'answered after 2 s by v7\n');
});

apps('node-http answers', async (context) => {
  await start(context, await context.world.buildApp('test-apps-nix/node-http'), 'web');
  assert.match(await text(context, '/'), /^Hello from Node v\d+/);
  assert.is((await get(context, '/nothing')).status, 404);
});

apps('static-and-web has a directory of files and a worker for the rest', async (context) => {
  const built = await context.world.buildApp('test-apps-nix/static-and-web');
  assert.is(readFileSync(join(runtimeOf(built).workers['static']!, 'both.txt'), 'utf8'), 'from the file\n');
  await start(context, built, 'web');
  assert.is(JSON.parse(await text(context, '/api/time')).from, 'web');
});

apps('web-and-worker shows the heartbeat that its worker writes into the data directory', async (context) => {
  const built = await context.world.buildApp('test-apps-nix/web-and-worker');
  await start(context, built, 'web');
  assert.is(JSON.parse(await text(context, '/')).heartbeat, null);
  await start(context, built, 'heartbeat', { HOP3_RELEASE: 'v3' });
  const heartbeat = await until('a heartbeat', async () => JSON.parse(await text(context, '/')).heartbeat);
  assert.is(heartbeat.release, 'v3');
});

const refusedAtBuild: readonly (readonly [app: string, why: RegExp])[] = [
  ['broken-nix', /syntax error, unexpected IN, expecting ';'/],
  ['reads-etc-passwd', /access to .*'\/etc\/passwd' is forbidden in restricted mode/],
];
for (const [app, why] of refusedAtBuild) {
  apps(`${app} is refused by nix`, async ({ world }) => {
    const built = await world.buildApp(`test-apps-fail/${app}`);
    assert.is.not(built.code, 0);
    assert.match(built.log, why);
  });
}

apps('dies-at-start builds, says why on its standard error, and exits with 3', async (context) => {
  const child = await start(context, await context.world.buildApp('test-apps-fail/dies-at-start'), 'web');
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => { said += chunk; });
  const code = await new Promise((resolve) => { child.once('close', resolve); });
  assert.is(code, 3);
  assert.match(said, /^cannot reach the database/);
});

apps('the other bad apps build: what is wrong with them is found later', async ({ world }) => {
  for (const app of ['no-runtime-json', 'static-outside', 'never-answers', 'wrong-port', 'unknown-key']) {
    const built = await world.buildApp(`test-apps-fail/${app}`);
    assert.is(built.code, 0, `${app}\n${built.log}`);
  }
});

interface RuntimeJson { workers: Record<string, string>; env?: Record<string, string>; path?: string[] }

function runtimeOf(built: Built): RuntimeJson {
  return JSON.parse(read(built, 'hop3/runtime.json')) as RuntimeJson;
}

/** Starts a worker as the runtime does, without its sandbox; resolves at once. */
async function start({ world, started, port }: Context, built: Built, worker: string, env: Record<string, string> = {}): Promise<ChildProcess> {
  const runtime = runtimeOf(built);
  const data = join(world.dir, 'data');
  mkdirSync(data, { recursive: true });
  const child = spawn('/bin/sh', ['-c', `exec ${runtime.workers[worker]}`], {
    cwd: data,
    env: { PATH: [...(runtime.path ?? []), '/usr/bin:/bin'].join(':'), HOME: data, PORT: String(port), BIND_ADDRESS: '127.0.0.1', ...runtime.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  started.push(child);
  return child;
}

/** Ends a worker and everything it started. */
async function end(child: ChildProcess): Promise<void> {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Asks until the worker listens. */
function get({ port }: Context, path: string): Promise<Response> {
  return until(`an answer to ${path}`, async () => {
    try {
      return await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(10_000) });
    } catch (error) {
      if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED') return null;
      throw error;
    }
  });
}

async function text(context: Context, path: string): Promise<string> {
  return (await get(context, path)).text();
}

async function until<T>(what: string, ask: () => Promise<T | null>): Promise<T> {
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await ask();
    if (answer !== null) return answer;
    await delay(100);
  }
  throw new Error(`waited 10 s for ${what}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

if (nixAnswers()) apps.run();
