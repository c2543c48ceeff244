// limit: 300
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isPortFree, isUdpPortFree } from '../../src/runtime/ports.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { runtime, told } from './tiny-apps.ts';
import { until, World, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; port: number; other: number; shop: Repo }>('fixed ports');

const WEB = `import { createServer } from 'node:http';
if (process.env.FAIL) process.exit(3);
createServer((_request, response) => response.end(process.env.HOP3_RELEASE)).listen(process.env.PORT, process.env.BIND_ADDRESS);
`;
/** Greets with its release on the fixed port, on TCP and, where there is such a file, on UDP. */
const MAIL = `import { createServer } from 'node:net';
import { createSocket } from 'node:dgram';
createServer((socket) => socket.end('mail ' + process.env.HOP3_RELEASE)).listen(process.env.PORT_MAIL, '0.0.0.0');
if (process.argv[2] === 'udp') {
  const socket = createSocket('udp4', (_message, from) => socket.send('mail ' + process.env.HOP3_RELEASE, from.port, from.address)).bind(process.env.PORT_MAIL);
}
`;
const ports = (...list: readonly { number: number; protocol?: string; name?: string }[]) =>
  list.map(({ number, protocol, name }) => `[[ports]]\nnumber = ${number}\n${protocol ? `protocol = "${protocol}"\n` : ''}${name ? `name = "${name}"\n` : ''}`).join('\n');
const app = (toml: string): Record<string, string> => ({
  ...runtime(`workers.web = "\${pkgs.nodejs}/bin/node \${./web.mjs}"; workers.mail = "\${pkgs.nodejs}/bin/node \${./mail.mjs}"; path = [ "\${pkgs.coreutils}/bin" ];`),
  'web.mjs': WEB, 'mail.mjs': MAIL, 'hop3.toml': toml,
});
/** An app that never gets as far as being built. */
const plain = (toml: string): Record<string, string> => ({ ...runtime('workers.web = "true";'), 'hop3.toml': toml });

/** What a client of the port is told; null when nobody listens. */
function greeting(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1').setEncoding('utf8').on('data', (part: string) => { text += part; });
    socket.on('error', () => resolve(null));
    socket.on('close', () => resolve(text === '' ? null : text));
  });
}

function askUdp(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4', (message) => { socket.close(); clearTimeout(timer); resolve(message.toString()); });
    const timer = setTimeout(() => { socket.close(); resolve(null); }, 500);
    socket.send('hello', port, '127.0.0.1');
  });
}

test.before(async (context) => {
  // Below what the worlds of specs give to workers, and what the kernel gives to outgoing connections.
  const free: number[] = [];
  for (let port = 11_000 + (process.pid % 3000); free.length < 2; port += 1) if ((await isPortFree(port)) && (await isUdpPortFree(port))) free.push(port);
  [context.port, context.other] = free as [number, number];
  context.world = await World.start();
  context.shop = await context.world.repo('shop', app(ports({ number: context.port, name: 'mail' })));
});
test.after(async ({ world }) => { await world.stop(); });

test('a push that asks for a port gets it, and its processes find it in their environment', async ({ world, shop, port }) => {
  const pushed = await shop.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(told(pushed), `Port ${port}/tcp (mail) belongs to shop now; its processes find it in PORT_MAIL`);
  assert.not.match(pushed.output, 'ignored: [[ports]]');
  await until('the port to answer', async () => (await greeting(port)) === 'mail v1');
  assert.match((await world.hop3('app', 'status', '--app', 'shop')).stdout, new RegExp(`^ports: +${port}/tcp \\(mail\\)$`, 'm'));
});

test('the next release takes the port over: the process that has it stops first, and the web drops nothing', async ({ world, shop, port }) => {
  let stop = false;
  let failed = 0;
  const load = (async () => { while (!stop) if ((await world.get('shop').catch(() => ({ status: 0 }))).status !== 200) failed += 1; })();
  await shop.commit('second', { 'note.txt': 'x\n' });
  const pushed = await shop.push();
  stop = true;
  await load;
  assert.is(pushed.code, 0, pushed.output);
  assert.match(told(pushed), `mail.1 of v1 has port ${port}/tcp (mail), which v2 needs: it stops now`);
  assert.not.match(pushed.output, 'does not answer until');
  assert.is(failed, 0);
  await until('the new release to answer', async () => (await greeting(port)) === 'mail v2');
});

test('a release that does not come up gives the port back to the one that had it', async ({ world, shop, port }) => {
  await shop.commit('broken', { 'web.mjs': WEB.replace('process.env.FAIL', 'true') });
  const pushed = await shop.push();
  assert.is.not(pushed.code, 0);
  assert.match(told(pushed), 'which v3 needs: it stops now');
  await until('the release before to have the port again', async () => (await greeting(port)) === 'mail v2');
  assert.is((await world.get('shop')).body, 'v2');
});

