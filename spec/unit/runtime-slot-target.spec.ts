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

target('nothing else is taken for a slot', () => {
  for (const text of ['', 'slots/a', 'slots/c/web', 'slots/a/web/', '/slots/a/web', 'slots/a/webs', '../slots/a/web', 'slots/a/web\n']) assert.is(parseSlotTarget(text), null, text);
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
