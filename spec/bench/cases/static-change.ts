import type { Case } from '../bench.ts';
import { FLOOR_REMOTE, floorApp, liveApp, mustHold, mustServe, pushTime } from '../pushing.ts';
import { staticHook } from '../floor/hooks.ts';
import { inTurn } from '../rounds.ts';
import { Stages } from '../stages.ts';
import { oneFileSite, THIS_RUN, thousandFileSite } from '../trees.ts';

/** A push that changes one file of a static site, small and large. */
export const staticChange: Case = changeCase('static-change', 'one-file change of a static site, push to live', oneFileSite, 'index.html');
export const staticChange1000: Case = changeCase('static-change-1000', 'the same with 1,000 files, 20 MB', thousandFileSite, 'public/index.html');

function changeCase(name: string, what: string, tree: (text: string) => Record<string, string>, page: string): Case {
  return {
    name,
    async run(bench) {
      const [world, floor] = [await bench.world(), await bench.floor()];
      const site = await liveApp(world, name, tree('first'));
      const { repo: bare, place } = await floorApp(world, floor, name, tree('first by hand'), staticHook);
      const stages = new Stages(world, name);
      const figures = await inTurn(
        bench.runs,
        async (round) => {
          await bare.commit(`round ${round}`, { [page]: `by hand ${round} of ${THIS_RUN}\n` });
          const took = await pushTime(bare, FLOOR_REMOTE, 'main');
          await mustHold(place, `by hand ${round} of ${THIS_RUN}`);
          return took;
        },
        async (round) => {
          await site.commit(`round ${round}`, { [page]: `hop3 ${round} of ${THIS_RUN}\n` });
          const took = await pushTime(site, 'hop3', 'main');
          await mustServe(world, name, `hop3 ${round} of ${THIS_RUN}`);
          await stages.take();
          return took;
        },
      );
      return [{
        what, beside: 'by hand: http-backend, checkout, nix-build, rename in one shell hook', unit: 'ms', ...figures, stages: stages.times, goal: { of: 'ratio', most: 1 },
      }];
    },
  };
}
