import { exec, type Ran, type Repo } from './world.ts';
import { memoryOf } from './server-memory.ts';

/** What a large push cost the server. */
export interface BigPush {
  readonly ran: Ran;
  /** Bytes of resident memory that the server had more than before, at its most. */
  readonly grew: number;
  readonly seconds: number;
}

/** Commits so many bytes that do not compress, pushes them, and looks at the server's memory all the while. */
export async function bigPush(repo: Repo, bytes: number): Promise<BigPush> {
  await exec('sh', ['-c', `head -c ${bytes} /dev/urandom > big`], { cwd: repo.dir, env: repo.world.env });
  await repo.commit(`${bytes} bytes`);
  const pid = await repo.world.serverPid();
  const start = memoryOf(pid).now;
  let most = start;
  const watch = setInterval(() => { most = Math.max(most, memoryOf(pid).now); }, 20);
  const began = Date.now();
  try {
    const ran = await exec('git', ['push', 'hop3', 'main'], { cwd: repo.dir, env: repo.world.env, limit: 600 });
    return { ran, grew: most - start, seconds: (Date.now() - began) / 1000 };
  } finally {
    clearInterval(watch);
  }
}
