// limit: 240
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { exec, World, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);

/** Every program of nix that the server starts is counted by a wrapper that stands first in its PATH. */
async function countingTools(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await chmod(dir, 0o755);
  for (const tool of ['nix-build', 'nix-instantiate', 'nix-store']) {
    await writeFile(join(dir, tool), `#!/bin/sh\necho ${tool} >> ${dir}/count\nexec /usr/bin/${tool} "$@"\n`, { mode: 0o755 });
  }
  await writeFile(join(dir, 'count'), '');
}

const tools = `/var/tmp/hop3-tools-${process.pid}`;
await countingTools(tools);
const runs = async (tool: string) => (await readFile(join(tools, 'count'), 'utf8')).split('\n').filter((line) => line === tool).length;

const test = suite<{ world: World; shop: Repo; first: string; second: string }>('going back');

test.before(async (context) => {
  context.world = await World.start({ HOP3_TOOL_PATH: `${tools}:/usr/sbin:/usr/bin:/sbin:/bin` });
  context.shop = await context.world.repo('shop', 'test-apps-nix/flask-gunicorn');
  context.first = await context.shop.git('rev-parse', 'HEAD');
  assert.is((await context.shop.push()).code, 0);
});
test.after(async ({ world }) => {
  await world.stop();
  await rm(tools, { recursive: true, force: true });
});

test('setting a variable makes a release that runs with it', async ({ world }) => {
  const set = await world.hop3('env', 'set', 'GREETING=hello from v2', '--app', 'shop');
  assert.is(set.code, 0, set.output);
  assert.match((await world.get('shop', '/env/GREETING')).body, 'hello from v2');
});

test('pushing an older commit builds nothing and brings its environment back', async (context) => {
  const { world, shop } = context;
  await shop.edit('app.py', (code) => `${code}# two\n`);
  context.second = await shop.commit('second');
  assert.is((await shop.push()).code, 0);
  assert.is((await world.hop3('env', 'set', 'GREETING=hello from v4', '--app', 'shop')).code, 0);
  const built = await runs('nix-build');
  assert.ok(built >= 2, 'the counter counts');
  const pushed = await shop.push('-f', 'hop3', `${context.first}:main`);
  assert.is(pushed.code, 0, pushed.output);
  assert.match(pushed.stderr, /remote: -----> Rollback to v2: [0-9a-f]{7} was live before/);
  assert.match(pushed.stderr, 'remote: -----> This tree is already built: nothing to build');
  assert.match(pushed.stderr, 'Released v5');
  assert.is(await runs('nix-build'), built, 'nix-build was not run');
  assert.match((await world.get('shop', '/env/GREETING')).body, 'hello from v2');
  assert.is(await world.branch('shop'), context.first);
});

test('hop3 rollback goes back without git, to any release, and moves the branch', async ({ world, second }) => {
  const built = await runs('nix-build');
  const back = await world.hop3('rollback', 'v4', '--app', 'shop');
  assert.is(back.code, 0, back.output);
  assert.match(back.output, 'Released v6');
  assert.is(await runs('nix-build'), built);
  assert.match((await world.get('shop', '/env/GREETING')).body, 'hello from v4');
  assert.is(await world.branch('shop'), second);
});

test('hop3 rollback alone goes to the release before; releases name the commit that ran', async ({ world, first, second }) => {
  const back = await world.hop3('rollback', '--app', 'shop');
  assert.is(back.code, 0, back.output);
  assert.match(back.output, /Rollback to v5/);
  assert.is(await world.branch('shop'), first);
  const { releases } = JSON.parse((await world.hop3('releases', '--app', 'shop', '--json')).stdout) as { releases: { commit: string }[] };
  assert.equal(releases.map(({ commit }) => commit), [first, second, first, second, second, first, first]);
  assert.match((await world.hop3('builds', 'log', 'v7', '--app', 'shop')).stdout, /^-----> Rollback to v5 \([0-9a-f]{7}\)$/m);
});

test('a release that does not exist is refused with exit code 3', async ({ world }) => {
  const back = await world.hop3('rollback', 'v99', '--app', 'shop');
  assert.is(back.code, 3, back.output);
  assert.match(back.stderr, 'shop has no release v99');
});

test('hop3 releases lists it all, newest first', async ({ world }) => {
  const list = await world.hop3('releases', '--app', 'shop');
  const lines = list.stdout.split('\n').filter((line) => /v\d/.test(line));
  assert.match(lines[0]!, /v7.*Rollback to v5/);
  assert.match(list.stdout, /v5.*Rollback to v2/);
  assert.match(list.stdout, /v2.*Set GREETING/);
  assert.not.match(list.stdout, 'hello from', 'no value in the list');
});

test('what can be gone back to is held by a GC root of its own, and is told so by nix', async ({ world }) => {
  const { builds } = JSON.parse((await world.hop3('builds', 'list', '--app', 'shop', '--json')).stdout) as { builds: { store_path: string }[] };
  const paths = new Set(builds.map((build) => build.store_path));
  assert.is(paths.size, 2, 'two trees were built');
  for (const path of paths) {
    const roots = await exec('nix-store', ['--query', '--roots', path], { env: world.env });
    assert.match(roots.stdout, join(world.root, 'apps/shop/roots/'));
  }
});

test('restart keeps the number', async ({ world }) => {
  const again = await world.hop3('restart', '--app', 'shop');
  assert.is(again.code, 0, again.output);
  assert.match((await world.hop3('releases', '--app', 'shop', '-n', '1')).stdout, /v7/);
  assert.is((await world.get('shop', '/healthz')).status, 200);
});

test.run();
