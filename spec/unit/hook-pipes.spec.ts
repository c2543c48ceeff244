import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openHookPipes } from '../../src/server/hook-pipes.ts';

const pipes = suite('the pipes of a hook');

pipes('a process that has something else where a hook has its pipes is none, whatever the kernel says of it', async () => {
  // 3 is a pipe, as a hook's is; 4 is a directory.
  const group = spawn('sh', ['-c', 'sleep 20 | sh -c "exec 3<&0 4</; echo \\$\\$ \\$PPID; exec sleep 20"'], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(group.stdout, 'data') as [Buffer];
    const [pid, parent] = String(line).trim().split(' ').map(Number) as [number, number];
    assert.is(openHookPipes(pid, parent), null);
    assert.is(openHookPipes(pid, process.pid), null);
  } finally {
    process.kill(-group.pid!, 'SIGKILL');
  }
});

pipes.run();
