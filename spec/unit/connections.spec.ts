import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connectionLimits, limitConnections } from '../../src/server/connections.ts';

const test = suite<{ server: Server; port: number; sockets: Socket[]; waiting: (() => void)[] }>('how many connections are open at a time');

test.before.each(async (context) => {
  context.sockets = [];
  context.waiting = [];
  context.server = createServer((request, response) => {
    if (request.url === '/wait') context.waiting.push(() => response.end('waited'));
    else response.end('at once');
  });
  limitConnections(context.server, { all: 30, ofAddress: 10 });
  await new Promise<void>((resolve) => context.server.listen(0, '127.0.0.1', resolve));
  context.port = (context.server.address() as { port: number }).port;
});
test.after.each(async ({ server, sockets }) => {
  for (const socket of sockets) socket.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

interface Client { readonly closed: () => boolean; readonly ask: (path: string) => void; readonly said: () => string }

async function open({ port, sockets }: { port: number; sockets: Socket[] }): Promise<Client> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let closed = false;
  let said = '';
  socket.on('data', (chunk) => { said += String(chunk); }).on('error', () => {}).on('close', () => { closed = true; });
  await new Promise((resolve) => socket.once('connect', resolve));
  return { closed: () => closed, said: () => said, ask: (path) => void socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`) };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 1000, 'waited ten seconds in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('the longest idle one makes way for a newcomer; one with a request under way never does', async (context) => {
  const busy = await open(context);
  busy.ask('/wait');
  await until(() => context.waiting.length === 1);
  const clients: Client[] = [];
  for (let index = 0; index < 60; index += 1) clients.push(await open(context));
  await until(() => clients.filter((one) => one.closed()).length === 31);
  assert.ok(clients.slice(0, 31).every((one) => one.closed()), 'the oldest went');
  clients.at(-1)!.ask('/');
  await until(() => clients.at(-1)!.said().includes('at once'));
  context.waiting[0]!();
  await until(() => busy.said().includes('waited'));
});

test('one that was answered waits behind those that were idle before', async (context) => {
  const asked = await open(context);
  for (let index = 0; index < 29; index += 1) await open(context);
  asked.ask('/');
  await until(() => asked.said().includes('at once'));
  const more = [];
  for (let index = 0; index < 29; index += 1) more.push(await open(context));
  assert.not(asked.closed());
  await open(context);
  await until(() => asked.closed());
});

test('where all are busy the newcomer is closed', async (context) => {
  for (let index = 0; index < 30; index += 1) (await open(context)).ask('/wait');
  await until(() => context.waiting.length === 30);
  const late = await open(context);
  await until(() => late.closed());
  context.waiting[0]!();
  await until(() => context.sockets.some((socket) => socket.bytesRead > 0));
  const next = await open(context);
  next.ask('/');
  await until(() => next.said().includes('at once'));
});

test('a process that may open few files takes fewer connections; one address a quarter of all', () => {
  assert.equal(connectionLimits(1000, 65_536), { all: 1000, ofAddress: 250 });
  assert.equal(connectionLimits(1000, 1024), { all: 512, ofAddress: 128 });
  assert.equal(connectionLimits(1000, 256), { all: 20, ofAddress: 10 });
});

test.run();
