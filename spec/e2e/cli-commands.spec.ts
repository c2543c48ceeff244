import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hop3Error } from '../../src/errors.ts';
import type { AppName } from '../../src/names.ts';
import { CliWorld } from '../cli-run.ts';
import { freePort } from './world.ts';

const test = suite<{ world: CliWorld; shop: AppName }>('the hop3 command');

test.before.each(async (context) => {
  context.world = await CliWorld.start();
  context.shop = context.world.api.app('shop');
});
test.after.each(async ({ world }) => {
  assert.equal(world.api.defects, []);
  await world?.stop();
});

test('apps are listed in columns, and as JSON', async ({ world, shop }) => {
  world.api.released(shop, 'a');
  world.api.app('blog');
  const listed = await world.hop3(['apps']);
  assert.is(listed.code, 0, listed.stderr);
  const [head, blog, row] = listed.stdout.split('\n');
  assert.match(head!, /^APP {3}RELEASE {2}BRANCH {2}COMMIT {3}SINCE/);
  assert.match(blog!, /^blog {2}- {8}- {7}- {8}nothing live yet/);
  assert.match(row!, /^shop {2}v1 {7}main {4}aaaaaaa {2}\d{4}-\d\d-\d\d \d\d:\d\d \(.*\) +http:\/\/shop\.apps\.test:8080$/);
  const json = await world.hop3(['--json', 'apps']);
  assert.equal(JSON.parse(json.stdout).apps.map((app: { name: string }) => app.name), ['blog', 'shop']);
});

test('an app is made and destroyed; destroying asks for the name, and says no where nobody can be asked', async ({ world }) => {
  const made = await world.hop3(['app', 'create', '--app', 'blog']);
  assert.is(made.code, 0, made.stderr);
  assert.is(made.stdout, `${world.server}/blog.git\n`);
  const unasked = await world.hop3(['app', 'destroy', '--app', 'blog']);
  assert.is(unasked.code, 10);
  assert.match(unasked.stderr, 'Nothing was changed. If it is meant: hop3 app destroy --app blog --confirm=blog');
  assert.is((await world.hop3(['apps:destroy', '--app', 'blog', '--confirm', 'shop'])).code, 10);
  assert.is((await world.hop3(['destroy', '--yes'], { env: { HOP3_APP: 'blog' } })).code, 10, '--yes does not count for an app that was not named');
  assert.ok(world.api.store.apps.get('blog' as AppName));
  const gone = await world.hop3(['app', 'destroy', '--app', 'blog', '--confirm=blog']);
  assert.is(gone.code, 0, gone.stderr);
  assert.is(gone.stderr, 'Destroyed blog.\n');
  assert.is(world.api.store.apps.get('blog' as AppName), null);
});

test('releases, one release, and going back, as on Heroku', async ({ world, shop }) => {
  world.api.released(shop, 'a', { KEY: 'value' });
  world.api.released(shop, 'b');
  const list = await world.hop3(['releases', '-a', 'shop', '-n', '1']);
  assert.match(list.stdout, /^RELEASE +WHAT +BY +WHEN\nv2 +Deploy bbbbbbb +ann +.* live\n$/);
  assert.match((await world.hop3(['releases:info', 'v1', '-a', 'shop'])).stdout, /variables: {2}KEY\n/);
  const back = await world.hop3(['releases:rollback', 'v1', '-a', 'shop']);
  assert.is(back.code, 0, back.stderr);
  assert.is(back.stdout, '');
  assert.is(back.stderr, '-----> Working\nshop runs v3 now (Rollback to v1), with the code and the variables of then. To undo it: hop3 rollback v2 --app shop\n');
  const json = await world.hop3(['rollback', '1', '-a', 'shop', '--json', '-q']);
  assert.is(JSON.parse(json.stdout).release.version, 4);
  assert.is(json.stderr, '');
});

test('a deploy that fails gives its own exit code and the cause last', async ({ world, shop }) => {
  world.api.released(shop, 'a');
  world.api.deployer.fails = new Hop3Error('HOP3_CONFIG', { what: 'hop3.toml:3:1: no.', next: 'v1 is still live.' });
  const failed = await world.hop3(['restart', '--app', 'shop']);
  assert.is(failed.code, 8);
  assert.is(failed.stderr, '-----> Working\n !     hop3.toml:3:1: no.\n       v1 is still live.\n       [HOP3_CONFIG]\n');
  const json = await world.hop3(['restart', '--app', 'shop', '--json']);
  assert.is(json.code, 8);
  assert.equal(JSON.parse(json.stdout), { error: { code: 'HOP3_CONFIG', what: 'hop3.toml:3:1: no.', why: null, next: 'v1 is still live.', exit_code: 8 } });
});

