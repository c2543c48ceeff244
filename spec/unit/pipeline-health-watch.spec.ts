import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOid, parseAppName, type AppName, type StorePath } from '../../src/names.ts';
import { Paths, type SlotName } from '../../src/paths.ts';
import { HealthWatch } from '../../src/pipeline/health-watch.ts';
import type { Probe, ProbeAnswer } from '../../src/runtime/probe.ts';
import { readSettings } from '../../src/settings.ts';
import { Store } from '../../src/store/store.ts';

const NOON = Date.parse('2026-11-23T12:00:00Z');
const CHECK = { path: '/up', timeout: 2, interval: 30, contains: null };

/** A watch whose clock and whose apps are made up, on a real database. */
class Made {
  readonly dir = mkdtempSync(join(tmpdir(), 'hop3-health-'));
  readonly store = Store.open(join(this.dir, 'hop3.db'), join(this.dir, 'secret.key'));
  now = NOON;
  /** What a port answers; ready where nothing is said. */
  readonly answers = new Map<number, ProbeAnswer>();
  readonly asked: Probe[] = [];
  readonly told: string[] = [];
  readonly defects: unknown[] = [];
  /** Ports that somebody else listens on. */
  readonly foreign = new Set<number>();
  open = 0;
  mostOpen = 0;
  /** Questions hang until this resolves. */
  hold: Promise<void> = Promise.resolve();
  #ports = 5000;
  watch = this.start();

  /** As a server does that starts. */
  start(): HealthWatch {
    return new HealthWatch({
      store: this.store, paths: new Paths(this.dir), settings: readSettings({ HOP3_ROOT: this.dir, HOP3_NIXPKGS: 'host', HOP3_DOMAIN: 'apps.test' }), now: () => this.now,
      ask: async (question) => {
        this.asked.push(question);
        this.open += 1;
        this.mostOpen = Math.max(this.mostOpen, this.open);
        await this.hold;
        this.open -= 1;
        return this.answers.get(question.port) ?? { kind: 'ready' };
      },
      isForeign: (port) => this.foreign.has(port),
      tell: async (_paths, app, slot, worker, text) => this.told.push(`${app}.${slot} ${worker}: ${text}`) > 0,
      reportDefect: (_where, error) => this.defects.push(error),
    });
  }

  /** Lets so many seconds pass, a look each, and every question be answered. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.now += 1000;
      this.watch.tick();
      for (let turns = 0; turns < 5; turns += 1) await breathe();
    }
  }

  /** A release goes live in a slot, with so many web processes; gives their ports. */
  release(app: AppName, slot: SlotName, webs = 1, check: unknown = CHECK): number[] {
    const { store } = this;
    if (!store.apps.get(app)) store.apps.create(app, 'ann');
    const build = store.builds.begin(app, asOid('a'.repeat(40)), 'ann');
    const config = JSON.stringify({ healthcheck: check, processes: {} });
    const runtime = JSON.stringify({ runtime: { workers: webs > 0 ? { web: 'serve' } : {}, static: null, env: {}, path: [] }, closure: [] });
    store.builds.built(app, build, { tree: asOid('b'.repeat(40)), buildKey: 'k', storePath: `/nix/store/${'0'.repeat(32)}-x` as StorePath, root: build, runtime, config });
    const version = store.releases.nextVersion(app);
    store.releases.beginSwitch({ app, version, build, slot, reason: 'push', description: 'Deploy', branch: 'main', by: 'ann', env: {}, generated: [] });
    const ports = this.scale(app, slot, webs);
    store.releases.finishSwitch(app, version);
    return ports;
  }

