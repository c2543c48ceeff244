// limit: 400
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { EXAMPLES, World, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; shop: Repo; good: string }>('a push that fails changes nothing');

test.before(async (context) => {
  context.world = await World.start({ HOP3_EVAL_TIMEOUT: '10' });
  context.shop = await context.world.repo('shop', 'test-apps-nix/node-http');
  const pushed = await context.shop.push();
  assert.is(pushed.code, 0, pushed.output);
  context.good = await context.shop.git('rev-parse', 'HEAD');
});
test.after(async ({ world }) => { await world.stop(); });

/** The example that fails, what git's last line must hold, what else the log must say. */
const stories: [example: string, code: string, ...lines: (string | RegExp)[]][] = [
  ['broken-nix', 'HOP3_EVAL', /hop3\.nix:\d+/],
  ['no-runtime-json', 'HOP3_RUNTIME', 'runtime.json'],
  ['static-outside', 'HOP3_RUNTIME', 'static'],
  ['dies-at-start', 'HOP3_WORKER_DIED', 'exit code 3'],
  ['wrong-port', 'HOP3_UNHEALTHY', /listens on \d+/],
  ['never-answers', 'HOP3_UNHEALTHY'],
  ['unknown-key', 'HOP3_CONFIG', /hop3\.toml:\d+:\d+/, /Did you mean/],
  ['reads-etc-passwd', 'HOP3_EVAL', '/etc/passwd'],
  ['loops-forever', 'HOP3_EVAL'],
];

for (const [example, code, ...lines] of stories) {
  test(`${example}: exit 1, the cause in git's last line, v1 still answers, the branch has not moved`, async ({ world, shop, good }) => {
    await shop.git('checkout', '-q', '-B', 'main', good);
    await cp(join(EXAMPLES, 'test-apps-fail', example), shop.dir, { recursive: true });
    await shop.commit(example);
    const pushed = await shop.push();
    assert.is(pushed.code, 1, pushed.output);
    const rejected = pushed.stderr.split('\n').find((line) => line.includes('[remote rejected]'))!;
    assert.match(rejected, /! \[remote rejected\] main -> main \(.*\[HOP3_[A-Z_]+\]\)/);
    assert.match(rejected, code);
    assert.match(pushed.stderr, /remote: {2}!     Push rejected: /);
    for (const line of lines) assert.match(pushed.stderr, line);
    assert.not.match(pushed.stderr, /\bat .*\(.*\.[jt]s:\d+:\d+\)/, 'no stack trace');
    assert.is((await world.get('shop')).status, 200);
    assert.is(await world.branch('shop'), good);
    assert.match(pushed.stderr, 'v1 is still live; the branch has not moved.');
  });
}

test('pushing the same commit again tries again', async ({ shop }) => {
  await shop.git('reset', '-q', '--hard', (await shop.git('rev-parse', 'HEAD')));
  const again = await shop.push();
  assert.is(again.code, 1);
  assert.match(again.stderr, 'Push rejected');
});

test('of the failed attempts no process is left: all workers run in the live slot', async ({ world }) => {
  const slots = world.processes().flatMap(({ command }) => /s6-supervise shop\.([ab])\.web/.exec(command)?.[1] ?? []);
  assert.ok(slots.length > 0, 'the live worker is seen');
  assert.is(new Set(slots).size, 1, slots.join(' '));
});

test('builds that were refused hold no store path', async ({ world }) => {
  // b1 is live; those that failed later than their build may be tried again without building, so they keep theirs.
  const { builds } = JSON.parse((await world.hop3('builds', 'list', '--app', 'shop', '--json')).stdout) as { builds: { number: number; store_path: string | null }[] };
  const kept = builds.filter((build) => build.store_path !== null).map((build) => String(build.number));
  assert.equal((await readdir(join(world.root, 'apps/shop/roots'))).sort(), kept.sort());
  assert.ok(kept.length < builds.length);
});

test('after all that a good push goes live as v2', async ({ world, shop, good }) => {
  await shop.git('checkout', '-q', '-B', 'main', good);
  await shop.commit('good again', { 'note.txt': 'changed' });
  const pushed = await shop.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(pushed.stderr, 'Released v2');
  assert.is((await world.get('shop')).status, 200);
});

test('failed attempts keep their log', async ({ world }) => {
  const log = await world.hop3('builds', 'log', 'b2', '--app', 'shop');
  assert.is(log.code, 0, log.output);
  assert.match(log.stdout, '-----> Receiving');
});

test.run();
