import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../e2e/world.ts';
import { ask } from './ask.ts';

/** Milliseconds between two looks at an app that starts. */
const LOOK_EVERY_MS = 2;
const START_LIMIT_MS = 60_000;

/** Milliseconds from the start of a build's web command, with nothing around it, until it answers; then it is ended. */
export async function bareStart(storePath: string, healthPath: string): Promise<number> {
  const runtime = JSON.parse(await readFile(join(storePath, 'hop3', 'runtime.json'), 'utf8')) as { workers: { web: string }; env?: Record<string, string> };
  const port = await freePort();
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', ...runtime.env, PORT: String(port), BIND_ADDRESS: '127.0.0.1' };
  const began = performance.now();
  const app = spawn('sh', ['-c', `exec ${runtime.workers.web}`], { env, stdio: 'ignore', detached: true });
  const gone = new Promise((resolve) => app.once('exit', resolve));
  try {
    while ((await ask(port, healthPath))?.status !== 200) {
      if (performance.now() - began > START_LIMIT_MS) throw new Error(`${storePath} did not answer within ${START_LIMIT_MS / 1000} s of its bare start`);
      await delay(LOOK_EVERY_MS);
    }
    return performance.now() - began;
  } finally {
    process.kill(-app.pid!, 'SIGKILL');
    await gone;
  }
}