  scale(app: AppName, slot: SlotName, webs: number): number[] {
    this.store.ports.release(app, slot, 'web', 0);
    return Array.from({ length: webs }, (_, index) => {
      this.store.ports.assign({ app, slot, process: 'web', instance: index + 1, port: (this.#ports += 1) });
      return this.#ports;
    });
  }

  end(): void {
    this.watch.stop();
    this.store.close();
    rmSync(this.dir, { recursive: true, force: true });
    assert.equal(this.defects, []);
  }
}

const shop = parseAppName('shop');
const at = (seconds: number) => NOON + seconds * 1000;
const watching = suite<{ made: Made }>('health checks of live releases');
watching.before.each((context) => { context.made = new Made(); });
watching.after.each(({ made }) => made.end());

watching('a release is asked soon after it went live, under its own name, and then once an interval', async ({ made }) => {
  await made.pass(1);
  const [port] = made.release(shop, 'a');
  assert.equal(made.watch.of(shop), [{ worker: 'web.1', state: 'unknown', since: null, lastAsked: null, asked: 'GET /up', answered: null }], 'known at once, asked in a moment');
  await made.pass(1);
  assert.equal(made.asked, [{ port, host: 'shop.apps.test', healthcheck: CHECK }]);
  assert.equal(made.watch.of(shop), [{ worker: 'web.1', state: 'ok', since: at(2), lastAsked: at(2), asked: 'GET /up', answered: null }]);
  await made.pass(29);
  assert.is(made.asked.length, 1);
  await made.pass(61);
  assert.is(made.asked.length, 4);
  assert.equal(made.watch.of(shop), [{ worker: 'web.1', state: 'ok', since: at(2), lastAsked: at(92), asked: 'GET /up', answered: null }]);
  assert.equal(made.told, [], 'nothing happened that had to be told');
});

watching('an answer from a process that is not the app\'s own is no good answer', async ({ made }) => {
  await made.pass(1);
  const [port] = made.release(shop, 'a');
  made.foreign.add(port!);
  await made.pass(2);
  const [health] = made.watch.of(shop);
  assert.is(health?.state, 'failing');
  assert.is(health?.answered, 'another process on this machine answered');
});

watching('a change is told once in the log of the worker, with what was asked and answered', async ({ made }) => {
  await made.pass(1);
  const [port] = made.release(shop, 'a');
  await made.pass(1);
  made.answers.set(port!, { kind: 'not-yet', why: 'status 500' });
  await made.pass(90);
  assert.equal(made.told, ['shop.a web.1: web.1 fails its health check: GET /up: status 500']);
  assert.equal(made.watch.of(shop), [{ worker: 'web.1', state: 'failing', since: at(32), lastAsked: at(92), asked: 'GET /up', answered: 'status 500' }]);
  made.answers.set(port!, { kind: 'refused' });
  await made.pass(30);
  assert.is(made.told.length, 1, 'still failing, in another way');
  assert.is(made.watch.of(shop)[0]!.answered, 'connection refused');
  made.answers.delete(port!);
  await made.pass(30);
  assert.equal(made.told.slice(1), ['shop.a web.1: web.1 passes its health check again, after 120 s']);
  assert.is(made.watch.of(shop)[0]!.state, 'ok');
});

watching('each of several web processes is asked; after a deploy, a scale and a rollback those that are live then', async ({ made }) => {
  await made.pass(1);
  const [first] = made.release(shop, 'a', 2);
  made.answers.set(first!, { kind: 'not-yet', why: 'status 503' });
  await made.pass(1);
  assert.equal(made.watch.of(shop).map(({ worker, state }) => `${worker} ${state}`), ['web.1 failing', 'web.2 ok']);
  const next = made.release(shop, 'b', 3);
  assert.equal(made.watch.of(shop).map(({ worker, state }) => `${worker} ${state}`), ['web.1 unknown', 'web.2 unknown', 'web.3 unknown'], 'of the new release nothing is known yet');
  made.asked.length = 0;
  await made.pass(100);
  assert.equal([...new Set(made.asked.map(({ port }) => port))].sort((a, b) => a - b), next, 'the release before is not asked any more');
  // The same release starts anew in the other slot.
  const scaled = made.scale(shop, 'a', 1);
  made.store.releases.setSlot(shop, 2, 'a');
  made.asked.length = 0;
  await made.pass(2);
  assert.equal(made.asked.map(({ port }) => port), scaled);
  assert.equal(made.watch.of(shop).map(({ worker, state }) => `${worker} ${state}`), ['web.1 ok']);
});

watching('an answer that comes when another release is live already says nothing', async ({ made }) => {
  await made.pass(1);
  const [old] = made.release(shop, 'a');
  let letGo = (): void => {};
  made.hold = new Promise((resolve) => { letGo = resolve; });
  await made.pass(1);
  assert.is(made.open, 1);
  made.answers.set(old!, { kind: 'refused' });
  made.release(shop, 'b');
  letGo();
  await made.pass(3);
  assert.equal(made.told, []);
  assert.is(made.watch.of(shop)[0]!.state, 'ok');
});

watching('without a [healthcheck], without a web process, and after its end an app is asked nothing', async ({ made }) => {
  const [plain, queue, gone] = [parseAppName('plain'), parseAppName('queue'), parseAppName('gone')];
  await made.pass(1);
  made.release(plain, 'a', 1, null);
  made.release(queue, 'a', 0);
  made.store.apps.create(parseAppName('empty'), 'ann');
  made.release(gone, 'a');
  made.store.apps.remove(gone);
  await made.pass(100);
  assert.equal(made.asked, []);
  for (const app of [plain, queue, gone]) assert.equal(made.watch.of(app), []);
});

watching('a server that starts asks a thousand apps one after the other, never all at once', async ({ made }) => {
  for (let n = 0; n < 1000; n += 1) made.release(parseAppName(`app${n}`), 'a');
  made.watch = made.start();
  let most = 0;
  for (let second = 0; second < 35; second += 1) {
    const before = made.asked.length;
    await made.pass(1);
    most = Math.max(most, made.asked.length - before);
  }
  assert.ok(new Set(made.asked.map(({ port }) => port)).size === 1000, 'within the interval each was asked');
  assert.ok(most < 150, `${most} in one second`);
  // Every app hangs: no more questions than the limit are open.
  made.hold = new Promise(() => {});
  made.mostOpen = 0;
  await made.pass(60);
  assert.is(made.mostOpen, 64);
});

watching('a server that starts again asks what is live', async ({ made }) => {
  await made.pass(1);
  made.release(shop, 'a');
  await made.pass(1);
  made.watch.stop();
  made.watch = made.start();
  made.asked.length = 0;
  assert.is(made.watch.of(shop)[0]!.state, 'unknown');
  await made.pass(31);
  assert.is(made.watch.of(shop)[0]!.state, 'ok');
  assert.is(made.told.length, 0);
});

watching.run();
