import { memoryOverDeploys } from '../../e2e/server-memory.ts';
import type { Case } from '../bench.ts';
import { liveApp } from '../pushing.ts';
import { oneFileSite } from '../trees.ts';

/** Whether the server keeps something of each deploy. */
export const memoryOverTime: Case = {
  name: 'memory-over-deploys',
  async run(bench) {
    const deploys = bench.quick ? 100 : 1000;
    const world = await bench.world('deploys', { HOP3_WORKER_PORTS: '26000-26099' });
    try {
      const site = await liveApp(world, 'often', oneFileSite('once'));
      const found = await memoryOverDeploys(world, site, (turn) => ({ 'index.html': `page ${turn % 2}\n` }), deploys, deploys / 5);
      return [{
        what: `growth of the server's memory over ${deploys} deploys`, beside: null, unit: 'MB', floor: [], hop3: [(found.end - found.warm) / 1e6],
        // A leak of 24 kB a deploy would be seen; the heap by itself breathes by some MB.
        goal: { of: 'figure', most: 24 }, note: `resident memory, after ${deploys / 5} more to warm up: ${(found.warm / 1e6).toFixed(0)} MB, then ${(found.end / 1e6).toFixed(0)} MB`,
      }];
    } finally {
      await bench.endWorld('deploys');
    }
  },
};
