import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AppName } from '../../src/names.ts';
import { Cron } from '../../src/pipeline/cron.ts';
import type { CronEnd, runCronJob } from '../../src/pipeline/cron-job.ts';
import { ApiWorld } from '../api-world.ts';

const test = suite<{ world: ApiWorld; shop: AppName }>('when cron lines run');

test.before(async (context) => {
  context.world = await ApiWorld.start();
  context.shop = context.world.app('shop');
  context.world.app('empty');
});
test.after(async ({ world }) => { await world.stop(); });

/** A release with these cron lines: name to schedule. */
function released(world: ApiWorld, app: AppName, letter: string, lines: Record<string, string>): void {
  const { store } = world;
  const cron = Object.entries(lines).map(([name, schedule]) => ({ name, schedule, command: name, timeout: 60 }));
  const build = store.builds.begin(app, letter.repeat(40) as never, 'ann');
  store.builds.built(app, build, { tree: letter.repeat(40) as never, buildKey: 'k', storePath: `/nix/store/${'0'.repeat(32)}-x` as never, root: build, runtime: '{"runtime":{},"closure":[]}', config: JSON.stringify({ cron }) });
  const version = store.releases.nextVersion(app);
  store.releases.beginSwitch({ app, version, build, slot: 'a', reason: 'push', description: 'x', branch: 'main', by: 'ann', env: {}, generated: [] });
  store.releases.finishSwitch(app, version);
}

/** A cron whose jobs are made up: they are noted and end when the spec says so. */
function madeUp(world: ApiWorld) {
  const begun: string[] = [];
  const skipped: string[] = [];
  const ends = new Map<string, (end: CronEnd) => void>();
  const runJob: typeof runCronJob = (_host, app, live, line, _onOutput, signal) => {
    begun.push(`${app} ${line.name} of ${live.name}`);
    const end = new Promise<CronEnd>((resolve) => {
      ends.set(line.name, resolve);
      signal.addEventListener('abort', () => resolve({ ok: false, outcome: 'was ended before it was done' }), { once: true });
    });
    return { job: { since: new Date(0), skip: () => skipped.push(line.name) }, end };
  };
  const cron = new Cron({ ...world.context, reportDefect: (where, error) => world.defects.push([where, error]) }, runJob);
  const finish = async (name: string, ok = true): Promise<void> => {
    ends.get(name)!({ ok, outcome: ok ? 'exit code 0' : 'exit code 3' });
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { cron, begun, skipped, finish };
}

const at = (time: string) => new Date(`2026-11-23T${time}:00Z`);

test('the lines that name the minute start, of the release that is live then; one that still runs is skipped and says so', async ({ world, shop }) => {
  released(world, shop, 'a', { often: '*/5 * * * *', hourly: '@hourly' });
  const { cron, begun, skipped, finish } = madeUp(world);
  await cron.minute(at('10:01'));
  assert.equal(begun, []);
  await cron.minute(at('10:05'));
  assert.equal(begun.splice(0), ['shop often of v1']);
  await cron.minute(at('10:10'));
  assert.equal([begun, skipped], [[], ['often']]);
  await finish('often');
  await cron.minute(at('11:00'));
  assert.equal(begun.splice(0), ['shop often of v1', 'shop hourly of v1']);
  released(world, shop, 'b', { often: '* * * * *', weekly: '@weekly' });
  await finish('often');
  await cron.minute(at('11:01'));
  assert.equal(begun.splice(0), ['shop often of v2'], 'hourly is gone with v1');
  await cron.stop();
  await cron.minute(at('11:02'));
  assert.equal(begun, [], 'a server that stops starts nothing');
  assert.equal(world.defects, []);
});

test('a line can be run by hand: not twice, not one that is not there; how it ended is told', async ({ world, shop }) => {
  const { cron, begun, finish } = madeUp(world);
  const never = new AbortController().signal;
  const refused = async (work: Promise<void>, code: string, text: string) => {
    const error = await work.then(() => null, (thrown: { code: string; what: string }) => thrown);
    assert.is(error?.code, code);
    assert.match(error!.what, text);
  };
  const first = cron.runNow(shop, 'weekly', () => {}, never);
  await refused(cron.runNow(shop, 'weekly', () => {}, never), 'HOP3_CRON_RUNNING', 'cron.weekly of shop is running already, since 1970-01-01T00:00:00.000Z.');
  await finish('weekly');
  await first;
  assert.equal(begun, ['shop weekly of v2']);
  const failing = cron.runNow(shop, 'weekly', () => {}, never);
  void finish('weekly', false);
  await refused(failing, 'HOP3_CRON_FAILED', 'cron.weekly of shop failed: exit code 3.');
  await refused(cron.runNow(shop, 'weakly', () => {}, never), 'HOP3_NO_CRON', 'no cron line "weakly". Did you mean "weekly"?');
  await refused(cron.runNow('empty' as AppName, 'x', () => {}, never), 'HOP3_NO_CRON', 'no cron line "x".');
  const gone = new AbortController();
  const left = cron.runNow(shop, 'weekly', () => {}, gone.signal);
  gone.abort();
  await refused(left, 'HOP3_CANCELLED', 'cron.weekly was ended before it was done.');
});

test('the list has the next run and how the last one ended', ({ world, shop }) => {
  const { cron } = madeUp(world);
  world.store.cron.begin(shop, 'often', 2);
  assert.is(cron.list(shop)[0]!.last!.endedAt, null);
  world.store.cron.abandonRunning();
  const [often, weekly] = cron.list(shop);
  assert.is(often!.last!.outcome, 'ended with the server');
  assert.not.ok(often!.last!.ok);
  assert.ok(often!.next!.getTime() > Date.now() && often!.next!.getTime() <= Date.now() + 60_000);
  assert.is(weekly!.last, null);
  world.store.cron.begin(shop, 'often', 3);
  world.store.cron.end(shop, 'often', true, 'exit code 0');
  assert.equal([cron.list(shop)[0]!.last!.ok, cron.list(shop)[0]!.last!.release, cron.list(shop)[0]!.last!.outcome], [true, 3, 'exit code 0']);
  assert.equal(cron.list('empty' as AppName), []);
});

test.run();
