import http from 'node:http';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AppName } from '../../src/names.ts';
import { createToken } from '../../src/server/auth.ts';
import { ApiWorld } from '../api-world.ts';

const test = suite<{ world: ApiWorld; shop: AppName; address: string }>('streams of the API');

test.before.each(async (context) => {
  context.world = await ApiWorld.start();
  context.shop = context.world.app('shop');
  context.world.released(context.shop, 'a');
  context.address = await context.world.server.listen({ host: '127.0.0.1', port: 0 });
});
test.after.each(async ({ world }) => {
  await world?.stop();
});

/** A request whose answer is read line by line; `next` waits for the next line, null at the end. */
function open(context: { world: ApiWorld; address: string }, method: string, path: string, body?: unknown, token = context.world.admin) {
  const payload = body === undefined ? '' : JSON.stringify(body);
  const request = http.request(`${context.address}/api/v1${path}`, {
    method, agent: false,
    headers: { authorization: `Bearer ${token}`, ...(payload ? { 'content-type': 'application/json', 'content-length': payload.length } : {}) },
  });
  const lines = (async function* () {
    const answer = await new Promise<http.IncomingMessage>((resolve, reject) => request.on('response', resolve).on('error', reject));
    let pending = '';
    for await (const chunk of answer) {
      const parts = (pending + String(chunk)).split('\n');
      pending = parts.pop()!;
      for (const part of parts) yield JSON.parse(part) as { kind: string; text?: string; error?: { code: string } };
    }
  })();
  request.end(payload);
  return { request, next: async () => (await lines.next()).value ?? null };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 500, 'waited five seconds in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('a client that leaves during a deploy cancels it', async (context) => {
  context.world.deployer.hangs = true;
  const deploy = open(context, 'POST', '/apps/shop/restart', {});
  assert.equal(await deploy.next(), { kind: 'log', text: '-----> Working\n' }, 'the first line comes while the deploy runs');
  deploy.request.destroy();
  await until(() => context.world.deployer.cancelled);
});

test('a server that stops ends deploys and followed logs in good order', async (context) => {
  context.world.deployer.hangs = true;
  const deploy = open(context, 'POST', '/apps/shop/restart', {});
  const follow = open(context, 'GET', '/apps/shop/logs/follow');
  assert.is((await deploy.next())!.kind, 'log');
  assert.is((await follow.next())!.kind, 'ping');
  assert.is((await follow.next())!.kind, 'position');
  const closed = context.world.server.close();
  assert.is((await deploy.next())!.error!.code, 'HOP3_CANCELLED');
  assert.is(await deploy.next(), null);
  assert.is(await follow.next(), null);
  await closed;
});

test('a followed log gives lines as they are written', async (context) => {
  const dir = join(context.world.context.paths.workerLogs(context.shop), 'web.1', 'v1.a');
  mkdirSync(dir, { recursive: true });
  const follow = open(context, 'GET', '/apps/shop/logs/follow?worker=web&lines=0');
  assert.is((await follow.next())!.kind, 'ping');
  assert.is((await follow.next())!.kind, 'position');
  writeFileSync(join(dir, 'current'), '2026-11-23 05:12:00.000123456  hello from web\n');
  assert.equal(await follow.next(), { kind: 'line', worker: 'web.1', release: 'v1', at: '2026-11-23T05:12:00.000Z', text: 'hello from web' });
  follow.request.destroy();
});

test('a reader that stops for a while is waited for and misses nothing; one that goes is let go', async (context) => {
  const dir = join(context.world.context.paths.workerLogs(context.shop), 'web.1', 'v1.a');
  mkdirSync(dir, { recursive: true });
  const lines = 40_000;
  const text = (from: number) => Array.from({ length: lines / 4 }, (_, n) => `2026-11-23 05:12:00.000123456  ${from + n} ${'x'.repeat(400)}\n`).join('');
  const follow = open(context, 'GET', '/apps/shop/logs/follow?lines=0');
  assert.is((await follow.next())!.kind, 'ping');
  assert.is((await follow.next())!.kind, 'position');
  // 16 MB, more than every buffer in between holds; nothing reads.
  for (let part = 0; part < 4; part += 1) {
    appendFileSync(join(dir, 'current'), text(part * lines / 4));
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  for (let n = 0; n < lines; n += 1) {
    let line = await follow.next();
    while (line?.kind === 'position') line = await follow.next();
    assert.is(line?.text?.split(' ')[0], String(n));
  }
  appendFileSync(join(dir, 'current'), text(0));
  await new Promise((resolve) => setTimeout(resolve, 300));
  follow.request.destroy();
  const closed = context.world.server.close();
  await closed;
});

test('who follows an app that is destroyed is told so', async (context) => {
  const follow = open(context, 'GET', '/apps/shop/logs/follow');
  assert.is((await follow.next())!.kind, 'ping');
  assert.is((await follow.next())!.kind, 'position');
  context.world.store.apps.remove(context.shop);
  context.world.app('shop');
  assert.is((await follow.next())!.error!.code, 'HOP3_NO_APP', 'another app of that name is another app');
  assert.is(await follow.next(), null);
});

test('a followed log ends when its token is revoked, has ended or is replaced; a deploy goes on', async (context) => {
  const { world, shop } = context;
  const lines = async (token: string) => {
    const follow = open(context, 'GET', '/apps/shop/logs/follow', undefined, token);
    assert.is((await follow.next())!.kind, 'ping');
    return follow;
  };
  const revoked = world.tokenFor(shop, 'lost');
  const expiring = createToken(world.store, { name: 'short', app: shop, expiresAt: Date.now() + 1500 }).text;
  world.deployer.hangs = true;
  const deploy = open(context, 'POST', '/apps/shop/restart', {}, revoked);
  assert.is((await deploy.next())!.kind, 'log');
  const follows = [await lines(revoked), await lines(expiring), await lines(world.admin)];
  world.store.tokens.revoke(revoked.split('_')[1]!);
  writeFileSync(join(world.dir, 'admin.token'), 'another-administrators-token\n');
  for (const follow of follows) {
    let last = await follow.next();
    while (last && last.kind !== 'error') last = await follow.next();
    assert.is(last?.error?.code, 'HOP3_NOT_AUTHENTICATED', JSON.stringify(last));
    assert.is(await follow.next(), null);
  }
  assert.not(world.deployer.cancelled);
  deploy.request.destroy();
  await until(() => world.deployer.cancelled);
});

test.run();
