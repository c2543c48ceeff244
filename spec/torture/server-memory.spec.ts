// limit: 3600
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bigPush } from '../e2e/big-push.ts';
import { asOrdinaryUser } from '../e2e/ordinary-user.ts';
import { inMiB, memoryOverDeploys } from '../e2e/server-memory.ts';
import { site } from '../e2e/tiny-apps.ts';
import { World } from '../e2e/world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>("the server's memory");
const MIB = 1024 * 1024;

test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world.stop(); });

test('a push of 300 MB passes and takes little of the server', async ({ world }) => {
  const repo = await world.repo('big', site('big'));
  assert.is((await repo.push()).code, 0);
  const { ran, grew, seconds } = await bigPush(repo, 300_000_000);
  assert.is(ran.code, 0, ran.output);
  console.log(`300 MB: ${seconds.toFixed(1)} s, the server grew by at most ${inMiB(grew)}`);
  assert.ok(grew < 96 * MIB, `it grew by ${inMiB(grew)}`);
  assert.is((await world.get('big')).body, 'big\n');
});

test('a thousand deploys leave nothing behind in the server', async ({ world }) => {
  const repo = await world.repo('often', site('once'));
  assert.is((await repo.push()).code, 0);
  const found = await memoryOverDeploys(world, repo, (turn) => ({ 'index.html': `page ${turn % 2}\n` }), 1000, 200);
  console.log(`1,000 deploys: ${inMiB(found.warm)} after 200, ${inMiB(found.end)} at the end, ${found.perDeploy.toFixed(0)} bytes a deploy, at most ${inMiB(found.most)}, descriptors ${found.descriptors.warm} and ${found.descriptors.end}`);
  // A leak of 24 KiB a deploy would be seen; the heap itself breathes by some MiB.
  assert.ok(found.end - found.warm < 24 * MIB, `${inMiB(found.warm)} became ${inMiB(found.end)}`);
  assert.ok(Math.abs(found.descriptors.end - found.descriptors.warm) <= 5, `${found.descriptors.warm} descriptors became ${found.descriptors.end}`);
});

test.run();
