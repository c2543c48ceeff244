import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BuildInfo, ReleaseInfo } from '../../src/server/api-types.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { site, told } from './tiny-apps.ts';
import { World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>('what a push waits for');

test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world.stop(); });

test('the log ends with the time of each stage, and the release keeps them', async ({ world }) => {
  // A text of its own, or the store may have the build already.
  const repo = await world.repo('shop', site(`one ${Date.now()}`, 1));
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  const end = /-----> Launching\.\.\.\nremote: {8}Took (\d+\.\d\d) s: (.+)\nremote: {8}Released v1\nremote: {8}http:\/\/shop\.localhost:\d+ deployed to Hop3\n/.exec(told(pushed));
  assert.ok(end, told(pushed));
  const parts = new Map(end[2]!.split(', ').map((part) => [part.slice(0, part.lastIndexOf(' ')), Number(part.slice(part.lastIndexOf(' ') + 1))]));
  // The build sleeps for a second, and nothing else of this push does.
  assert.ok(parts.get('build')! >= 1, end[2]);
  assert.ok(parts.get('transfer')! > 0, end[2]);
  const sum = [...parts.values()].reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum - Number(end[1])) < 0.1, `${sum} s beside ${end[1]} s`);

  const shown = await world.hop3('releases', 'show', 'v1', '--app', 'shop');
  assert.match(shown.stdout, /^took: +\d+\.\d\d s: transfer .*build 1\.\d\d/m);
  assert.match((await world.hop3('builds', 'show', 'b1', '--app', 'shop')).stdout, /^took: +\d+\.\d\d s: transfer .*build 1\.\d\d/m);
  const { times } = JSON.parse((await world.hop3('releases', 'show', 'v1', '--app', 'shop', '--json')).stdout) as ReleaseInfo;
  assert.equal(times.map(({ name }) => name), [
    'transfer', 'check', 'turn', 'receive', 'look up', 'checkout', 'configure', 'render', 'build', 'read runtime', 'keep',
    'provision', 'stage', 'release phase', 'start', 'health', 'switch', 'record', 'admin account',
  ]);
});

test('a tree that is known waits for none of checkout and build, and says so', async ({ world }) => {
  const repo = await world.repo('known', site('two'));
  assert.is((await repo.push()).code, 0);
  await repo.commit('the same tree');
  const pushed = await repo.push();
  assert.match(told(pushed), /^remote: {8}Took /m);
  assert.not.match(told(pushed), /Took .*(?:checkout|build) /);
  const { times } = JSON.parse((await world.hop3('releases', 'show', 'v2', '--app', 'known', '--json')).stdout) as ReleaseInfo;
  assert.not.ok(times.some(({ name }) => name === 'build'));
});

test('a failed build keeps the times up to the stage that failed', async ({ world }) => {
  const repo = await world.repo('broken', { ...site('three'), 'hop3.nix': '{ package = throw "no"; }\n' });
  assert.is((await repo.push()).code, 1);
  const { times } = JSON.parse((await world.hop3('builds', 'show', 'b1', '--app', 'broken', '--json')).stdout) as BuildInfo;
  assert.is(times.at(-1)!.name, 'build');
});

test.run();
