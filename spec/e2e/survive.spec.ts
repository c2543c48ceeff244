// limit: 240
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { exec, until, World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>('what dies comes back, and nothing else notices');

test.before(async (context) => {
  context.world = await World.start();
  const repo = await context.world.repo('shop', 'test-apps-nix/node-http');
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
});
test.after(async ({ world }) => { await world.stop(); });

test('the server is killed: the app answers all the while, and the server comes back', async ({ world }) => {
  const pid = await world.serverPid();
  process.kill(pid, 'SIGKILL');
  for (let i = 0; i < 20; i += 1) assert.is((await world.get('shop')).status, 200);
  await until('the server to come back', async () => (await world.api('/healthz').catch(() => null))?.status === 200);
  assert.is.not(await world.serverPid(), pid);
  assert.is((await world.hop3('status')).code, 0);
});

test('the client vanishes during the build: within 5 s no builder is left, and the next push starts', async ({ world }) => {
  const repo = await world.repo('sleepy', {
    'hop3.nix': '{ pkgs ? import <nixpkgs> {} }: { package = pkgs.runCommand "sleepy" {} "echo building; sleep 7531; exit 1"; }',
  });
  const child = spawn('git', ['push', 'hop3', 'main'], { cwd: repo.dir, env: world.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let seen = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { seen += text; });
  const closed = new Promise((resolve) => child.once('close', resolve));
  await until('the build to begin', async () => (await sleepers()) > 0, 40).catch((error: Error) => { throw new Error(`${error.message}\n${seen}`); });
  // The whole client: git's remote helper holds the connection.
  await exec('pkill', ['-KILL', '-f', `git-remote-http.*sleepy`], { env: world.env });
  child.kill('SIGKILL');
  await closed;
  await until('the builder to be gone', async () => (await sleepers()) === 0, 5);
  await until('the attempt to be written down', async () => (await world.hop3('builds', 'list', '--app', 'sleepy')).stdout.includes('cancelled'), 10);
  await repo.commit('now a good one', { 'hop3.nix': '{ pkgs ? import <nixpkgs> {} }: { package = throw "reached"; }' });
  const next = await repo.push();
  assert.match(next.stderr, 'reached');
});

test('nginx is killed and comes back; everything is killed and comes back with hop3 up', async ({ world }) => {
  const nginx = Number((await exec('s6-svstat', ['-o', 'pid', join(world.root, 'services', 'nginx')])).stdout);
  process.kill(nginx, 'SIGKILL');
  await until('nginx to answer again', async () => (await world.get('shop').catch(() => null))?.status === 200);
  for (const { pid } of world.processes()) {
    try { process.kill(pid, 'SIGKILL'); } catch { /* it went with another */ }
  }
  await until('everything to be gone', async () => world.processes().length === 0);
  await world.up();
  await until('the app to answer again', async () => (await world.get('shop').catch(() => null))?.status === 200);
});

test('hop3 down ends every process', async ({ world }) => {
  const down = await world.hop3('down');
  assert.is(down.code, 0, down.output);
  assert.equal(world.processes(), []);
});

/** Builders that sleep: found by their command line, whoever they run as. */
async function sleepers(): Promise<number> {
  let found = 0;
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (command.startsWith('sleep\x007531')) found += 1;
  }
  return found;
}

test.run();
