import { suite } from 'uvu';
import { fuzzShop } from '../api-fuzz.ts';
import { seedOf } from '../fuzz.ts';

const test = suite('requests that mean harm, the short form');

test('every route, a few times; npm run torture has more', () => fuzzShop(seedOf(), 3));

test.run();
