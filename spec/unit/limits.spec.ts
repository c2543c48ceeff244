import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { caught } from '../caught.ts';
import { formatLimits, formatMemory, NO_LIMITS, parseMemory } from '../../src/limits.ts';
import { checkLimits, limitsOf } from '../../src/pipeline/limits.ts';
import { countsPerSandbox } from '../../src/runtime/confinement.ts';
import { readSettings } from '../../src/settings.ts';

const test = suite('limits');
const GB = 1024 ** 3;

test('sizes are read and written in one way', () => {
  for (const [text, bytes] of [['64M', GB / 16], ['1.5G', 1.5 * GB], ['2 GiB', 2 * GB], ['16384K', GB / 64], ['1TB', 1024 * GB]] as const) assert.is(parseMemory(text), bytes, text);
  for (const text of ['', '512', 'M', '1,5G', '-1G', '1e3M', '10P', '1G ']) assert.is(parseMemory(text), null, text);
  assert.equal([GB / 16, 1.5 * GB, 300 * GB / 1024, 12 * 1024].map(formatMemory), ['64 MB', '1.5 GB', '300 MB', '12 KB']);
});

test('a person reads them in a line', () => {
  assert.is(formatLimits(NO_LIMITS), 'none');
  assert.is(formatLimits({ memory: GB / 2, cpu: 1.5, processes: 100 }), 'memory 512 MB, 1.5 cores, 100 processes');
  assert.is(formatLimits({ memory: null, cpu: 1, processes: null }), '1 core');
});

test('an app has its own wishes, then the server\'s standard, never more than the most', async () => {
  const settings = readSettings({ HOP3_LIMIT_MEMORY: '512M:1G', HOP3_LIMIT_PROCESSES: '100' });
  const config = (limits: Partial<typeof NO_LIMITS>) => ({ file: 'hop3.toml', limits: { ...NO_LIMITS, ...limits } });
  assert.equal(limitsOf(settings, config({})), { memory: GB / 2, cpu: null, processes: 100 });
  assert.equal(limitsOf(settings, config({ memory: GB, cpu: 2, processes: 5000 })), { memory: GB, cpu: 2, processes: 5000 });
  // A release from before the operator lowered the most.
  assert.is(limitsOf(settings, config({ memory: 4 * GB })).memory, GB);
  assert.is((await caught(() => checkLimits(settings, config({ memory: 4 * GB })))).what, 'hop3.toml: [limits] memory asks for 4 GB; this server gives a process at most 1 GB.');
});

test('a number of processes holds for a sandbox alone since Linux 5.14', () => {
  assert.equal(['5.10.0-30-amd64', '5.14.0', '6.1.0-28-amd64', '4.19'].map(countsPerSandbox), [false, true, true, false]);
});

test.run();
