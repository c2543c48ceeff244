import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SLOTS } from '../../src/paths.ts';
import type { WorkerSpec } from '../../src/runtime/model.ts';
import { parseSlotTarget, slotMode, slotTarget } from '../../src/runtime/slot-target.ts';

const target = suite('what `current` names');

target('a slot and how it is served, there and back', () => {
  assert.is(slotTarget('a', 'web'), 'slots/a/web');
  for (const slot of SLOTS) for (const mode of ['static', 'web', 'both', 'none'] as const) assert.equal(parseSlotTarget(slotTarget(slot, mode)), { slot, mode });
});

target('the hash of the files stands behind the mode, and only where there are files in the store', () => {
  const hash = '0123456789abcdfghijklmnpqrsvwxyz';
  for (const mode of ['static', 'both'] as const) {
    assert.is(slotTarget('b', mode, `/nix/store/${hash}-site/www`), `slots/b/${mode}.${hash}`);
    assert.equal(parseSlotTarget(`slots/b/${mode}.${hash}`), { slot: 'b', mode });
    assert.is(slotTarget('b', mode, '/srv/files'), `slots/b/${mode}`);
  }
  for (const mode of ['web', 'none'] as const) assert.is(slotTarget('b', mode, `/nix/store/${hash}-site`), `slots/b/${mode}`);
});

target('what an older version wrote, without a hash, still names its slot', () => {
  assert.equal(parseSlotTarget('slots/a/static'), { slot: 'a', mode: 'static' });
  assert.equal(parseSlotTarget('slots/b/both'), { slot: 'b', mode: 'both' });
});

target('nothing else is taken for a slot', () => {
  for (const text of ['', 'slots/a', 'slots/c/web', 'slots/a/web/', '/slots/a/web', 'slots/a/webs', '../slots/a/web', 'slots/a/web\n', 'slots/a/static.', 'slots/a/static.abc', `slots/a/static.${'e'.repeat(32)}`, `slots/a/static.${'a'.repeat(33)}`]) assert.is(parseSlotTarget(text), null, text);
});

target('files, a worker, both or neither', () => {
  const worker = (port: number | null): WorkerSpec => ({ name: 'x.1', type: 'x', command: 'x', port, env: {} });
  assert.is(slotMode({ static: '/s', workers: [] }), 'static');
  assert.is(slotMode({ static: '/s', workers: [worker(null)] }), 'static');
  assert.is(slotMode({ static: '/s', workers: [worker(1)] }), 'both');
  assert.is(slotMode({ static: null, workers: [worker(null), worker(1)] }), 'web');
  assert.is(slotMode({ static: null, workers: [worker(null)] }), 'none');
});

target.run();
