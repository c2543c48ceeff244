import { setTimeout as delay } from 'node:timers/promises';
import type { Repo, World } from '../../e2e/world.ts';
import type { Bench, Case } from '../bench.ts';
import { ownMemory } from '../memory.ts';
import { liveApp, mustServe, pushTime } from '../pushing.ts';
import type { Row } from '../row.ts';
import { inTurn } from '../rounds.ts';
import { oneFileSite, THIS_RUN } from '../trees.ts';
import { hop3Time } from './commands.ts';

/** Web apps whose supervisors' share is measured: a thousand running web apps would fill the machine with their own memory. */
const WEB_APPS = 20;
/** Seconds until a server that has just worked is idle: its heap has been cleaned, and old nginx processes have ended. */
const SETTLE = 20;
/** Pushes at a time: the filling is not timed, and what nginx must be told of several at once it is told in one. */
const LANES = 8;

/** One host with a thousand apps beside one with a single app, both running. */
export const thousandApps: Case = {
  name: 'thousand-apps',
  async run(bench) {
    const apps = bench.quick ? 100 : 1000;
    const one = await bench.world('one app', { HOP3_WORKER_PORTS: '25000-25999' });
    const many = await bench.world('many apps', { HOP3_WORKER_PORTS: '10000-13999' });
    try {
      const alone = await liveApp(one, 'app-1', oneFileSite('first'));
      const among = await fill(bench, many, apps);
      const rows = [await deploys(bench, apps, alone, among), ...(await listings(bench, apps, one, many))];
      return [...rows, ...(await memory(bench, apps, one, many))];
    } finally {
      await bench.endWorld('one app');
      await bench.endWorld('many apps');
    }
  },
};

/** Every app is made by a real push; one client's repository serves for all of them. */
async function fill(bench: Bench, world: World, apps: number): Promise<Repo> {
  const among = await liveApp(world, 'app-1', oneFileSite('first'));
  const token = await world.token();
  let next = 2;
  await Promise.all(Array.from({ length: LANES }, async () => {
    for (let number = next++; number <= apps; number = next++) {
      await pushTime(among, `http://hop3:${token}@127.0.0.1:${world.port}/app-${number}.git`, 'main');
      if (number % 100 === 0) bench.say(`${number} apps`);
    }
  }));
  return among;
}

async function deploys(bench: Bench, apps: number, alone: Repo, among: Repo): Promise<Row> {
  const change = (repo: Repo, where: string) => async (round: number): Promise<number> => {
    await repo.commit(`round ${round}`, { 'index.html': `${where} ${round} of ${THIS_RUN}\n` });
    const took = await pushTime(repo, 'hop3', 'main');
    await mustServe(repo.world, repo.app, `${where} ${round} of ${THIS_RUN}`);
    return took;
  };
  const figures = await inTurn(bench.runs, change(alone, 'alone'), change(among, 'among'));
  return { what: `the one-file deploy with ${apps} apps on the host`, beside: 'with 1 app', unit: 'ms', ...figures, goal: { of: 'ratio', most: 1.1 }, note: 'static sites, each made by a push' };
}

async function listings(bench: Bench, apps: number, one: World, many: World): Promise<Row[]> {
  const rows: Row[] = [];
  for (const command of ['apps', 'status']) {
    const figures = await inTurn(bench.runs, () => hop3Time(one, command), () => hop3Time(many, command));
    rows.push({ what: `\`hop3 ${command}\` with ${apps} apps`, beside: 'with 1 app', unit: 'ms', ...figures, goal: { of: 'ratio', most: 1.5 } });
  }
  return rows;
}

async function memory(bench: Bench, apps: number, one: World, many: World): Promise<Row[]> {
  await delay(SETTLE * 1000);
  const [alone, among] = [ownMemory(one), ownMemory(many)];
  for (let number = 1; number <= WEB_APPS; number += 1) await liveApp(one, `web-${number}`, 'test-apps-nix/node-http');
  await delay(SETTLE * 1000);
  const withWebs = ownMemory(one);
  bench.say(`nginx: ${alone.nginx.toFixed(0)} MB with 1 app, ${among.nginx.toFixed(0)} MB with ${apps}`);
  const figure = (what: string, value: number, most: number, note?: string): Row => ({
    what, beside: null, unit: 'MB', floor: [], hop3: [value], goal: { of: 'figure', most }, ...(note === undefined ? {} : { note }),
  });
  return [
    figure("Hop3's own memory, idle, 1 app", alone.own, 90, `server, s6 and loggers; nginx has ${alone.nginx.toFixed(0)} MB more`),
    figure(`Hop3's own memory, idle, ${apps} apps: each app more`, (among.own - alone.own) / (apps - 1), 4, `static sites, ${among.own.toFixed(0)} MB in all; nginx has ${among.nginx.toFixed(0)} MB more`),
    figure("Hop3's own memory, idle: each web app more", (withWebs.own - alone.own) / WEB_APPS, 4, `${WEB_APPS} web apps; their supervisors, loggers and sandboxes`),
  ];
}
