import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wholeOffset } from '../../src/runtime/supervise-status.ts';

const offsets = suite('how far s6 is ahead in its labels');

offsets('one whole number fits between two looks at the clock', () => {
  assert.is(wholeOffset(1037.2, 1000.1, 1000.3), 37);
  // A clock that is read in whole milliseconds may say a little less or more than it is.
  assert.is(wholeOffset(1010.0004, 1000, 1000), 10);
});

offsets('an answer that took so long that two would fit says nothing', () => {
  assert.is(wholeOffset(1037.2, 1000.1, 1001.4), null);
});

offsets('a clock that was set in between says nothing', () => {
  assert.is(wholeOffset(1037.2, 1000.3, 1000.6), null);
});

offsets.run();
