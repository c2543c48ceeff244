// limit: 400
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addonCreation, askedForMore, buildCutOff, destruction, firstPush } from './crash-lives.ts';
import { cell, title } from './crash-matrix.ts';
import { play } from './crash-story.ts';
import { CrashWorld } from './crash-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import type { Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ crash: CrashWorld; shop: Repo }>('killed at a named point: one whole version, nothing left over, the next push works');

test.before(async (context) => {
  context.crash = await CrashWorld.start();
  context.shop = await context.crash.app('shop');
  const pushed = await context.shop.push();
  assert.is(pushed.code, 0, pushed.output);
});
test.after(async ({ crash }) => { await crash.stop(); });

// A few cells of each kind; spec/torture/crash-matrix.spec.ts has all of them.
const CELLS = [
  cell('push', 'keep', 'server'),
  cell('push', 'provision', 'addon server'),
  cell('push', 'stage', 'nginx'),
  cell('push', 'start', 's6-svscan'),
  cell('push', 'health', 'hook'),
  cell('push', 'switch', 'worker'),
  cell('env set', 'switch begun', 'server'),
  cell('push', 'renamed', 'git-receive-pack'),
  cell('push', 'branch moved', 'everything'),
];
for (const one of CELLS) test(title(one), ({ crash, shop }) => play(crash, shop, one));

test('the server is killed while it makes an app: the next push finds no half app', ({ crash }) => firstPush(crash, 'new', 'app row made', 'server'));
test('the server is killed while it destroys an app: the next start finishes that', ({ crash }) => destruction(crash, 'old', 'addons destroyed', 'server'));
test('the server is killed in a deploy that asked for ports, names and processes: the live release keeps its own', ({ crash, shop }) => askedForMore(crash, shop, 'stage', 'server'));
test('the server is killed while it makes an addon: the same command makes it', ({ crash, shop }) => addonCreation(crash, shop, 'sessions', 'addon made', 'server'));
test('nix-build is killed: no builder is left', ({ crash, shop }) => buildCutOff(crash, shop, 'nix-build'));

test('what a pushed app and git are started with does not name the barrier', async ({ crash, shop }) => {
  const { readFileSync } = await import('node:fs');
  const { rootProcesses } = await import('../../src/runtime/supervisor-processes.ts');
  await crash.change(shop);
  crash.hold('checkout');
  const work = crash.begin('git', ['push', 'hop3', 'main'], shop.dir);
  try {
    await crash.reached('checkout', work.output);
    const server = await crash.world.serverPid();
    const others = rootProcesses(crash.paths).filter((one) => one.pid !== server && one.name !== 's6-svscan');
    assert.ok(others.some((one) => /receive-pack/.test(one.command)) && others.some((one) => one.command.includes('web.mjs')));
    for (const one of others) assert.not.match(readFileSync(`/proc/${one.pid}/environ`, 'latin1'), 'HOP3_TEST_BARRIER', one.command);
  } finally {
    crash.release('checkout');
  }
  assert.is((await work.ended).code, 0);
});

test.run();
