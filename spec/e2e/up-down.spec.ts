import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { until } from './nginx-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { UpWorld } from './up-world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: UpWorld }>('hop3 up and hop3 down');

test.before.each(async (context) => { context.world = await UpWorld.make(); });
test.after.each(async ({ world }) => { await world.stop(); });

test('in the foreground: ready, a second one is refused, SIGTERM ends everything', async ({ world }) => {
  const up = await world.up();
  assert.match(up.output(), `hop3: ready http://127.0.0.1:${world.port}\n`);
  assert.is(await world.server('/healthz'), 'ok\n');
  assert.is(await world.nginx(), 'No app answers to this name.\n');

  const seen = JSON.parse(await world.server('/')) as { env: Record<string, string>; argv: string[]; umask: number };
  assert.equal(Object.keys(seen.env).sort(), ['HOME', 'HOP3_DRAIN_TIMEOUT', 'HOP3_HTTP_LISTEN', 'HOP3_LISTEN', 'HOP3_ROOT', 'HOP3_TOOL_HOME', 'LANG', 'NODE_ENV', 'PATH', 'TZ']);
  assert.is(seen.umask, 0o077);
  for (const one of world.processes()) assert.not.match(one.command, /HOP3_|SECRET/);
  for (const dir of ['', 'run', 'services', 'own-services', 'own-services/server/env', 'nginx', 'logs', 'apps', 'repos']) {
    assert.is(statSync(join(world.paths.root, dir)).mode & 0o777, 0o700, dir);
  }

  const second = await world.run('up');
  assert.is(second.code, 6);
  assert.match(second.output, `Hop3 runs already in ${world.paths.root}, at http://127.0.0.1:${world.port}.`);
  assert.match(second.output, '[HOP3_ALREADY_UP]');
  const detached = await world.run('up-detach');
  assert.is(detached.code, 0);
  assert.match(detached.output, /it runs already\nhop3: ready/);

  up.child.kill('SIGTERM');
  const { code, output } = await up.ended;
  assert.is(code, 0, output);
  assert.match(output, /stopping; .*\nhop3: stopped\n$/);
  assert.equal(world.processes(), []);
  assert.match(readFileSync(join(world.paths.serverLogs, 'server', 'current'), 'utf8'), 'the stand-in was told to end');
});

test('detached: it outlives the command; down says what it ended, and that nothing is left', async ({ world }) => {
  const up = await world.run('up-detach');
  assert.is(up.code, 0, up.output);
  assert.match(up.output, 'hop3: ready');
  assert.is(await world.server('/healthz'), 'ok\n');
  const down = await world.run('down');
  assert.is(down.code, 0);
  assert.match(down.output, /^hop3: stopped nginx, server \(\d+ processes\); no process is left\n$/);
  assert.equal(world.processes(), []);
  const again = await world.run('down');
  assert.is(again.code, 0);
  assert.is(again.output, `hop3: not running (nothing of ${world.paths.root} runs)\n`);
  assert.is((await world.run('up-detach')).code, 0);
});

test('hop3 down ends a hop3 up in another terminal, which is no failure there', async ({ world }) => {
  const up = await world.up();
  assert.is((await world.run('down')).code, 0);
  const { code, output } = await up.ended;
  assert.is(code, 0, output);
  assert.match(output, /hop3: stopped\n$/);
});

test('an app that was live comes back with up, and finishes what it does before down ends it', async ({ world }) => {
  const marks = join(world.paths.root, '..', 'marks');
  await world.link('shop', `trap 'sleep 1; echo drained >>${marks}; exit 0' TERM; echo up >>${marks}; while :; do sleep 0.05; done`);
  await world.run('up-detach');
  await until('the worker to run', () => existsSync(marks));
  const down = await world.run('down');
  assert.match(down.output, 'hop3: stopped nginx, server, shop.a.web.1 (');
  assert.is(readFileSync(marks, 'utf8'), 'up\ndrained\n');
});

test('a worker that will not end is ended by force, after the time it was given', async ({ world }) => {
  await world.link('stubborn', `trap '' TERM; while :; do sleep 0.05; done`);
  await world.run('up-detach', 'good');
  await until('the worker to run', () => world.processes().some((one) => one.command.includes('./run stubborn')));
  const down = await world.run('down');
  assert.is(down.code, 0, down.output);
  assert.match(down.output, /ended by force: \d+ .*run stubborn/);
  assert.equal(world.processes(), []);
});

test('a port that is taken is named with who has it, before anything is started', async ({ world }) => {
  const first = await world.up();
  const other = await UpWorld.make();
  try {
    const up = await other.run('up-detach', 'good', { HOP3_HTTP_LISTEN: world.env['HOP3_HTTP_LISTEN']! });
    assert.is(up.code, 6);
    assert.match(up.output, new RegExp(`^HOP3_HTTP_LISTEN=127\\.0\\.0\\.1:${world.httpPort} cannot be used: process \\d+ \\(nginx: .*\\) listens there\\.\nNothing was started\\.`));
    assert.match(up.output, '[HOP3_PORT_IN_USE]');
    assert.equal(other.processes(), []);
  } finally {
    await other.stop();
  }
  first.child.kill('SIGINT');
  assert.is((await first.ended).code, 0);
});

test('a server that cannot start: which one is missing, its own last words, and nothing is left running', async ({ world }) => {
  const up = await world.run('up-detach', 'broken');
  assert.is(up.code, 7);
  assert.match(up.output, `The server did not answer GET http://127.0.0.1:${world.port}/healthz within 3 s.`);
  assert.match(up.output, 'the stand-in cannot open its database');
  assert.match(up.output, 'hop3: server ended with exit code 3');
  assert.match(up.output, `Everything was stopped again. The whole logs: ${world.paths.serverLogs}`);
  assert.not.match(up.output, 'nginx did not answer');
  assert.equal(world.processes(), []);
  assert.is((await world.run('up-detach')).code, 0); // mended: nothing is in the way
});

test('a server that cannot start does not take live apps with it', async ({ world }) => {
  await world.link('shop', 'exec sleep 600');
  const up = await world.up('sick', 'The apps that were live have been started and go on');
  assert.ok(world.processes().some((one) => one.command === 'sleep 600'));
  assert.is(await world.nginx(), 'No app answers to this name.\n');
  up.child.kill('SIGTERM');
  assert.is((await up.ended).code, 0);
  assert.equal(world.processes(), []);
});

test.run();
