import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Repo } from '../../e2e/world.ts';
import type { Bench, Case } from '../bench.ts';
import { processMemory, peakDuring } from '../memory.ts';
import { FLOOR_REMOTE, pushTime } from '../pushing.ts';
import { inTurn } from '../rounds.ts';
import { oneFileSite } from '../trees.ts';

const FILES = 20;
const BYTES = 10_000_000;

/**
 * 200 MB that cannot be compressed, in the history of a site whose last tree is the one that is live: what is measured is the way of a
 * large pack, on both sides, and not what nix makes of a large tree.
 */
export const bigPush: Case = {
  name: 'big-push',
  async run(bench) {
    const [world, floor] = [await bench.world(), await bench.floor()];
    const client = await world.repo('big-client', oneFileSite('big'));
    await addHistory(bench, client);
    const server = await world.serverPid();
    const growth: number[] = [];
    const figures = await inTurn(
      bench.runs,
      async (round) => {
        // Git's default writes each object of a small pack loose, which takes twice as long here.
        const { url } = await floor.repository(`big-${round}`, null, ['receive.unpackLimit=1']);
        await client.git('remote', 'add', `${FLOOR_REMOTE}-${round}`, url);
        await pushTime(client, `${FLOOR_REMOTE}-${round}`, 'HEAD~2:refs/heads/main');
        const took = await pushTime(client, `${FLOOR_REMOTE}-${round}`, 'main');
        await floor.remove(`big-${round}`);
        return took;
      },
      async (round) => {
        const app = `big-${round}`;
        await client.git('remote', 'set-url', 'hop3', `http://hop3:${await world.token()}@127.0.0.1:${world.port}/${app}.git`);
        await pushTime(client, 'hop3', 'HEAD~2:refs/heads/main');
        const before = processMemory(server);
        let took = 0;
        const peak = await peakDuring(server, async () => { took = await pushTime(client, 'hop3', 'main'); });
        if (round > 0) growth.push(peak - before);
        const gone = await world.hop3('app', 'destroy', '--app', app, `--confirm=${app}`);
        if (gone.code !== 0) throw new Error(gone.output);
        return took;
      },
    );
    return [
      { what: '200 MB push, wall', beside: 'the same push through git http-backend, no hook', unit: 'ms', ...figures, goal: { of: 'ratio', most: 1.1 } },
      { what: "200 MB push, growth of the server's memory (peak Pss)", beside: null, unit: 'MB', floor: [], hop3: growth, goal: { of: 'figure', most: 64 } },
    ];
  },
};

/** A commit that brings the files and one that takes them away again; packed, so that the client has nothing left to compress. */
async function addHistory(bench: Bench, client: Repo): Promise<void> {
  bench.say('making 200 MB of history');
  for (let number = 0; number < FILES; number += 1) await writeFile(join(client.dir, `${number}.bin`), randomBytes(BYTES));
  await client.git('config', 'core.compression', '0');
  await client.commit('200 MB');
  await client.git('rm', '-q', '*.bin');
  await client.commit('without them');
  await client.git('repack', '-a', '-d', '-q');
  await client.git('config', 'pack.window', '0');
}

