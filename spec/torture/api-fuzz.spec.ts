// limit: 3600
import { mkdirSync } from 'node:fs';
import { suite } from 'uvu';
import { ApiWorld } from '../api-world.ts';
import { fuzzApi } from '../api-fuzz.ts';
import { seedOf } from '../fuzz.ts';

const test = suite('requests that mean harm, the long form');

test('every route, 300 times and more', async () => {
  const world = await ApiWorld.start();
  try {
    world.released(world.app('shop'), 'a');
    mkdirSync(world.context.paths.app('shop' as never), { recursive: true });
    const seed = seedOf();
    console.log(`seed ${seed}: ${JSON.stringify(await fuzzApi(world, seed, 300))}`);
  } finally {
    await world.stop();
  }
});

test.run();
