import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Repo } from '../../e2e/world.ts';
import type { Case } from '../bench.ts';
import { ask } from '../floor/ask.ts';
import { webHook } from '../floor/hooks.ts';
import { FLOOR_REMOTE, floorApp, liveApp, mustServe, pushTime } from '../pushing.ts';
import { inTurn, QUIET_WEB_MS } from '../rounds.ts';
import { Stages } from '../stages.ts';
import { THIS_RUN, WEB_EXAMPLE } from '../trees.ts';

/** Next to those of Hop3's workers in the bench. */
const PORTS_BY_HAND = [23_998, 23_999] as const;

/** A push that changes one line of a Python web app. */
export const webChange: Case = {
  name: 'web-change',
  async run(bench) {
    const [world, floor] = [await bench.world(), await bench.floor()];
    const app = await liveApp(world, 'web-change', WEB_EXAMPLE.dir);
    const { repo: bare, place } = await floorApp(world, floor, 'web-change', WEB_EXAMPLE.dir, (dir) => webHook(dir, PORTS_BY_HAND, WEB_EXAMPLE.health));
    const stages = new Stages(world, 'web-change');
    const figures = await inTurn(
      bench.runs,
      async (round) => {
        await greet(bare, `by hand ${round} of ${THIS_RUN}`);
        const took = await pushTime(bare, FLOOR_REMOTE, 'main');
        const port = (await readFile(join(place, 'port'), 'utf8')).trim();
        const page = await ask(Number(port), '/');
        if (!page?.body.includes(`by hand ${round} of ${THIS_RUN}`)) throw new Error(`the app by hand answers ${JSON.stringify(page)}`);
        return took;
      },
      async (round) => {
        await greet(app, `hop3 ${round} of ${THIS_RUN}`);
        const took = await pushTime(app, 'hop3', 'main');
        await mustServe(world, 'web-change', `hop3 ${round} of ${THIS_RUN}`);
        await stages.take();
        return took;
      },
      {},
      QUIET_WEB_MS,
    );
    return [{
      what: 'one-line change of a Python web app', beside: 'by hand: http-backend, checkout, nix-build, start beside the old one, wait, rename', unit: 'ms', ...figures, stages: stages.times, goal: { of: 'ratio', most: 1.1 },
    }];
  },
};

async function greet(repo: Repo, words: string): Promise<void> {
  await repo.edit(WEB_EXAMPLE.file, (text) => text.replace(/return f"\{greeting\}.*, this is/, `return f"{greeting} ${words}, this is`));
  await repo.commit(words);
}
