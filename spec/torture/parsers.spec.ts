// limit: 3600
import { suite } from 'uvu';
import { seedOf } from '../fuzz.ts';
import { fuzzProcfile, fuzzRuntime, fuzzToml } from '../parser-fuzz.ts';

const test = suite('a hundred thousand damaged files of each kind');

for (const [name, fuzz] of [['hop3.toml', fuzzToml], ['Procfile', fuzzProcfile], ['runtime.json', fuzzRuntime]] as const) {
  test(name, async () => {
    const seed = seedOf();
    const began = Date.now();
    const tried = await fuzz(100_000, seed);
    console.log(`${name}: seed ${seed}, ${JSON.stringify(tried)}, ${Math.round((Date.now() - began) / 1000)} s`);
  });
}

test.run();
