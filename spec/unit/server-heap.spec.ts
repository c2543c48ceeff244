import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { HeapRoom } from '../../src/server/heap.ts';

const test = suite('room in the heap for large bodies');

test('is there from the first body that wants it until the last one ends, however often that is said', () => {
  const said: number[] = [];
  const room = new HeapRoom((percent) => said.push(percent));
  const [first, second] = [room.take(), room.take()];
  assert.equal(said, [300]);
  first();
  first();
  assert.equal(said, [300]);
  second();
  assert.equal(said, [300, 0]);
  room.take()();
  assert.equal(said, [300, 0, 300, 0]);
});

test.run();
