import * as assert from 'uvu/assert';
import { reloadCount } from '../../src/runtime/nginx-apply.ts';
import { Paths } from '../../src/paths.ts';
import type { Holds } from './holds.ts';
import { startPush } from './running-push.ts';
import { site, told } from './tiny-apps.ts';
import type { Ran, Repo, World } from './world.ts';

/** What a crowd met, for a person who reads the spec's output. */
export interface CrowdFigures {
  readonly seconds: number;
  readonly reloads: number;
}

/** Seconds that a push of a crowd may take: the last one waits for all the others. */
const CROWD_LIMIT = 1200;

/**
 * So many new apps are pushed at the same moment. Each goes live, each exactly once, as the commit and the page it is; nothing but the
 * order of asking decides who builds first, and everybody is told the place in the queue.
 */
export async function manyAppsAtOnce(world: World, count: number): Promise<CrowdFigures> {
  const mark = Date.now();
  const repos: Repo[] = [];
  for (let index = 0; index < count; index += 1) repos.push(await world.repo(`crowd-${index}`, site(`page ${index} of ${mark}`)));
  const before = await reloadCount(new Paths(world.root));
  const started = Date.now();
  const pushed = await Promise.all(repos.map((repo) => startPush(repo, { limit: CROWD_LIMIT }).ended));
  const seconds = (Date.now() - started) / 1000;
  const reloads = (await reloadCount(new Paths(world.root))) - before;

  let waited = 0;
  for (const [index, ran] of pushed.entries()) {
    const { app } = repos[index]!;
    assert.is(ran.code, 0, `${app}: ${ran.output}`);
    assert.is((await world.get(app)).body, `page ${index} of ${mark}\n`);
    assert.is(await world.branch(app), await repos[index]!.git('rev-parse', 'HEAD'));
    const { releases } = await json<{ releases: { version: number; live: boolean }[] }>(world, 'releases', app);
    assert.equal(releases.map(({ version, live }) => ({ version, live })), [{ version: 1, live: true }], `${app} went live once`);
    const { builds } = await json<{ builds: { status: string }[] }>(world, 'builds', app);
    assert.equal(builds.map(({ status }) => status), ['released'], `${app} was built once`);
    const places = placesTold(ran);
    if (places.length > 0) waited += 1;
    assert.equal(places, [...places].sort((a, b) => b - a), `${app} only moves up: ${places.join(' ')}`);
    if (places.length > 0) assert.is(places.at(-1), 0, `${app} was told that it is next: ${places.join(' ')}`);
  }
  assert.ok(waited > 0, 'somebody waited for a build place');
  return { seconds, reloads };
}

/** How many stood before this one in the queue for a build place, each time that it was told. */
function placesTold(ran: Ran): number[] {
  return [...told(ran).matchAll(/Waiting: .*build places? (?:is|are) taken \((?:(\d+) more before this one|this one is next)\)/g)].map((match) => Number(match[1] ?? 0));
}

/**
 * So many pushes to one app, each upon the one before, all waiting at once: they go live one after the other in the order of asking, and
 * the last one stays.
 */
export async function manyPushesToOneApp(world: World, holds: Holds, repo: Repo, count: number): Promise<void> {
  const pushes = [];
  const first = await repo.commit('first of many', site(`first ${Date.now()}`));
  holds.hold('build');
  const ahead = startPush(repo, { limit: CROWD_LIMIT });
  await holds.reached('build');
  for (let turn = 1; turn < count; turn += 1) {
    const commit = await repo.commit(`turn ${turn}`, site(`turn ${turn} of ${count}`));
    const push = startPush(repo, { limit: CROWD_LIMIT });
    // The next one asks when this one is in the queue: that is the order.
    await push.said(`Waiting: ${repo.app} is busy with the `);
    pushes.push({ commit, push });
  }
  holds.release('build');
  const begun = await ahead.ended;
  assert.is(begun.code, 0, begun.output);
  let version = Number(/Released v(\d+)/.exec(ahead.seen())![1]);
  let before = first;
  for (const { commit, push } of pushes) {
    const ran = await push.ended;
    assert.is(ran.code, 0, ran.output);
    version += 1;
    assert.match(ran.stderr, `Released v${version}`);
    assert.match(told(ran), `main has moved to ${before.slice(0, 7)} meanwhile, which this push builds on`);
    before = commit;
  }
  const last = pushes.at(-1)!;
  const waits = [...told(await last.push.ended).matchAll(/Waiting: .* with the deploy of [0-9a-f]{7} by .*?(?: \((\d+) more before this one\))?\n/g)].map((match) => Number(match[1] ?? 0));
  assert.equal([...new Set(waits)], Array.from({ length: count - 1 }, (_, index) => count - 2 - index), 'the last one is told every place');
  assert.is((await world.get(repo.app)).body, `turn ${count - 1} of ${count}\n`);
  assert.is(await world.branch(repo.app), last.commit);
}

async function json<T>(world: World, noun: string, app: string): Promise<T> {
  return JSON.parse((await world.hop3(noun, '--app', app, '--json')).stdout) as T;
}
