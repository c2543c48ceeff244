import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from '../../e2e/world.ts';
import type { Bench, Case } from '../bench.ts';
import { FloorNginx } from '../floor/floor-nginx.ts';
import { liveApp } from '../pushing.ts';
import type { Row } from '../row.ts';
import { inTurn } from '../rounds.ts';
import { oneFileSite } from '../trees.ts';
import { wrk } from '../wrk.ts';

const CONNECTIONS = 16;
const SECONDS = 3;

/** What it costs that nginx looks for the live release at every request. */
export const nginx: Case = {
  name: 'nginx',
  async run(bench) {
    const world = await bench.world();
    await liveApp(world, 'rps-static', oneFileSite('a page'));
    const web = await world.repo('rps-web', 'test-apps-nix/node-http');
    const workerPort = Number(/web\.1 on port (\d+)/.exec((await web.push()).output)?.[1]);
    const files = await readlink(join(world.root, 'apps', 'rps-static', 'current', 'static'));
    const floor = await FloorNginx.start(workerPort, {
      'rps-static.localhost': `    root ${files};\n    set $hop3_etag $floor_etag;\n    include static.conf;`,
      'rps-web.localhost': '    location / {\n        proxy_pass http://worker;\n    }',
    });
    try {
      return [...(await compare(bench, world, floor, 'rps-static', 'static')), ...(await compare(bench, world, floor, 'rps-web', 'web'))];
    } finally {
      await floor.stop();
    }
  },
};

// A file by its own name: for `/` the floor's index module goes through the request twice, and Hop3's site does not.
const PATHS = { static: '/index.html', web: '/' };

async function compare(bench: Bench, world: World, floor: FloorNginx, app: string, mode: keyof typeof PATHS): Promise<Row[]> {
  const p99: Record<'floor' | 'hop3', number[]> = { floor: [], hop3: [] };
  const measure = async (side: 'floor' | 'hop3', port: number, round: number): Promise<number> => {
    const load = await wrk(port, `${app}.localhost`, { connections: CONNECTIONS, seconds: bench.quick ? 1 : SECONDS, path: PATHS[mode] });
    if (round > 0) p99[side].push(load.p99);
    return load.requestsPerSecond;
  };
  const rate = await inTurn(bench.runs, (round) => measure('floor', floor.port, round), (round) => measure('hop3', world.httpPort, round));
  const beside = mode === 'web' ? 'the same nginx with a fixed upstream' : 'the same nginx with a fixed root';
  return [
    { what: `requests per second through nginx, ${mode}`, beside, unit: 'requests/s', ...rate, goal: { of: 'ratio', least: 0.98 } },
    { what: `p99 through nginx, ${mode}`, beside, unit: 'ms', ...p99, goal: { of: 'ratio', most: 1.05 } },
  ];
}
