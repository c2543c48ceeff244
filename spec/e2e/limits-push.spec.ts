// limit: 200
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { ECHO_WEB, runtime, told } from './tiny-apps.ts';
import { until, World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>('[limits] of a pushed app');

test.before(async (context) => { context.world = await World.start({ HOP3_LIMIT_MEMORY: '300M:1G', HOP3_LIMIT_PROCESSES: '200' }); });
test.after(async ({ world }) => { await world.stop(); });

const web = runtime(ECHO_WEB);

test('without [limits] the server\'s own hold, and status says how they are kept', async ({ world }) => {
  const pushed = await (await world.repo('shop', web)).push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match((await world.hop3('app', 'status', '--app', 'shop')).stdout, /^limits: +memory 300 MB, 200 processes for each process, kept by (?:rlimits|cgroup v2)$/m);
  assert.match((await world.hop3('status')).stdout, /^limits: +(?:rlimits: .+ \(.+\)|cgroup v2: .+)$/m);
});

test('what hop3.toml asks for holds, for workers and for what runs once', async ({ world }) => {
  const bomb = `'n=0; while [ $n -lt 40 ]; do sleep 1 & n=$((n+1)); done; wait; echo made all'`;
  const blog = await world.repo('blog', {
    ...runtime(`${ECHO_WEB} workers.bomb = "\${./bomb}";`),
    bomb: `#!/bin/bash\necho starts\nwhile :; do sleep 5 & done\n`,
    'hop3.toml': '[limits]\nmemory = "256M"\ncpu = 1.5\nprocesses = 24\n',
  });
  await blog.git('update-index', '--chmod=+x', 'bomb');
  await blog.git('commit', '-qm', 'executable', '--allow-empty');
  const pushed = await blog.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.not.match(pushed.output, 'ignored:');
  const shown = (await world.hop3('app', 'status', '--app', 'blog')).stdout;
  assert.match(shown, 'memory 256 MB, 1.5 cores, 24 processes for each process');
  const coresAreFree = (await world.hop3('status')).stdout.includes('cpu is not limited');
  assert.is(shown.includes('; cores cannot be limited on this server'), coresAreFree);
  await until('the limit in hop3 ps', async () => /bomb\.1 +up \((?:at|reached) its limit of 24 processes/.test((await world.hop3('ps', '--app', 'blog')).stdout));
  assert.is((await world.get('blog')).status, 200);
  assert.is((await world.get('shop')).status, 200);
  const once = await world.hop3('run', '--app', 'blog', '--', 'sh', '-c', bomb.slice(1, -1));
  assert.match(once.output, /fork/i);
  assert.not.match(once.output, 'made all');
});

test('more than the server gives is refused before the build', async ({ world }) => {
  const pushed = await (await world.repo('big', { ...web, 'hop3.toml': '[limits]\nmemory = "2G"\n' })).push();
  assert.is.not(pushed.code, 0);
  assert.match(told(pushed), 'hop3.toml: [limits] memory asks for 2 GB; this server gives a process at most 1 GB.');
  assert.match(told(pushed), 'have the operator raise HOP3_LIMIT_MEMORY');
  assert.not.match(pushed.output, 'Building with Nix');
});

test.run();
