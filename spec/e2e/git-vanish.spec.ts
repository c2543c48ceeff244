// limit: 200
import { execFileSync, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AppName } from '../../src/names.ts';
import { Hop3Error } from '../../src/errors.ts';
import { createBareRepo, sweepQuarantine } from '../../src/git/repo.ts';
import { mostPushes } from '../../src/server/push-limit.ts';
import { Raw, GitWorld, pause, until } from './git-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

const vanish = suite('clients that vanish, strangers at the hook socket');
let world: GitWorld;

vanish.before(async () => { world = await GitWorld.start(); });
vanish.after(() => world.stop());
vanish.after.each(() => {
  world.script = async () => {};
  assert.equal(world.defects.splice(0), []);
});

const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Hop3Error('HOP3_CANCELLED', { what: 'The deploy was cancelled.' })), { once: true }));

vanish('Ctrl-C during the deploy: the deploy is told, git is gone within 5 s, the branch stays, the next push starts', async () => {
  const tree = await world.liveApp('ctrlc');
  const live = await world.ref('ctrlc');
  await tree.commit('two');
  let aborted = false;
  world.script = async (_push, log, signal) => {
    log.phase('Building');
    signal.addEventListener('abort', () => { aborted = true; });
    await whenAborted(signal);
  };
  const { child, said, seen } = tree.startPush('hop3', 'main');
  await until('the build to begin', () => seen().includes('Building'));
  process.kill(-child.pid!, 'SIGINT');
  await until('the deploy to be told', () => aborted, 2);
  await until('git to end on the server', () => world.gitProcesses().length === 0, 5);
  await said;
  assert.is(await world.ref('ctrlc'), live);
  world.script = async () => {};
  assert.is((await tree.push('hop3', 'main')).code, 0);
});

vanish('a deploy that does not listen keeps no git process', async () => {
  const tree = await world.liveApp('deaf');
  await tree.commit('two');
  let go = (): void => {};
  world.script = () => new Promise((resolve) => { go = resolve; });
  const before = world.pushes.length;
  const { child, said } = tree.startPush('hop3', 'main');
  await until('the deploy to begin', () => world.pushes.length > before);
  process.kill(-child.pid!, 'SIGKILL');
  await until('git to end on the server', () => world.gitProcesses().length === 0, 5);
  await said;
  go();
  await pause(50);
});

vanish('git on the server is killed: the deploy is told and the client sees a failed push', async () => {
  const tree = await world.liveApp('killed');
  await tree.commit('two');
  world.script = async (_push, _log, signal) => whenAborted(signal);
  const before = world.pushes.length;
  const { said } = tree.startPush('hop3', 'main');
  await until('the deploy to begin', () => world.pushes.length > before);
  for (const pid of world.gitProcesses()) if (/receive-pack/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'))) process.kill(pid, 'SIGKILL');
  const { code } = await said;
  assert.is.not(code, 0);
  assert.ok(world.signals.at(-1)?.aborted);
  assert.match(world.defects.splice(0).join('\n'), 'SIGKILL');
});

vanish('a 150 MB push does not fill the server\'s memory', async () => {
  const tree = await world.liveApp('big');
  execFileSync('sh', ['-c', 'head -c 150000000 /dev/urandom > big'], { cwd: tree.dir });
  await tree.commit('big');
  const start = process.memoryUsage().rss;
  let most = start;
  const watch = setInterval(() => { most = Math.max(most, process.memoryUsage().rss); }, 20);
  const { code, output } = await tree.push('hop3', 'main');
  clearInterval(watch);
  assert.is(code, 0, output);
  assert.ok(most - start < 64 * 1024 * 1024, `grew by ${Math.round((most - start) / 1e6)} MB`);
});

vanish('the hook socket is for Hop3\'s own user, and hears hooks of open pushes only', async () => {
  const socketPath = world.paths.hookSocket;
  assert.is(statSync(socketPath).mode & 0o777, 0o600);
  assert.is(statSync(join(socketPath, '..')).mode & 0o777, 0o700);
  for (const hello of ['hook 1 1\n', `hook ${process.ppid} ${process.pid}\n`, `hook ${process.pid}\n`, 'hook 0 0\n', 'hook -1 -1\n', 'hook 99999999999 1\n', 'hook 4000000 4000001\n', 'shout 5 6\n', 'garbage\n', '\n', 'x'.repeat(10_000), '\0\0\0\n', 'hook 1 1']) {
    const raw = new Raw(connect(socketPath));
    raw.send(hello);
    if (hello === 'hook 1 1') raw.socket.end();
    assert.is(await raw.all(3000), '', JSON.stringify(hello.slice(0, 20)));
  }
});

vanish('a second hook for the same push is not heard', async () => {
  const tree = await world.liveApp('twice');
  await tree.commit('two');
  let go = (): void => {};
  world.script = () => new Promise((resolve) => { go = resolve; });
  const before = world.pushes.length;
  const { said } = tree.startPush('hop3', 'main');
  await until('the deploy to begin', () => world.pushes.length > before);
  const pid = world.gitProcesses().find((candidate) => /receive-pack/.test(readFileSync(`/proc/${candidate}/cmdline`, 'latin1')));
  const hook = world.gitProcesses().find((candidate) => /proc-receive/.test(readFileSync(`/proc/${candidate}/cmdline`, 'latin1')));
  // The hook itself, which is heard once; another child of git's parent; a process that is no child of that git.
  for (const claimed of [hook, pid, process.pid]) {
    const raw = new Raw(connect(world.paths.hookSocket));
    raw.send(`hook ${pid} ${claimed}\n`);
    assert.is(await raw.all(3000), '', `${claimed}`);
  }
  go();
  assert.is((await said).code, 0);
});

vanish('a silent connection to the hook socket is closed', async () => {
  const raw = new Raw(connect(world.paths.hookSocket));
  assert.is(await raw.all(9000), '');
});

vanish('one push more than the server takes is told so, and passes when another has ended', async () => {
  const small = await GitWorld.start({}, { mostPushes: 2 });
  try {
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => { go = resolve; });
    const trees = [await small.clone('first'), await small.clone('second'), await small.clone('third')];
    small.script = () => gate;
    const under = trees.slice(0, 2).map((tree) => tree.startPush('hop3', 'main'));
    await until('two pushes to be under way', () => small.pushes.length === 2);
    const refused = await trees[2]!.push('hop3', 'main');
    assert.is(refused.code, 1, refused.output);
    assert.match(refused.output, 'Push rejected: 2 pushes are under way already, which is as many as this server takes at a time.');
    assert.match(refused.output, 'Push again in a minute.');
    assert.match(refused.output, '[HOP3_PUSHES_BUSY]');
    go();
    for (const { said } of under) assert.is((await said).code, 0);
    assert.is((await trees[2]!.push('hop3', 'main')).code, 0);
  } finally {
    await small.stop();
  }
});

