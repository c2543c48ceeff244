import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Case } from '../bench.ts';
import { bareStart } from '../floor/bare-start.ts';
import { FLOOR_REMOTE, floorApp, liveApp, mustServe, pushTime } from '../pushing.ts';
import { inTurn, QUIET_WEB_MS } from '../rounds.ts';
import { Stages } from '../stages.ts';
import { WEB_EXAMPLE } from '../trees.ts';

/** A rollback of a web app: beside the push there is the app's own start, which nobody can shorten. */
export const webKnown: Case = {
  name: 'web-known',
  async run(bench) {
    const [world, floor] = [await bench.world(), await bench.floor()];
    const app = await liveApp(world, 'web-known', WEB_EXAMPLE.dir);
    const old = await app.git('rev-parse', 'HEAD');
    const built = await readlink(join(world.root, 'apps', 'web-known', 'slots', 'a', 'release'));
    await app.edit(WEB_EXAMPLE.file, (text) => text.replaceAll('this is', 'this is now'));
    await app.commit('second');
    const bare = (await floorApp(world, floor, 'web-known', { 'app.py': 'v1\n' }, null)).repo;
    const bareOld = await bare.git('rev-parse', 'HEAD');
    await bare.commit('second', { 'app.py': 'v2\n' });

    const stages = new Stages(world, 'web-known');

    const figures = await inTurn(
      bench.runs,
      async () => (await pushTime(bare, '-f', FLOOR_REMOTE, `${bareOld}:main`)) + (await bareStart(built, WEB_EXAMPLE.health)),
      async () => {
        const took = await pushTime(app, '-f', 'hop3', `${old}:main`);
        await mustServe(world, 'web-known', 'this is v');
        await stages.take();
        return took;
      },
      { floor: () => pushTime(bare, FLOOR_REMOTE, 'main'), hop3: () => pushTime(app, 'hop3', 'main') },
      QUIET_WEB_MS,
    );
    return [{
      what: 'known tree of a web app, push to live', beside: "the push through http-backend, then the app's bare start until it answers", unit: 'ms', ...figures, stages: stages.times, goal: { of: 'ratio', most: 1.15 },
    }];
  },
};
