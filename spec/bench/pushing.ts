import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec, type Repo, type World } from '../e2e/world.ts';
import type { Floor } from './floor/floor.ts';
import { timed } from './rounds.ts';

/** The name of the floor's remote in a client's repository; Hop3's is `hop3`. */
export const FLOOR_REMOTE = 'floor';

/** Milliseconds of one `git push`, from the start of the command to its end. */
export async function pushTime(repo: Repo, ...args: string[]): Promise<number> {
  let failed = '';
  const took = await timed(async () => {
    const ran = await exec('git', ['push', ...args], { cwd: repo.dir, env: repo.world.env, limit: 300 });
    if (ran.code !== 0) failed = ran.output;
  });
  if (failed !== '') throw new Error(`git push ${args.join(' ')} of ${repo.app}:\n${failed}`);
  return took;
}

/** An app of this tree on Hop3, live. */
export async function liveApp(world: World, name: string, tree: string | Record<string, string>): Promise<Repo> {
  const repo = await world.repo(name, tree);
  await pushTime(repo, 'hop3', 'main');
  return repo;
}

/** A client's repository of this tree whose remote is the floor's; pushed once. */
export async function floorApp(world: World, floor: Floor, name: string, tree: string | Record<string, string>, hook: ((place: string) => string) | null, settings: readonly string[] = []): Promise<{ repo: Repo; place: string }> {
  const place = await floor.place(name);
  const { url } = await floor.repository(name, hook?.(place) ?? null, settings);
  const repo = await world.repo(`${name}-by-hand`, tree);
  await repo.git('remote', 'add', FLOOR_REMOTE, url);
  await pushTime(repo, FLOOR_REMOTE, 'main');
  return { repo, place };
}

/** What is served must be what was pushed, or the figure would be of something else. */
export async function mustServe(world: World, app: string, text: string): Promise<void> {
  const answer = await world.get(app);
  if (!answer.body.includes(text)) throw new Error(`${app} serves ${JSON.stringify(answer.body.slice(0, 200))}, not ${JSON.stringify(text)}`);
}

/** The same for a site that a hook of the floor has put in its place. */
export async function mustHold(place: string, text: string): Promise<void> {
  const page = await readFile(join(place, 'live', 'public', 'index.html'), 'utf8');
  if (!page.includes(text)) throw new Error(`${place} holds ${JSON.stringify(page.slice(0, 200))}, not ${JSON.stringify(text)}`);
}
