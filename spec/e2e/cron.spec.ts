// waits
// limit: 300
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { runtime, told } from './tiny-apps.ts';
import { until, World, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; repo: Repo }>('cron lines');

const CRON = `
[[cron]]
name = "minutely"
schedule = "* * * * *"
command = "echo tick of $HOP3_RELEASE with $GREETING; touch ticked"

[[cron]]
name = "nightly"
schedule = "0 3 * * *"
command = ["echo out $FROM_BUILD", "echo err >&2", "printf 'no line end'", "exit 3"]

[[cron]]
name = "stuck"
schedule = "@yearly"
command = "trap '' TERM; echo begun; sleep 1000"
timeout = 2

[[cron]]
schedule = "@monthly"
command = "echo slow; sleep 1000"
`;

const APP = {
  ...runtime('workers.web = "${pkgs.python3}/bin/python3 -m http.server -b 127.0.0.1 $PORT"; env = { FROM_BUILD = "build"; };'),
  'hop3.toml': `[env]\nGREETING = "hello"\n${CRON}`,
};

interface Line {
  name: string;
  next_at: string;
  running: boolean;
  last: { release: number; ok: boolean; outcome: string | null } | null;
}

test.before(async (context) => {
  context.world = await World.start();
  context.repo = await context.world.repo('shop', APP);
});
test.after(async ({ world }) => { await world.stop(); });

async function lines(world: World): Promise<Record<string, Line>> {
  const { cron } = JSON.parse((await world.hop3('cron', '--app', 'shop', '--json')).stdout) as { cron: Line[] };
  return Object.fromEntries(cron.map((line) => [line.name, line]));
}

async function logOf(world: World, worker: string): Promise<string> {
  return (await world.hop3('logs', '--app', 'shop', '--worker', worker, '-n', '1000')).stdout.replace(/^\S+ /gm, '');
}

test('a push whose schedule cannot be one is rejected with its place', async ({ world }) => {
  const bad = await world.repo('bad', { ...APP, 'hop3.toml': '[[cron]]\nschedule = "0 25 * * *"\ncommand = "true"\n' });
  const pushed = await bad.push();
  assert.is(pushed.code, 1);
  assert.match(told(pushed), 'hop3.toml:2:12: [[cron]] schedule: "0 25 * * *" is no schedule: Invalid value for hour: 25');
});

test('after the push its lines are listed with their next run, by cron list and by ps', async ({ world, repo }) => {
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  const { minutely, nightly, stuck, 'job-4': unnamed } = await lines(world);
  assert.ok(Date.parse(minutely!.next_at) - Date.now() <= 60_000);
  assert.match(nightly!.next_at, /T03:00:00\.000Z$/);
  assert.is(nightly!.last, null);
  assert.match(stuck!.next_at, /-01-01T00:00:00\.000Z$/);
  assert.ok(unnamed);
  const ps = await world.hop3('ps', '--app', 'shop');
  assert.match(ps.stdout, /^web\.1 /m);
  assert.match(ps.stdout, /^nightly +0 3 \* \* \* /m);
});

test('a line that is run by hand shows its output and its exit code, and both are in the logs with the release', async ({ world }) => {
  const ran = await world.hop3('cron', 'run', 'nightly', '--app', 'shop');
  assert.is(ran.code, 8, ran.output);
  for (const text of ['out build', 'err', 'no line end', 'cron.nightly of shop failed: exit code 3.']) assert.match(ran.stderr, text);
  assert.is(await logOf(world, 'cron.nightly'), [
    'hop3: cron.nightly of v1 starts', 'out build', 'err', 'no line end', 'hop3: cron.nightly ended with exit code 3', '',
  ].map((line) => line && `cron.nightly v1: ${line}`).join('\n'));
  const { nightly } = await lines(world);
  assert.equal([nightly!.running, nightly!.last!.release, nightly!.last!.ok, nightly!.last!.outcome], [false, 1, false, 'exit code 3']);
  assert.match((await world.hop3('cron', '--app', 'shop')).stdout, /^nightly .* exit code 3 \(v1\)/m);
  assert.match((await world.hop3('ps', '--app', 'shop')).stdout, /^nightly .* exit code 3 \(v1\)/m);
});

test('one that takes too long is ended, however it resists, and says so', async ({ world }) => {
  const ran = await world.hop3('cron', 'run', 'stuck', '--app', 'shop');
  assert.is(ran.code, 8);
  assert.match(ran.stderr, 'cron.stuck of shop failed: was ended: it did not finish within 2 s.');
  assert.match(await logOf(world, 'cron.stuck'), 'cron.stuck v1: hop3: cron.stuck was ended: it did not finish within 2 s');
  assert.equal(readdirSync(join(world.root, 'apps/shop/one-offs')), []);
});

test('it never runs twice at the same time; a name that is not there is told', async ({ world }) => {
  const slow = world.hop3('cron', 'run', 'job-4', '--app', 'shop');
  await until('it to run', async () => (await lines(world))['job-4']!.running);
  const second = await world.hop3('cron', 'run', 'job-4', '--app', 'shop');
  assert.is(second.code, 6);
  assert.match(second.stderr, 'cron.job-4 of shop is running already, since ');
  const unknown = await world.hop3('cron', 'run', 'nihgtly', '--app', 'shop');
  assert.is(unknown.code, 3);
  assert.match(unknown.stderr, 'Did you mean "nightly"?');
  // A server that stops ends it; the next one knows.
  process.kill(await world.serverPid(), 'SIGTERM');
  assert.is.not((await slow).code, 0);
  await until('the server to answer', async () => (await world.api('/healthz').catch(() => null))?.status === 200);
  const { 'job-4': line } = await lines(world);
  assert.equal([line!.running, line!.last!.ok, line!.last!.outcome], [false, false, 'was ended before it was done']);
  assert.equal(readdirSync(join(world.root, 'apps/shop/one-offs')), []);
});

test('the minute comes, and the line runs in the sandbox, the environment and the data directory of the release', async ({ world }) => {
  await until('the line to have run', async () => (await lines(world))['minutely']!.last?.ok === true, 75);
  assert.match(await logOf(world, 'cron'), /^cron\.minutely v1: tick of v1 with hello$/m);
  assert.ok(readdirSync(join(world.root, 'apps/shop/data')).includes('ticked'));
});

test('the next release has its own lines', async ({ world, repo }) => {
  await repo.commit('other lines', { 'hop3.toml': '[[cron]]\nname = "weekly"\nschedule = "@weekly"\ncommand = "echo by $HOP3_RELEASE"\n' });
  assert.is((await repo.push()).code, 0);
  assert.equal(Object.keys(await lines(world)), ['weekly']);
  const ran = await world.hop3('cron', 'run', 'weekly', '--app', 'shop');
  assert.is(ran.code, 0, ran.output);
  assert.match(ran.stderr, 'by v2');
  assert.match(ran.stderr, 'cron.weekly of shop is done.');
  assert.is((await world.hop3('rollback', '--app', 'shop')).code, 0);
  assert.equal(Object.keys(await lines(world)).sort(), ['job-4', 'minutely', 'nightly', 'stuck']);
  assert.match(await logOf(world, 'cron.weekly'), 'cron.weekly v2: by v2');
});

test.run();
