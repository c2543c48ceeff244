// limit: 300
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Holds } from './holds.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { startPush, type RunningPush } from './running-push.ts';
import { expression, runtime, site, told } from './tiny-apps.ts';
import { CHECKOUT, exec, until, World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; holds: Holds }>('deploys that are cancelled');

test.before(async (context) => {
  context.holds = new Holds();
  context.world = await World.start({ HOP3_PARALLEL_BUILDS: '1', ...context.holds.env });
});
test.after(async ({ world, holds }) => {
  holds.remove();
  await world.stop();
});

/** Seconds in which nothing of a cancelled build may be left. */
const GONE = 5;

/** A build that never ends, ignores SIGTERM and leaves the process group; its number of seconds finds its processes. */
const stubborn = (seconds: number) => expression(`pkgs.runCommand "stubborn" { } "trap : TERM INT HUP; (trap : TERM; sleep ${seconds}) & setsid sleep ${seconds} & echo begun; wait; wait; exit 1"`);

test('hop3 builds cancel: the builder is gone, the log and the list say by whom, the next push goes on', async ({ world }) => {
  const repo = await world.repo('shop', site('one'));
  assert.is((await repo.push()).code, 0);
  await repo.commit('stubborn', stubborn(7541));
  const push = startPush(repo);
  await push.said('begun');
  assert.ok(sleepers(7541) >= 2);
  const bob = await tokenFor(world, 'shop', 'bob');
  const stranger = await tokenFor(world, (await world.repo('other', site('other'))).app, 'stranger', true);
  const refused = await exec(join(CHECKOUT, 'bin/hop3'), ['builds', 'cancel', 'b2', '--app', 'shop'], { env: { ...world.env, HOP3_API_TOKEN: stranger } });
  assert.is(refused.code, 5, refused.output);
  assert.match(refused.stderr, 'This token is for the app other, not for shop.');
  assert.ok(sleepers(7541) >= 2, 'a stranger has ended nothing');

  const asked = exec(join(CHECKOUT, 'bin/hop3'), ['builds', 'cancel', '--app', 'shop'], { env: { ...world.env, HOP3_API_TOKEN: bob } });
  await until('the builder to be gone', () => sleepers(7541) === 0, GONE);
  const done = await asked;
  assert.is(done.stdout, 'Cancelled b2 of shop; nothing of it runs any more.\n', done.output);
  const ended = await push.ended;
  assert.is(ended.code, 1);
  const why = 'The deploy was cancelled by bob with `hop3 builds cancel`.';
  assert.match(told(ended), `remote:  !     Push rejected: ${why}\nremote:        v1 is still live; the branch has not moved.\n`);
  assert.match(ended.stderr, ` ! [remote rejected] main -> main (${why.slice(0, -1)} [HOP3_CANCELLED])`);

  assert.match((await world.hop3('builds', '--app', 'shop')).stdout, /^b2 +cancelled +[0-9a-f]{7} +- +admin .*\[HOP3_CANCELLED\] The deploy was cancelled by bob/m);
  assert.match((await world.hop3('builds', 'show', 'b2', '--app', 'shop')).stdout, /status: +cancelled\n/);
  const log = (await world.hop3('builds', 'log', 'b2', '--app', 'shop')).stdout;
  assert.match(log, 'begun');
  assert.match(log, ` !     ${why} [HOP3_CANCELLED]\n`);
  assert.is((await world.get('shop')).body, 'one\n');

  const again = await world.hop3('builds', 'cancel', 'b2', '--app', 'shop');
  assert.is(again.code, 6);
  assert.match(again.stderr, 'b2 of shop was cancelled before; there was nothing to cancel.');
  assert.match((await world.hop3('builds', 'cancel', '--app', 'shop')).stderr, 'Nothing of shop is being built or waits; there is nothing to cancel.');
  await repo.commit('two', site('two'));
  const next = await repo.push();
  assert.is(next.code, 0, next.output);
  assert.not.match(next.stderr, 'Waiting');
});

test('who waits for a turn or for a build place is told each change of place, and can be cancelled', async ({ world }) => {
  const first = await world.repo('first', stubborn(7542));
  const running = startPush(first);
  await running.said('begun');
  // The one build place is taken: others wait for it, whatever their app.
  const second = startPush(await world.repo('second', site('second')));
  await second.said('-----> Waiting: the one build place is taken (this one is next)');
  const third = startPush(await world.repo('third', site('third')));
  await third.said('-----> Waiting: the one build place is taken (1 more before this one)');
  // And the app's turn: two more pushes to the first app.
  const rest: RunningPush[] = [];
  for (const page of ['a', 'b']) {
    await first.commit(page, site(page));
    const push = startPush(first);
    await push.said('Waiting: first is busy with the deploy of');
    rest.push(push);
  }
  await rest[1]!.said('(1 more before this one)');
  const list = (await world.hop3('builds', '--app', 'first')).stdout;
  assert.match(list, /^b3 +waiting .*\nb2 +waiting .*\nb1 +running /m);
  assert.match((await world.hop3('builds', 'show', 'b3', '--app', 'first')).stdout, /waits for: +first is busy with the deploy of [0-9a-f]{7} by admin, since .* \(1 more before this one\)/);

  assert.is((await world.hop3('builds', 'cancel', 'b2', '--app', 'first')).code, 0);
  const gone = await rest[0]!.ended;
  assert.match(gone.stderr, '(The deploy was cancelled by admin with `hop3 builds cancel` [HOP3_CANCELLED])');
  await until('b3 to move up', () => /Waiting: first is busy with the deploy of [0-9a-f]{7} by admin, since \S+ UTC *\n/.test(rest[1]!.seen()));
  assert.match((await world.hop3('builds', 'log', 'b2', '--app', 'first')).stdout, ' !     The deploy was cancelled by admin');

  assert.is((await world.hop3('builds', 'cancel', '--app', 'second')).code, 0);
  assert.is((await second.ended).code, 1);
  await third.said('(this one is next)');
  assert.is((await world.hop3('builds', 'cancel', '--app', 'first')).code, 0);
  for (const push of [third, rest[1]!]) {
    const live = await push.ended;
    assert.is(live.code, 0, live.output);
  }
  assert.is((await running.ended).code, 1);
  assert.is((await world.get('first')).body, 'b\n');
  assert.is((await world.get('third')).body, 'third\n');
});

