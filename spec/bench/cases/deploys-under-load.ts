import { load } from '../../e2e/load-clients.ts';
import type { Case } from '../bench.ts';
import { liveApp, pushTime } from '../pushing.ts';
import { oneFileSite } from '../trees.ts';

const CLIENTS = 8;

/** Keep-alive clients that ask all the while, of a site and of a web app in turn; three trees each, so most deploys find their build. */
export const deploysUnderLoad: Case = {
  name: 'deploys-under-load',
  async run(bench) {
    const deploys = bench.quick ? 30 : 300;
    const world = await bench.world();
    const site = await liveApp(world, 'loaded-site', oneFileSite('mark-0'));
    const web = await liveApp(world, 'loaded-web', 'test-apps-nix/node-http');
    const clients = [load(world, 'loaded-site', CLIENTS), load(world, 'loaded-web', CLIENTS)];
    try {
      for (let deploy = 1; deploy <= deploys / 2; deploy += 1) {
        await site.commit(`deploy ${deploy}`, { 'index.html': `mark-${deploy % 3}\n` });
        await pushTime(site, 'hop3', 'main');
        await web.edit('server.mjs', (code) => `${code.replace(/\n\/\/ mark-\d+/, '')}\n// mark-${deploy % 3}`);
        await web.commit(`deploy ${deploy}`);
        await pushTime(web, 'hop3', 'main');
      }
    } finally {
      await Promise.all(clients.map((one) => one.stop()));
    }
    const seen = await Promise.all(clients.map((one) => one.stop()));
    const answers = seen.reduce((sum, one) => sum + one.answers, 0);
    const failures = seen.flatMap((one) => one.failures);
    if (failures.length > 0) bench.say(`failures: ${failures.slice(0, 5).join(', ')}`);
    return [{
      what: 'deploys during load, keep-alive: failed requests', beside: null, unit: 'requests', floor: [], hop3: [failures.length], goal: { of: 'figure', most: 0 },
      note: `${deploys} deploys, half of them of a web app; ${answers} requests of ${2 * CLIENTS} clients`,
    }];
  },
};
