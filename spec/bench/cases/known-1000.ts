import type { World } from '../../e2e/world.ts';
import type { Case } from '../bench.ts';
import { liveApp, mustServe, pushTime } from '../pushing.ts';
import { inTurn } from '../rounds.ts';
import { oneFileSite, thousandFileSite } from '../trees.ts';

/** A known tree must cost the same however large it is: nothing of it is looked at. */
export const known1000: Case = {
  name: 'known-1000',
  async run(bench) {
    const world = await bench.world();
    const small = await goesBack(world, 'known-small', oneFileSite('v1'), 'index.html');
    const large = await goesBack(world, 'known-large', thousandFileSite('v1'), 'public/index.html');
    const figures = await inTurn(bench.runs, small.back, large.back, { floor: small.forward, hop3: large.forward });
    return [{
      what: 'known tree, 1,000 files', beside: 'the known-tree push of the one-file site', unit: 'ms', ...figures, goal: { of: 'ratio', most: 1.3 },
    }];
  },
};

/** A site with two commits that were live, the way back and the way forward. */
async function goesBack(world: World, name: string, tree: Record<string, string>, page: string): Promise<{ back(): Promise<number>; forward(): Promise<number> }> {
  const site = await liveApp(world, name, tree);
  const old = await site.git('rev-parse', 'HEAD');
  await site.commit('second', { [page]: 'v2\n' });
  return {
    back: async () => {
      const took = await pushTime(site, '-f', 'hop3', `${old}:main`);
      await mustServe(world, name, 'v1');
      return took;
    },
    forward: () => pushTime(site, 'hop3', 'main'),
  };
}
