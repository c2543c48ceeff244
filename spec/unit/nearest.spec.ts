import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { didYouMean, nearest } from '../../src/nearest.ts';

const test = suite('did you mean');
const keys = ['start', 'before-run', 'packages', 'start-timeout'];

for (const [word, expected] of [
  ['strat', 'start'], ['satrt', 'start'], ['Start', 'start'], ['beforerun', 'before-run'], ['before_run', 'before-run'],
  ['package', 'packages'], ['start-timeot', 'start-timeout'], ['xyz', null], ['', null], ['a'.repeat(100), null],
] as const) {
  test(`"${word.slice(0, 20)}" -> ${expected}`, () => assert.is(nearest(word, keys), expected));
}

test('of two equally near candidates the first wins', () => assert.is(nearest('cat', ['bat', 'car']), 'bat'));
test('a short word is not turned into any other short word', () => assert.is(nearest('ps', ['up', 'down', 'env']), null));
test('as a sentence', () => {
  assert.is(didYouMean('strat', keys), ' Did you mean "start"?');
  assert.is(didYouMean('zzz', keys), '');
});

test.run();
