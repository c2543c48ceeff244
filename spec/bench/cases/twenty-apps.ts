import type { Repo } from '../../e2e/world.ts';
import type { Case } from '../bench.ts';
import { staticHook } from '../floor/hooks.ts';
import { FLOOR_REMOTE, floorApp, liveApp, mustHold, mustServe, pushTime } from '../pushing.ts';
import { inTurn, timed } from '../rounds.ts';
import { oneFileSite, THIS_RUN } from '../trees.ts';

const APPS = 20;

/** Twenty people push at the same moment, each to an app of their own. */
export const twentyApps: Case = {
  name: 'twenty-apps',
  async run(bench) {
    const [world, floor] = [await bench.world(), await bench.floor()];
    const sites: Repo[] = [];
    const bares: { repo: Repo; place: string }[] = [];
    for (let number = 1; number <= APPS; number += 1) {
      sites.push(await liveApp(world, `crowd-${number}`, oneFileSite(`${number} first`)));
      bares.push(await floorApp(world, floor, `crowd-${number}`, oneFileSite(`${number} first by hand`), staticHook));
    }
    const figures = await inTurn(
      bench.runs,
      async (round) => {
        for (const [index, { repo }] of bares.entries()) await repo.commit(`round ${round}`, { 'index.html': `by hand ${index} ${round} of ${THIS_RUN}\n` });
        const took = await timed(() => Promise.all(bares.map(({ repo }) => pushTime(repo, FLOOR_REMOTE, 'main'))));
        for (const [index, { place }] of bares.entries()) await mustHold(place, `by hand ${index} ${round} of ${THIS_RUN}`);
        return took;
      },
      async (round) => {
        for (const [index, repo] of sites.entries()) await repo.commit(`round ${round}`, { 'index.html': `hop3 ${index} ${round} of ${THIS_RUN}\n` });
        const took = await timed(() => Promise.all(sites.map((repo) => pushTime(repo, 'hop3', 'main'))));
        for (const [index, repo] of sites.entries()) await mustServe(world, repo.app, `hop3 ${index} ${round} of ${THIS_RUN}`);
        return took;
      },
    );
    return [{
      what: '20 one-file pushes at once, 20 apps, until the last is live', beside: 'by hand, in parallel', unit: 'ms', ...figures, goal: { of: 'ratio', most: 1 },
    }];
  },
};
