// limit: 3600
import { suite } from 'uvu';
import { fuzzShop } from '../api-fuzz.ts';
import { seedOf } from '../fuzz.ts';

const test = suite('requests that mean harm, the long form');

test('every route, 300 times and more', () => fuzzShop(seedOf(), 300));

test.run();