vanish('as many pushes are taken as there are descriptors for', () => {
  assert.is(mostPushes(Number.MAX_SAFE_INTEGER), 512);
  assert.is(mostPushes(20_000), 512);
  assert.is(mostPushes(1024), 36);
  assert.is(mostPushes(64), 16);
});

vanish('when the server stops, a push is cancelled and told', async () => {
  const stopping = await GitWorld.start();
  try {
    const tree = await stopping.clone('stopping');
    stopping.script = async (_push, log, signal) => {
      log.phase('Building');
      await whenAborted(signal);
    };
    const { said, seen } = tree.startPush('hop3', 'main');
    await until('the build to begin', () => seen().includes('Building'));
    await stopping.server.close();
    const { code } = await said;
    assert.is.not(code, 0);
    await until('git to end', () => stopping.gitProcesses().length === 0, 5);
    assert.not(existsSync(stopping.paths.hookSocket));
  } finally {
    await stopping.stop();
  }
});

vanish('the socket of a dead server is taken over, that of a living one is not', async () => {
  const first = await GitWorld.start();
  const { HookSocket } = await import('../../src/server/hook-socket.ts');
  const { PushRegistry } = await import('../../src/server/receive-registry.ts');
  const second = new HookSocket(new PushRegistry(1), async () => {});
  const error = await second.listen(first.paths.hookSocket).then(() => null, (thrown: unknown) => thrown as Hop3Error);
  assert.match(error!.what, 'Another Hop3 server is running');
  await first.server.close();
  // A process that is killed leaves its socket behind.
  const dead = spawn(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(first.paths.hookSocket)}, () => console.log('up'))`], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => dead.stdout.once('data', resolve));
  dead.kill('SIGKILL');
  await new Promise((resolve) => dead.once('close', resolve));
  assert.ok(existsSync(first.paths.hookSocket));
  const third = new HookSocket(new PushRegistry(1), async () => {});
  await third.listen(first.paths.hookSocket);
  await third.close();
  const tooLong = await third.listen(`/var/tmp/${'x'.repeat(120)}/hook.sock`).then(() => null, (thrown: unknown) => thrown as Hop3Error);
  assert.is(tooLong?.code, 'HOP3_SETTING');
  await first.stop();
});

vanish('what a killed server left in a repository is swept at the start', async () => {
  await createBareRepo(world.paths, 'swept' as AppName);
  const repo = world.paths.repo('swept' as AppName);
  mkdirSync(join(repo, 'objects/tmp_objdir-incoming-abc123/pack'), { recursive: true });
  writeFileSync(join(repo, 'objects/tmp_objdir-incoming-abc123/pack/tmp_pack_x'), 'x');
  writeFileSync(join(repo, 'refs/heads/main.lock'), '');
  writeFileSync(join(repo, 'packed-refs.lock'), '');
  const removed = await sweepQuarantine(world.paths);
  assert.equal(removed.map((path) => path.slice(repo.length + 1)).sort(), ['objects/tmp_objdir-incoming-abc123', 'packed-refs.lock', 'refs/heads/main.lock']);
  assert.not(existsSync(join(repo, 'refs/heads/main.lock')));
  assert.ok(existsSync(join(repo, 'objects')));
});

vanish.run();
