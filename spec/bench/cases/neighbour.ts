import type { World } from '../../e2e/world.ts';
import type { Bench, Case } from '../bench.ts';
import { liveApp, pushTime } from '../pushing.ts';
import type { Row } from '../row.ts';
import { inTurn } from '../rounds.ts';
import { wrk } from '../wrk.ts';

/** A light load: what is asked is how long a request waits, not how many fit. */
const CONNECTIONS = 2;
const SECONDS = 3;

/** Each goes on for as long as it is let. */
const HOGS = {
  'fork bomb': `/bin/bash -c 'bomb() { bomb | bomb & sleep 1; }; while :; do bomb; sleep 0.01; done'`,
  'memory hog': `/usr/bin/python3 -c 'import time; time.sleep(1.5); kept = [bytearray(8 << 20) for _ in iter(int, 1)]'`,
};

/** How long an app's requests wait while another app of the host does its worst within its limits. */
export const neighbour: Case = {
  name: 'neighbour',
  async run(bench) {
    const world = await bench.world();
    await liveApp(world, 'victim', 'test-apps-nix/node-http');
    const rows: Row[] = [];
    for (const [name, command] of Object.entries(HOGS)) rows.push(await beside(bench, world, name, command));
    return rows;
  },
};

async function beside(bench: Bench, world: World, name: string, command: string): Promise<Row> {
  const app = name.replace(' ', '-');
  const hog = await world.repo(app, {
    'hop3.nix': `{ pkgs ? import <nixpkgs> { } }:\n{\n  package = pkgs.writeTextDir "hop3/runtime.json" (builtins.toJSON { workers.hog = builtins.readFile ./command; });\n}\n`,
    command,
    'hop3.toml': `[metadata]\nid = "${app}"\n\n[limits]\nmemory = "256M"\nprocesses = 200\ncpu = 1\n`,
  });
  await pushTime(hog, 'hop3', 'main');
  const scale = async (count: number) => {
    const ran = await world.hop3('ps', 'scale', `hog=${count}`, '--app', app);
    if (ran.code !== 0) throw new Error(ran.output);
  };
  const p99 = async () => (await wrk(world.httpPort, 'victim.localhost', { connections: CONNECTIONS, seconds: SECONDS })).p99;
  // A round takes ten seconds, most of it the hog's start and end.
  const figures = await inTurn(Math.ceil(bench.runs / 2), p99, p99, { floor: () => scale(0).then(() => 0), hop3: () => scale(1).then(() => 0) });
  await scale(0);
  const { stdout } = await world.hop3('status');
  const how = /limits:? ([^\n]*)/i.exec(stdout)?.[1]?.trim() ?? 'unknown';
  return { what: `p99 of an app while another is a ${name}`, beside: 'the same while it is quiet', unit: 'ms', ...figures, goal: { of: 'ratio', most: 2 }, note: `limits kept by ${how}` };
}