test('after the switch a cancel changes nothing, and says so', async ({ world, holds }) => {
  const repo = await world.repo('late', site('late'));
  holds.hold('renamed');
  const push = startPush(repo);
  await holds.reached('renamed');
  const asked = world.hop3('builds', 'cancel', 'b1', '--app', 'late');
  // Whenever the cancel comes from here on, it is too late: while the deploy goes on, and after its end.
  const early = await Promise.race([asked, new Promise<null>((resolve) => setTimeout(() => resolve(null), 500))]);
  assert.is(early, null, 'it waits for what comes of the deploy');
  holds.release('renamed');
  const refused = await asked;
  assert.is(refused.code, 6, refused.output);
  assert.match(refused.stderr, 'b1 of late had switched already: it went live as v1, and the cancel changed nothing.');
  assert.is((await push.ended).code, 0);
  assert.is((await world.get('late')).body, 'late\n');
  assert.is(await world.branch('late'), await repo.git('rev-parse', 'HEAD'));
});

test('Ctrl-C while the release starts: its processes and its slot are gone, and the log says whose client went', async ({ world }) => {
  const repo = await world.repo('starting', { ...runtime('workers.web = "${pkgs.coreutils}/bin/sleep 7543";'), 'hop3.toml': '[run]\nstart-timeout = 120\n' });
  const child = spawn('git', ['push', 'hop3', 'main'], { cwd: repo.dir, env: world.env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.stdout.resume();
  child.stderr.resume();
  await until('the worker to run', () => sleepers(7543) > 0, 60);
  process.kill(-child.pid!, 'SIGINT');
  await until('the worker to be gone', () => sleepers(7543) === 0, GONE);
  await closed;
  await until('the attempt to be written down', async () => (await world.hop3('builds', '--app', 'starting')).stdout.includes('cancelled'), 10);
  assert.match((await world.hop3('builds', 'log', '--app', 'starting')).stdout, " !     The deploy was cancelled because its client, which was admin's, went away. [HOP3_CANCELLED]");
  assert.equal(readdirSync(join(world.root, 'services')).filter((name) => name.startsWith('starting.')), []);
  await repo.commit('good', { ...site('good'), 'hop3.toml': '' });
  const next = await repo.push();
  assert.is(next.code, 0, next.output);
});

test('a connection that breaks cancels like Ctrl-C', async ({ world }) => {
  const repo = await world.repo('cut', stubborn(7544));
  const relay = await Relay.start(world.port);
  try {
    await repo.git('remote', 'set-url', 'hop3', (await repo.git('remote', 'get-url', 'hop3')).replace(`:${world.port}/`, `:${relay.port}/`));
    const push = startPush(repo);
    await push.said('begun');
    relay.cut();
    await until('the builder to be gone', () => sleepers(7544) === 0, GONE);
    assert.is.not((await push.ended).code, 0);
    await until('the attempt to be written down', async () => (await world.hop3('builds', '--app', 'cut')).stdout.includes("client, which was admin's, went away"), 10);
  } finally {
    relay.stop();
  }
});

test('Ctrl-C in the hop3 command cancels its rollback before the switch', async ({ world, holds }) => {
  const repo = await world.repo('back', site('one'));
  assert.is((await repo.push()).code, 0);
  await repo.commit('two', site('two'));
  assert.is((await repo.push()).code, 0);
  holds.hold('start');
  const child = spawn(join(CHECKOUT, 'bin/hop3'), ['rollback', '--app', 'back'], { env: world.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stdout.resume();
  child.stderr.resume();
  await holds.reached('start');
  child.kill('SIGINT');
  assert.is(await closed, 130);
  holds.release('start');
  await until('the rollback to be given up', async () => (await world.hop3('builds', '--app', 'back')).stdout.includes('cancelled'), 10);
  assert.is((await world.get('back')).body, 'two\n');
  assert.is(await world.branch('back'), await repo.git('rev-parse', 'HEAD'));
  assert.is((await world.hop3('rollback', '--app', 'back')).code, 0);
});

/** How many processes sleep so long, whoever they run as. */
function sleepers(seconds: number): number {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      return new RegExp(`sleep\0${seconds}\0`).test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    } catch {
      return false;
    }
  }).length;
}

async function tokenFor(world: World, app: string, name: string, create = false): Promise<string> {
  if (create) assert.is((await world.hop3('app', 'create', '--app', app)).code, 0);
  const made = await world.hop3('token', 'create', '--app', app, '--name', name, '--json');
  return (JSON.parse(made.stdout) as { token: string }).token;
}

/** A way to the server that can be cut in the middle. */
class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(to: number) {
    this.#server = createServer((near) => {
      const far = connect(to, '127.0.0.1');
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
      }
      near.pipe(far);
      far.pipe(near);
    });
  }

  static start(to: number): Promise<Relay> {
    const relay = new Relay(to);
    return new Promise((resolve) => relay.#server.listen(0, '127.0.0.1', () => resolve(relay)));
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  stop(): void {
    this.cut();
    this.#server.close();
  }
}

test.run();
