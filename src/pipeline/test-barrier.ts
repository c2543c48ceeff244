import { mkdirSync, writeFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Barrier } from './points.ts';

/** Milliseconds between two looks; nobody but a spec waits here. */
const LOOK_EVERY = 10;
/** Milliseconds after which a deploy goes on although nobody let it: a spec that died must not hold a server for ever. */
const LONGEST_HOLD = 120_000;

/**
 * The barrier for specs that kill a process at a named point. A deploy that passes a point for which `<dir>/<point>.hold` exists
 * writes `<dir>/<point>.reached` and waits until the first file is gone. The directory comes from the server's own environment
 * (HOP3_TEST_BARRIER), which no client and no app has a say in, and which is taken out of it here: git, hooks and workers never
 * see it. Without it there is no barrier at all.
 */
export function testBarrier(env: NodeJS.ProcessEnv): Barrier | null {
  const dir = env['HOP3_TEST_BARRIER'];
  delete env['HOP3_TEST_BARRIER'];
  if (dir === undefined || dir === '') return null;
  mkdirSync(dir, { recursive: true });
  return async (point) => {
    const name = point.replaceAll(' ', '-');
    const hold = join(dir, `${name}.hold`);
    if (!(await exists(hold))) return;
    writeFileSync(join(dir, `${name}.reached`), '');
    const until = performance.now() + LONGEST_HOLD;
    while (performance.now() < until && (await exists(hold))) await delay(LOOK_EVERY);
  };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(() => true, () => false);
}
