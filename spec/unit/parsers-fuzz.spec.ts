import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seedOf } from '../fuzz.ts';
import { fuzzProcfile, fuzzRuntime, fuzzToml } from '../parser-fuzz.ts';

// The long form is spec/torture/parsers.spec.ts. A failure prints the seed: FUZZ_SEED=... tries the same inputs again.
const test = suite('damaged files');
const INPUTS = 2000;

for (const [name, fuzz] of [['hop3.toml', fuzzToml], ['Procfile', fuzzProcfile], ['runtime.json', fuzzRuntime]] as const) {
  test(`${INPUTS} damaged ${name}: each is read or refused in words`, async () => {
    const tried = await fuzz(INPUTS, seedOf());
    const refused = Object.values(tried.refused).reduce((sum, count) => sum + count, 0);
    assert.is(tried.accepted + refused, INPUTS);
    assert.ok(refused > INPUTS / 10, `only ${refused} were damaged enough to be refused`);
    assert.ok(tried.accepted > INPUTS / 100, `only ${tried.accepted} could be read: the damage is too coarse to reach what lies behind the syntax`);
  });
}

test.run();