test('a port of another app, of another program or of Hop3 is refused before anything is built', async ({ world, port, other }) => {
  const blog = await world.repo('blog', plain(ports({ number: other, name: 'mine' }, { number: port })));
  const taken = await blog.push();
  assert.is.not(taken.code, 0);
  assert.match(told(taken), `[[ports]]: port ${port}/tcp belongs to the app shop.`);
  assert.not.match(taken.output, 'Building with Nix');

  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(other, '127.0.0.1', resolve));
  await blog.commit('another', { 'hop3.toml': ports({ number: other }) });
  const used = await blog.push();
  await new Promise((resolve) => listener.close(resolve));
  assert.match(told(used), `[[ports]]: port ${other}/tcp is used by process ${process.pid} (`);

  const worker = Number(world.env['HOP3_WORKER_PORTS']!.split('-')[0]) + 7;
  const addon = Number(world.env['HOP3_ADDON_PORTS']!.split('-')[0]) + 7;
  for (const [number, said] of [
    [world.port, `port ${world.port}/tcp is Hop3's own (HOP3_LISTEN).`],
    [world.httpPort, `port ${world.httpPort}/tcp is where the apps answer (HOP3_HTTP_LISTEN).`],
    [worker, `port ${worker}/tcp lies in the range ${world.env['HOP3_WORKER_PORTS']} that Hop3 gives ports from (HOP3_WORKER_PORTS).`],
    [addon, `port ${addon}/tcp lies in the range ${world.env['HOP3_ADDON_PORTS']} that Hop3 gives ports from (HOP3_ADDON_PORTS).`],
    [25, 'ports below 1024 take a right that apps do not have, so 25/tcp could not be used.'],
    [443, 'hop3.toml:2:10: [[ports]] number: port 443 belongs to the host (22, 80 and 443 do); choose another.'],
  ] as const) {
    await blog.commit(`port ${number}`, { 'hop3.toml': ports({ number }) });
    const refused = await blog.push();
    assert.is.not(refused.code, 0, refused.output);
    assert.match(told(refused), said);
    assert.not.match(refused.output, 'Building with Nix');
  }
});

test('a port that a release does not ask for any more is anybody\'s; a service can have both protocols', async ({ world, shop, port, other }) => {
  await shop.commit('whole again', { 'web.mjs': WEB, 'mail.mjs': 'setInterval(() => {}, 1000);\n', 'hop3.toml': '' });
  const pushed = await shop.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(told(pushed), `Port ${port}/tcp (mail) is given back: this release does not ask for it`);

  const post = await world.repo('post', {
    ...app(ports({ number: port, name: 'mail' }, { number: port, protocol: 'udp', name: 'mail' }, { number: other })),
    'web.mjs': `${WEB}import './mail.mjs';\n`, 'mail.mjs': MAIL.replace("process.argv[2] === 'udp'", 'true'),
    ...runtime(`workers.web = "\${pkgs.nodejs}/bin/node \${./.}/web.mjs"; path = [ "\${pkgs.coreutils}/bin" ];`),
  });
  await until('the port to be free', () => isPortFree(port));
  const got = await post.push();
  assert.is(got.code, 0, got.output);
  assert.match(told(got), `its processes find it in PORT_${other}`);
  await until('both to answer', async () => (await greeting(port)) === 'mail v1' && (await askUdp(port)) === 'mail v1');

  // Here the web process itself has the port.
  await post.commit('second', { 'note.txt': 'x\n' });
  const again = await post.push();
  assert.is(again.code, 0, again.output);
  assert.match(told(again), `web.1 of v1 has port ${port}/tcp (mail) and ${port}/udp (mail), which v2 needs: it stops now`);
  assert.match(told(again), 'The app does not answer until the new release is ready.');
  await until('both to answer again', async () => (await greeting(port)) === 'mail v2' && (await askUdp(port)) === 'mail v2');
});

test('a rollback to a release whose port is taken meanwhile is refused, and changes nothing; a destroyed app has no port', async ({ world, port }) => {
  const back = await world.hop3('rollback', 'v2', '--app', 'shop');
  assert.is.not(back.code, 0);
  assert.match(back.output, `port ${port}/tcp (mail) belongs to the app post.`);
  assert.is((await world.get('shop')).body, 'v3');
  assert.is((await world.hop3('app', 'destroy', '--app', 'post', '--confirm=post')).code, 0);
  const now = await world.hop3('rollback', 'v2', '--app', 'shop');
  assert.is(now.code, 0, now.output);
  await until('the port to answer', async () => (await greeting(port)) === 'mail v4');
});

test.run();