test('Ctrl-C during a deploy cancels it and gives 130', async ({ world, shop }) => {
  world.api.released(shop, 'a');
  world.api.deployer.hangs = true;
  const ended = await world.hop3(['rollback', 'v1', '-a', 'shop'], { interruptAt: 'Working' });
  assert.is(ended.code, 130);
  assert.match(ended.stderr, 'Interrupted.\n       The server cancels what had not switched yet. `hop3 releases` says what is live now.');
  for (let tries = 0; !world.api.deployer.cancelled; tries++) {
    assert.ok(tries < 200, 'the deploy was told to stop');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

test('Ctrl-C ends a followed log without a word', async ({ world, shop }) => {
  const dir = join(world.api.context.paths.workerLogs(shop), 'web.1', 'v1.a');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'current'), '2026-11-23 05:12:00.000123456  one\n');
  const ended = await world.hop3(['logs', '--tail', '-a', 'shop'], { interruptAt: 'one' });
  assert.is(ended.code, 130);
  assert.is(ended.stdout, '2026-11-23T05:12:00.000Z web.1 v1: one\n');
  assert.is(ended.stderr, '');
});

test('variables arrive byte for byte, and setting them repeats names only', async ({ world }) => {
  const value = 'line one\n "quoted" $(id) `id` {"a": 1} \u{1f600} ';
  const set = await world.hop3(['config:set', `A=${value}`, 'B=plain=text', '-a', 'shop']);
  assert.is(set.code, 0, set.stderr);
  assert.is(set.stdout, '');
  assert.match(set.stderr, 'Set A, B; shop will start with it at its first release.');
  assert.not.match(set.stderr, 'line one');
  assert.not.match(set.stderr, 'plain');
  assert.equal(JSON.parse((await world.hop3(['env', '-a', 'shop', '--json'])).stdout).env, { A: value, B: 'plain=text' });
  assert.is((await world.hop3(['config:get', 'A', '-a', 'shop'])).stdout, `${value}\n`);
  assert.is((await world.hop3(['env', '-a', 'shop'])).stdout, `A='${value}'\nB=plain=text\n`);
  assert.is((await world.hop3(['env', 'set', 'A', '--stdin', '-a', 'shop'], { input: ' two\n' })).code, 0);
  assert.is(world.api.store.env.get('shop' as AppName)['A'], ' two\n');
  writeFileSync(join(world.home, 'value'), 'three');
  assert.is((await world.hop3(['env', 'set', '--file', 'value', 'A', '-a', 'shop'])).code, 0);
  assert.is(world.api.store.env.get('shop' as AppName)['A'], 'three');
  const unset = await world.hop3(['env', 'unset', 'A', 'B', '-a', 'shop']);
  assert.match(unset.stderr, 'Unset A, B;');
  assert.equal(world.api.store.env.get('shop' as AppName), {});
});

test('what cannot be set is refused before anything is sent', async ({ world }) => {
  for (const [args, what] of [
    [['A'], 'Argument 1 sets nothing: write NAME=value, or NAME --stdin.'],
    [['A=1', '=x'], 'Argument 2 sets nothing: write NAME=value, or NAME --stdin.'],
    [['A=1', 'A=2'], 'A is set twice.'],
    [['A=1', '--stdin'], '--stdin and --file take the value of one variable: hop3 env set NAME --stdin'],
    [['A', '--file', '/nonexistent'], '/nonexistent cannot be read: ENOENT.'],
  ] as const) {
    const ran = await world.hop3(['env', 'set', ...args, '-a', 'shop']);
    assert.is(ran.code, 2);
    assert.match(ran.stderr, ` !     ${what}\n       Nothing was changed.`);
  }
  assert.equal(world.api.deployer.calls, []);
});

test('logs of workers and of builds', async ({ world, shop }) => {
  world.api.released(shop, 'a');
  world.api.buildLog(shop, 1, '-----> Building\n');
  const dir = join(world.api.context.paths.workerLogs(shop), 'web.1', 'v1.a');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'current'), '2026-11-23 05:12:00.000123456  one\n2026-11-23 05:12:01.000123456  two\n');
  assert.is((await world.hop3(['logs', '-a', 'shop', '-n', '1'])).stdout, '2026-11-23T05:12:01.000Z web.1 v1: two\n');
  assert.is((await world.hop3(['logs', '-a', 'shop', '--release', 'v1', '--worker', 'web', '--json'])).stdout.match(/"text"/g)!.length, 2);
  for (const args of [['logs', '--build'], ['logs', '--build', 'b1'], ['logs', '--build', '--release', 'v1'], ['builds', 'log', 'v1'], ['app', 'build-logs']]) {
    const log = await world.hop3([...args, '-a', 'shop']);
    assert.is(log.stdout, '-----> Building\n', args.join(' '));
  }
  assert.match((await world.hop3(['builds', '-a', 'shop'])).stdout, /^b1 +released +aaaaaaa +v1/m);
  assert.is((await world.hop3(['builds', 'log', 'b7', '-a', 'shop'])).code, 3);
});

