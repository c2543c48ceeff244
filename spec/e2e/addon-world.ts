import { exec, type World } from './world.ts';

/** The variables that an app which shows them at /env runs with. */
export async function variables(world: World, app: string): Promise<Record<string, string>> {
  return JSON.parse((await world.get(app, '/env')).body) as Record<string, string>;
}

/** Files below HOP3_ROOT that hold a secret, besides the envdir of the workers that have it; and processes that show it. */
export async function holders(world: World, secret: string): Promise<string[]> {
  const found = await exec('grep', ['-rlaF', '--exclude-dir=env', secret, world.root]);
  return [...found.stdout.split('\n').filter((line) => line !== ''), ...world.processes().filter((one) => one.command.includes(secret)).map((one) => one.command)];
}

/** The answer once the app answers 200 again, for apps whose database is still starting. */
export async function whenUp(world: World, app: string, path = '/'): Promise<string> {
  for (let round = 0; ; round += 1) {
    const answer = await world.get(app, path);
    if (answer.status === 200 || round > 300) return answer.body;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
