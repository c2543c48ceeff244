import { existsSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Steps } from '../../src/pipeline/steps.ts';
import { testBarrier } from '../../src/pipeline/test-barrier.ts';

const test = suite('stages by name');

test('each stage leaves its name and its time, a failing one too', async () => {
  const steps = new Steps();
  assert.is(await steps.run('checkout', () => 'there'), 'there');
  await steps.run('build', () => Promise.reject(new Error('nix'))).then(assert.unreachable, () => {});
  assert.equal(steps.times.map((step) => step.name), ['checkout', 'build']);
  assert.ok(steps.times.every((step) => step.ms >= 0));
});

test('a spec can hold a deploy before a stage and let it go on', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'hop3-steps-'));
  try {
    const steps = new Steps(testBarrier({ HOP3_TEST_BARRIER: dir }));
    writeFileSync(join(dir, 'release-phase.hold'), '');
    assert.is(await steps.run('build', () => 'not held'), 'not held');
    let ran = false;
    const held = steps.run('release phase', () => { ran = true; });
    while (!existsSync(join(dir, 'release-phase.reached'))) await delay(5);
    assert.is(ran, false);
    unlinkSync(join(dir, 'release-phase.hold'));
    await held;
    assert.is(ran, true);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('without HOP3_TEST_BARRIER there is no barrier', () => {
  assert.is(testBarrier({}), null);
  assert.is(testBarrier({ HOP3_TEST_BARRIER: '' }), null);
});

test('what the server starts does not inherit the barrier', () => {
  const dir = mkdtempSync(join(tmpdir(), 'hop3-steps-'));
  try {
    const env = { HOP3_TEST_BARRIER: dir, PATH: '/bin' };
    assert.ok(testBarrier(env));
    assert.equal(env, { PATH: '/bin' });
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test.run();
