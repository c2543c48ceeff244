// limit: 240
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seedOf } from '../fuzz.ts';
import { attackGit, attackHooks, openIdle } from './hostile-clients.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { site } from './tiny-apps.ts';
import { until, World, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);

// The long form is spec/torture/hostile-clients.spec.ts. A failure prints the seed: FUZZ_SEED=... tries the same again.
const test = suite<{ world: World; shop: Repo; pid: number }>('clients that mean harm');

test.before(async (context) => {
  context.world = await World.start();
  context.shop = await context.world.repo('shop', site('good'));
  const pushed = await context.shop.push();
  assert.is(pushed.code, 0, pushed.output);
  context.pid = await context.world.serverPid();
});
test.after(async ({ world }) => { await world.stop(); });

/** The app answers all the while, and the server is the one that was started. */
const answers = (world: World) => async (): Promise<void> => {
  assert.is((await world.get('shop')).body, 'good\n');
};

test('damaged requests to the git addresses: each ends, nothing moves, the next push goes through', async ({ world, shop, pid }) => {
  const live = await world.branch('shop');
  await attackGit(world, seedOf(), 240, answers(world));
  assert.is(await world.branch('shop'), live);
  assert.is(await world.serverPid(), pid);
  await shop.commit('after it', { 'index.html': 'good\n' });
  const pushed = await shop.push();
  assert.is(pushed.code, 0, pushed.output);
});

test('noise on the hooks\' socket', async ({ world, pid }) => {
  await attackHooks(world, seedOf(), 80);
  assert.is(await world.serverPid(), pid);
});

test('three thousand idle connections: git, the API and the app answer, and a push goes through', async ({ world, shop, pid }) => {
  const idle = await openIdle(world.port, 3000);
  try {
    assert.is((await world.api('/healthz')).status, 200);
    assert.is((await world.api('/api/v1/apps', { token: await world.token() })).status, 200);
    await answers(world)();
    await shop.commit('among thousands');
    const pushed = await shop.push();
    assert.is(pushed.code, 0, pushed.output);
    await until('the server to have closed what is too much', () => idle.open() <= 1000);
  } finally {
    idle.close();
  }
  assert.is(await world.serverPid(), pid);
});

test('after all that the server has nothing to report', async ({ world }) => {
  const log = (await world.hop3('status', '--server-log', '--lines', '10000')).stdout;
  const odd = log.split('\n').filter((line) => line.trim() !== '' && !/"level":30/.test(line) && !/git-(receive|upload)-pack/.test(line));
  assert.equal(odd, []);
});

test.run();
