// limit: 3600
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { attackGit, attackHooks, openIdle } from '../e2e/hostile-clients.ts';
import { asOrdinaryUser } from '../e2e/ordinary-user.ts';
import { site } from '../e2e/tiny-apps.ts';
import { until, World } from '../e2e/world.ts';
import { seedOf } from '../fuzz.ts';

await asOrdinaryUser(import.meta.url);

const test = suite('clients that mean harm, the long form');

test('twenty thousand damaged requests, two thousand strangers on the hook socket, ten thousand idle connections', async () => {
  const world = await World.start();
  try {
    const shop = await world.repo('shop', site('good'));
    assert.is((await shop.push()).code, 0);
    const pid = await world.serverPid();
    const live = await world.branch('shop');
    const meanwhile = async (): Promise<void> => { assert.is((await world.get('shop')).body, 'good\n'); };
    const seed = seedOf();
    console.log(`git: seed ${seed}, ${JSON.stringify(await attackGit(world, seed, 20_000, meanwhile))}`);
    assert.is(await world.branch('shop'), live);
    console.log(`hook socket: seed ${seed}, ${await attackHooks(world, seed, 2000)} connections`);
    const idle = await openIdle(world.port, 10_000);
    try {
      assert.is((await world.api('/healthz')).status, 200);
      await meanwhile();
      await shop.commit('among ten thousand');
      const pushed = await shop.push();
      assert.is(pushed.code, 0, pushed.output);
      await until('the server to have closed what is too much', () => idle.open() <= 1000);
      console.log(`10000 idle connections: ${idle.open()} are left open`);
    } finally {
      idle.close();
    }
    assert.is(await world.serverPid(), pid, 'the server is the one that was started');
    const log = (await world.hop3('status', '--server-log', '--lines', '10000')).stdout;
    const odd = log.split('\n').filter((line) => line.trim() !== '' && !/"level":30/.test(line) && !/git-(receive|upload)-pack/.test(line));
    assert.equal(odd, []);
  } finally {
    await world.stop();
  }
});

test.run();