test('a token for one app is made, works for that app, and gives exit code 5 elsewhere', async ({ world }) => {
  world.api.app('blog');
  const made = await world.hop3(['token', 'create', '--app', 'shop', '--name', 'ci', '--expires', '30d']);
  assert.is(made.code, 0, made.stderr);
  const token = made.stdout.trim();
  assert.match(token, /^hop3_\w+_\w+$/);
  assert.not.match(made.stderr, token);
  const env = { HOP3_API_TOKEN: token };
  assert.is((await world.hop3(['app', 'status', '-a', 'shop'], { env })).code, 0);
  assert.is((await world.hop3(['app', 'status', '-a', 'blog'], { env })).code, 5);
  assert.match((await world.hop3(['token', 'list'])).stdout, /ci +shop/);
  assert.is((await world.hop3(['token', 'revoke', 'ci'])).code, 0);
  const after = await world.hop3(['apps'], { env });
  assert.is(after.code, 4);
  assert.match(after.stderr, 'The token was not accepted.');
  assert.is((await world.hop3(['token', 'create', '--app', 'shop', '--expires', 'soon'])).code, 2);
});

test('a plan reads the directory', async ({ world }) => {
  mkdirSync(join(world.home, 'site', '.git'), { recursive: true });
  writeFileSync(join(world.home, 'site', 'hop3.toml'), '[metadata]\nid = "landing"\n');
  const plan = await world.hop3(['plan', 'site']);
  assert.is(plan.code, 0, plan.stderr);
  assert.match(plan.stdout, /^mode: +template nixpkgs-wrapper\ntier: +1 \(packaged by nixpkgs\)\npackage set: +host\nnotice: +saw hop3.toml\n\n# landing \[metadata\]/);
});

test('status shows server, nginx and apps; nginx that is down is said and gives exit code 7', async ({ world, shop }) => {
  world.api.released(shop, 'a');
  // At the ordinary port the demo's nginx may answer.
  const httpListen = { host: '127.0.0.1', port: await freePort() };
  Object.assign(world.api.context.settings, { httpListen });
  const status = await world.hop3(['status']);
  assert.match(status.stdout, `server:  up at ${world.server}`);
  assert.match(status.stdout, `nginx:   DOWN: nothing answers at 127.0.0.1:${httpListen.port}`);
  assert.match(status.stdout, /^shop +v1 +/m);
  assert.is(status.code, 7);
  assert.match((await world.hop3(['server', 'info'])).stdout, /package set: +host/);
  assert.is((await world.hop3(['status', '--server-log'])).code, 3);
});

test('a server that is not there is told with its address and what to do', async ({ world }) => {
  const env = { HOP3_SERVER: 'http://127.0.0.1:1' };
  const apps = await world.hop3(['apps'], { env });
  assert.is(apps.code, 7);
  assert.match(apps.stderr, ' !     Nothing answers at http://127.0.0.1:1.\n       connect ECONNREFUSED');
  assert.match(apps.stderr, '`hop3 up` starts it');
  assert.is((await world.hop3(['status'], { env })).code, 7);
  assert.is((await world.hop3(['apps'], { env: { HOP3_SERVER: 'not an address' } })).code, 2);
});

test('typing errors are answered with what was meant', async ({ world }) => {
  for (const [args, what] of [
    [['lgos'], "Unknown command 'lgos'.\n       Did you mean logs?"],
    [['env', 'shwo'], "Unknown command 'shwo'.\n       Did you mean show?"],
    [['logs', '--tial'], "Unknown option '--tial'.\n       Did you mean --tail?"],
    [['rollback', 'v1', 'shop'], 'Too many words: rollback v1 shop.\n       An app is never a bare word: say --app <name>.'],
    [['rollback', 'three', '-a', 'shop'], '"three" is no release.'],
    [['logs', '-n', 'many', '-a', 'shop'], '--lines takes a whole number from 0 to 10000, got "many".'],
  ] as const) {
    const ran = await world.hop3(args);
    assert.is(ran.code, 2, args.join(' '));
    assert.match(ran.stderr, what);
    assert.is(ran.stdout, '');
  }
  const app = await world.hop3(['ps', '-a', 'shpo']);
  assert.is(app.code, 3);
  assert.match(app.stderr, 'There is no app "shpo". Did you mean "shop"?');
  const json = await world.hop3(['logs', '--tial', '--json']);
  assert.is(JSON.parse(json.stdout).error.exit_code, 2);
  assert.is(json.stderr, '');
});

test('help and version end with 0', async ({ world }) => {
  assert.match((await world.hop3([])).stdout, 'Usage: hop3 <command> [flags]');
  assert.match((await world.hop3(['help', 'config'])).stdout, 'Usage: hop3 env <verb> [flags]');
  assert.match((await world.hop3(['help', 'config:set'])).stdout, 'Usage: hop3 env set [options] <NAME=value...>');
  assert.match((await world.hop3(['env', 'set', '--help'])).stdout, "Example: hop3 env set LOG_LEVEL=debug GREETING='Good day'");
  for (const args of [['--version'], ['-V'], ['version']]) assert.match((await world.hop3(args)).stdout, /^hop3 \d+\.\d+\.\d+\n$/);
});

test.run();
