import { mkdirSync, writeFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Barrier } from './steps.ts';

/** Milliseconds between two looks; nobody but a spec waits here. */
const LOOK_EVERY = 10;
/** Milliseconds after which a deploy goes on although nobody let it: a spec that died must not hold a server for ever. */
const LONGEST_HOLD = 120_000;

/**
 * The barrier for specs that kill a process at a named point. A deploy that passes a point for which `<dir>/<point>.hold` exists
 * writes `<dir>/<point>.reached` and waits until the first file is gone. The directory comes from the server's own environment
 * (HOP3_TEST_BARRIER), which no client and no app has a say in; without it there is no barrier at all.
 */
export function testBarrier(dir: string | undefined): Barrier | null {
  if (dir === undefined || dir === '') return null;
  mkdirSync(dir, { recursive: true });
  return async (point) => {
    const name = point.replaceAll(' ', '-');
    const hold = join(dir, `${name}.hold`);
    if (!(await exists(hold))) return;
    writeFileSync(join(dir, `${name}.reached`), '');
    const until = Date.now() + LONGEST_HOLD;
    while (Date.now() < until && (await exists(hold))) await delay(LOOK_EVERY);
  };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(() => true, () => false);
}
