import type { Case } from '../bench.ts';
import { FLOOR_REMOTE, floorApp, liveApp, mustServe, pushTime } from '../pushing.ts';
import { inTurn } from '../rounds.ts';
import { Stages } from '../stages.ts';
import { oneFileSite } from '../trees.ts';

/** A push that goes back to a commit that was live before. */
export const staticKnown: Case = {
  name: 'static-known',
  async run(bench) {
    const [world, floor] = [await bench.world(), await bench.floor()];
    const site = await liveApp(world, 'known', oneFileSite('known v1'));
    const old = await site.git('rev-parse', 'HEAD');
    await site.commit('second', { 'index.html': 'known v2\n' });
    const bare = (await floorApp(world, floor, 'known', oneFileSite('known v1'), null)).repo;
    const bareOld = await bare.git('rev-parse', 'HEAD');
    await bare.commit('second', { 'index.html': 'known v2\n' });

    const stages = new Stages(world, 'known');

    const figures = await inTurn(
      bench.runs,
      () => pushTime(bare, '-f', FLOOR_REMOTE, `${bareOld}:main`),
      async () => {
        const took = await pushTime(site, '-f', 'hop3', `${old}:main`);
        await mustServe(world, 'known', 'known v1');
        await stages.take();
        return took;
      },
      // Forward again, so that each counted push goes back.
      { floor: () => pushTime(bare, FLOOR_REMOTE, 'main'), hop3: () => pushTime(site, 'hop3', 'main') },
    );
    return [{
      what: 'known tree (rollback) of a static site, push to live', beside: 'the same push through git http-backend, no hook',
      unit: 'ms', ...figures, stages: stages.times, goal: { of: 'ratio', most: 1.25 },
    }];
  },
};
