// limit: 3000
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { manyAppsAtOnce, manyPushesToOneApp } from '../e2e/crowd-stories.ts';
import { Holds } from '../e2e/holds.ts';
import { asOrdinaryUser } from '../e2e/ordinary-user.ts';
import { inMiB, memoryOf } from '../e2e/server-memory.ts';
import { site } from '../e2e/tiny-apps.ts';
import { World } from '../e2e/world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; holds: Holds }>('crowds');

test.before(async (context) => {
  context.holds = new Holds();
  context.world = await World.start(context.holds.env);
});
test.after(async ({ world, holds }) => {
  holds.remove();
  await world.stop();
});

test('50 apps pushed at once are all live, each once', async ({ world }) => {
  const pid = await world.serverPid();
  const { seconds, reloads } = await manyAppsAtOnce(world, 50);
  console.log(`50 apps at once: ${seconds.toFixed(0)} s, ${reloads} reloads of nginx, server at most ${inMiB(memoryOf(pid).most)}`);
  assert.is(await world.serverPid(), pid, 'the server is the same one');
});

test('20 pushes to one app go live one after the other, and the last one stays', async ({ world, holds }) => {
  const repo = await world.repo('one', site('zero'));
  assert.is((await repo.push()).code, 0);
  await manyPushesToOneApp(world, holds, repo, 20);
});

test.run();
