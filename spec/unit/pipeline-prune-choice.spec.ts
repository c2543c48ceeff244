import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseOutputs, type Candidate } from '../../src/pipeline/prune-choice.ts';

const test = suite('which builds of an app are forgotten');

/** Release v1, v2, ... each with these store paths; the last one is live. */
function releases(...closures: readonly string[][]): Candidate[] {
  return closures.map((closure, index) => ({ number: index + 1, storePath: closure[0]!, closure, version: index + 1, live: index === closures.length - 1 }));
}
const ten = () => 10;

test('the newest releases stay, and the live one, however old it is', () => {
  assert.equal(chooseOutputs(releases(['a'], ['b'], ['c'], ['d']), { releases: 2, bytes: null }, ten), { forget: [1, 2], bytes: 20 });
  const old = releases(['a'], ['b'], ['c'], ['d']).map((one) => ({ ...one, live: one.number === 1 }));
  assert.equal(chooseOutputs(old, { releases: 2, bytes: null }, ten).forget, [2]);
});

test('of those the oldest go until what only old releases need fits', () => {
  assert.equal(chooseOutputs(releases(['a'], ['b'], ['c'], ['d']), { releases: 10, bytes: 25 }, ten), { forget: [1], bytes: 10 });
  assert.equal(chooseOutputs(releases(['a'], ['b'], ['c'], ['d']), { releases: 10, bytes: 0 }, ten).forget, [1, 2, 3]);
  assert.equal(chooseOutputs(releases(['a'], ['b'], ['c'], ['d']), { releases: 10, bytes: null }, ten).forget, []);
});

test('what the live release needs too costs nothing, nor what a newer one does', () => {
  const shared = releases(['a', 'big'], ['b', 'big'], ['c', 'old'], ['d', 'old'], ['e', 'big']);
  const size = (path: string) => (path === 'big' ? 1000 : path === 'old' ? 100 : 1);
  // d and its "old": 101; c shares it: 1 more; a and b share "big" with the live one.
  assert.equal(chooseOutputs(shared, { releases: 10, bytes: 104 }, size), { forget: [], bytes: 0 });
  assert.equal(chooseOutputs(shared, { releases: 10, bytes: 103 }, size), { forget: [1], bytes: 1 });
  // What is told as freed is what nothing needs any more: "old" goes with the last release that had it.
  assert.equal(chooseOutputs(shared, { releases: 10, bytes: 2 }, size), { forget: [3, 4], bytes: 102 });
});

test('a release that went live again as a newer one is kept with it', () => {
  const again = releases(['a'], ['b'], ['a'], ['c']);
  assert.equal(chooseOutputs(again, { releases: 4, bytes: 10 }, ten), { forget: [2], bytes: 10 });
});

test('a build that never went live goes', () => {
  const failed = [...releases(['a'], ['b']), { number: 3, storePath: 'x', closure: ['x', 'b'], version: null, live: false }];
  assert.equal(chooseOutputs(failed, { releases: 10, bytes: null }, ten), { forget: [3], bytes: 10 });
});

test.run();
