import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CliWorld } from '../cli-run.ts';

const test = suite<{ world: CliWorld; dir: string }>('which app, which server');

test.before.each(async (context) => {
  context.world = await CliWorld.start();
  context.dir = join(context.world.home, 'work', 'deep');
  mkdirSync(context.dir, { recursive: true });
});
test.after.each(async ({ world }) => {
  await world?.stop();
});

test('the app is found at --app, HOP3_APP, .hop3-app, hop3.toml and the git remote, in this order', async ({ world, dir }) => {
  const why = async (args: string[] = [], env: Record<string, string> = {}) => {
    const ran = await world.hop3(['ps', '--why', '--json', ...args], { cwd: dir, env });
    assert.is(ran.code, 0, ran.stdout + ran.stderr);
    const { app, app_from } = JSON.parse(ran.stdout) as { app: string | null; app_from: string | null };
    return [app, app_from];
  };
  assert.equal(await why(), [null, null]);
  const git = (...args: string[]) => assert.is(spawnSync('git', args, { cwd: join(world.home, 'work'), env: { ...process.env, HOME: world.home } }).status, 0);
  git('init', '-q');
  git('remote', 'add', 'hop3', 'http://hop3:hop3_x_y@127.0.0.1:7000/remote.git');
  assert.equal(await why(), ['remote', 'git remote hop3']);
  const toml = join(world.home, 'work', 'hop3.toml');
  writeFileSync(toml, '[metadata]\nid = "meta"\n');
  assert.equal(await why(), ['meta', toml]);
  writeFileSync(toml, '[metadata]\nid = "meta"\n[cli]\napp = "cli"\n');
  assert.equal(await why(), ['cli', toml]);
  writeFileSync(join(dir, '.hop3-app'), 'file\n');
  assert.equal(await why(), ['file', join(dir, '.hop3-app')]);
  assert.equal(await why([], { HOP3_APP: 'variable' }), ['variable', 'HOP3_APP']);
  assert.equal(await why(['-a', 'flag'], { HOP3_APP: 'variable' }), ['flag', '--app']);
  const text = await world.hop3(['--why', 'ps'], { cwd: dir });
  assert.match(text.stdout, `app:    file (from ${join(dir, '.hop3-app')})`);
  assert.match(text.stdout, '          HOP3_APP: nothing\n');
  assert.not.match(text.stdout, world.api.admin);
});

test('no app anywhere, and a name that cannot be one', async ({ world, dir }) => {
  const none = await world.hop3(['ps'], { cwd: dir });
  assert.is(none.code, 3);
  assert.match(none.stderr, ' !     Which app? Nothing here says.');
  const bad = await world.hop3(['ps', '-a', '../x']);
  assert.is(bad.code, 2);
  assert.match(bad.stderr, '"../x" cannot be an app name.');
});

test('flags stand before or after the verb', async ({ world }) => {
  world.api.app('shop');
  for (const args of [['--app', 'shop', 'ps', '--json'], ['ps', '-a', 'shop', '--json'], ['--json', 'ps', '--app=shop'], ['app', '--json', 'ps', '-a', 'shop']]) {
    const ran = await world.hop3(args);
    assert.equal(JSON.parse(ran.stdout), { workers: [], cron: [] }, args.join(' '));
  }
});

test('a token is used with its own server only', async ({ world }) => {
  const found = async (env: Record<string, string>, args: string[] = []) => {
    const ran = await world.hop3(['apps', '--why', '--json', ...args], { env: { HOP3_API_TOKEN: '', HOP3_SERVER: '', ...env } });
    const { server, server_from, token_from } = JSON.parse(ran.stdout) as Record<string, string>;
    return [server, server_from, token_from];
  };
  const root = world.api.dir;
  assert.equal(await found({}), ['http://127.0.0.1:7000', 'the default', 'nowhere']);
  assert.equal(await found({ HOP3_ROOT: root }), ['http://127.0.0.1:7000', 'the default', join(root, 'admin.token')]);
  assert.equal(await found({ HOP3_ROOT: root, HOP3_LISTEN: '0.0.0.0:7123' }), ['http://127.0.0.1:7123', 'HOP3_LISTEN', join(root, 'admin.token')]);
  assert.equal(await found({ HOP3_ROOT: root, HOP3_SERVER: 'https://elsewhere.example' }), ['https://elsewhere.example', 'HOP3_SERVER', 'nowhere'], 'the local admin token goes nowhere else');
  spawnSync('git', ['init', '-q'], { cwd: world.home });
  spawnSync('git', ['remote', 'add', 'hop3', 'http://hop3:hop3_x_y@hop3.example:7000/shop.git'], { cwd: world.home });
  assert.equal(await found({}), ['http://hop3.example:7000', 'the git remote hop3', 'the git remote hop3']);
  assert.equal(await found({}, ['--server', 'http://other.example:7000']), ['http://other.example:7000', '--server', 'nowhere']);
});

test('a login is kept for its server, for the owner alone, and forgotten on demand', async ({ world }) => {
  const env = { HOP3_API_TOKEN: '', HOP3_SERVER: '' };
  const refused = await world.hop3(['login', '--server', world.server], { env, input: 'hop3_wrong_token\n' });
  assert.is(refused.code, 4);
  const login = await world.hop3(['login', '--server', world.server], { env, input: `${world.api.admin}\n` });
  assert.is(login.code, 0, login.stderr);
  const file = join(world.home, '.config', 'hop3', 'config.json');
  assert.is(statSync(file).mode & 0o777, 0o600);
  assert.is((await world.hop3(['apps'], { env })).code, 0);
  assert.is((await world.hop3(['logout'], { env })).code, 0);
  assert.not.match(readFileSync(file, 'utf8'), world.api.admin);
  assert.is((await world.hop3(['apps', '--server', world.server], { env })).code, 4);
});

test('the command runs through symlinks, and says so when it was not built', async ({ world }) => {
  const bin = fileURLToPath(new URL('../../bin/hop3', import.meta.url));
  symlinkSync(bin, join(world.home, 'one'));
  symlinkSync('one', join(world.home, 'two'));
  const linked = spawnSync(join(world.home, 'two'), ['--version'], { encoding: 'utf8' });
  assert.match(linked.stdout, /^hop3 /, linked.stderr);
  mkdirSync(join(world.home, 'tree', 'bin'), { recursive: true });
  writeFileSync(join(world.home, 'tree', 'bin', 'hop3'), readFileSync(bin), { mode: 0o755 });
  const unbuilt = spawnSync(join(world.home, 'tree', 'bin', 'hop3'), ['--version'], { encoding: 'utf8' });
  assert.is(unbuilt.status, 1);
  assert.match(unbuilt.stderr, `${world.home}/tree/dist/hop3.cjs is missing: Hop3 has not been built.`);
  assert.match(unbuilt.stderr, 'npm install && npm run build');
});

test.run();
