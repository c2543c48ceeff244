// limit: 240
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { runtime } from './tiny-apps.ts';
import { exec, until, World, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; shop: Repo }>('an app that takes the ports of others');

const answering = (text: string) => runtime(`workers.web = "\${pkgs.nodejs}/bin/node \${pkgs.writeText "web.mjs" ''
    import { createServer } from 'node:http';
    createServer((_request, response) => response.end('${text}')).listen(process.env.PORT, '127.0.0.1');
  ''}";`);

/** Answers as it should, and tries every port of its list all the while, where the file `greedy` in its data directory says so. */
const greedy = (ports: string) => ({
  ...runtime(`workers = {
    web = "\${pkgs.nodejs}/bin/node \${pkgs.writeText "web.mjs" ''
      import { createServer } from 'node:http';
      import { existsSync } from 'node:fs';
      const serve = (port) => createServer((_request, response) => response.end('greedy')).on('error', () => {}).listen(port, '127.0.0.1');
      serve(process.env.PORT);
      setInterval(() => { if (existsSync('/app/data/greedy')) for (const port of [${ports}]) serve(port); }, 100);
    ''}";
    hidden = "/usr/bin/python3 \${./hidden.py}";
  };`),
  // As it can: a process that nobody of the same user may look into.
  'hidden.py': `import ctypes, os, socket, time
ctypes.CDLL(None).prctl(4, 0)
held = []
while True:
    if os.path.exists('/app/data/hidden'):
        for port in [${ports}]:
            try:
                held.append(socket.create_server(('127.0.0.1', port)))
            except OSError:
                pass
    time.sleep(0.1)
`,
});

test.before(async (context) => {
  context.world = await World.start();
  context.shop = await context.world.repo('shop', answering('shop 1'));
  assert.is((await context.shop.push()).code, 0);
  const { world } = context;
  const ports = [...await portsOf(world), world.port, world.httpPort].join(', ');
  const evil = await (await world.repo('evil', greedy(ports))).push();
  assert.is(evil.code, 0, evil.output);
});
test.after(async ({ world }) => { await world.stop(); });

/** The ports that shop has in its two slots. */
async function portsOf(world: World): Promise<number[]> {
  const [from] = world.env['HOP3_WORKER_PORTS']!.split('-').map(Number);
  return [from!, from! + 1];
}
const touch = (world: World, ...names: string[]) => world.hop3('run', '--app', 'evil', '--', 'touch', ...names);
const ps = async (world: World, app: string) => (await world.hop3('ps', '--app', app)).stdout;

for (const [name, worker] of [['greedy', 'web.1'], ['hidden', 'hidden.1']] as const) {
  test(`${worker} that takes the idle slot's port is stopped, and is told why; the next deploy has its port`, async ({ world, shop }) => {
    await touch(world, name);
    await until(`${worker} to be stopped`, async () => new RegExp(`^${worker} +down .*it listened on port \\d+/tcp, which belongs to shop`, 'm').test(await ps(world, 'evil')), 30);
    assert.match((await world.hop3('logs', '--app', 'evil')).stdout, new RegExp(`hop3: ${worker} is stopped: it listened on port \\d+/tcp, which belongs to shop`));
    await shop.commit(name, answering(`shop after ${name}`));
    const pushed = await shop.push();
    assert.is(pushed.code, 0, pushed.output);
    assert.is((await world.get('shop')).body, `shop after ${name}`);
    await world.hop3('run', '--app', 'evil', '--', 'rm', '-f', name);
  });
}

test('the port of a process that is down is given back to it', async ({ world }) => {
  assert.is((await world.hop3('restart', '--app', 'evil')).code, 0);
  const slot = /slots\/(.)/.exec((await exec('readlink', [join(world.root, 'apps/shop/current')])).stdout)![1]!;
  const service = join(world.root, 'services', `shop.${slot}.web.1`);
  await exec('s6-svc', ['-wD', '-d', service]);
  await touch(world, 'greedy');
  await until('web.1 to be stopped', async () => /^web.1 +down/m.test(await ps(world, 'evil')), 30);
  await exec('s6-svc', ['-wu', '-u', service]);
  await until('shop to answer again', async () => (await world.get('shop')).body.startsWith('shop'), 30);
});

test('a server that starts takes its own port back', async ({ world }) => {
  const server = join(world.root, 'services/server');
  await world.hop3('run', '--app', 'evil', '--', 'rm', '-f', 'greedy');
  assert.is((await world.hop3('restart', '--app', 'evil')).code, 0);
  await touch(world, 'greedy.later');
  await exec('s6-svc', ['-wD', '-d', server]);
  // No server, no command: the file is made where the app has its data.
  await exec('touch', [join(world.root, 'apps/evil/data/greedy')]);
  await until("evil to have the server's port", async () => (await world.api('/healthz').then(({ body }) => body, () => '')) === 'greedy', 30);
  await exec('s6-svc', ['-u', server]);
  await until('the server to answer', async () => (await world.api('/healthz').then(({ body }) => body, () => '')) === 'ok', 60);
  await until('web.1 to be stopped', async () => /^web.1 +down .*belongs to (?:Hop3 itself|shop)/m.test(await ps(world, 'evil')), 30);
  assert.match((await world.hop3('status', '--server-log')).stdout, /web\.1 of evil was stopped: it listened on port \d+\/tcp, which belongs to (?:Hop3 itself|shop)/);
});

test.run();
