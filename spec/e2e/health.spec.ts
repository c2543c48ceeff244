// limit: 300
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { runtime, told } from './tiny-apps.ts';
import { until, World, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; repo: Repo }>('health checks');

// GET /break makes this process's /up answer 500 until GET /mend.
const WEB = `
import { createServer } from 'node:http';
let well = true;
createServer((request, response) => {
  if (request.url === '/break') well = false;
  if (request.url === '/mend') well = true;
  if (request.url === '/up') response.statusCode = well ? 200 : 500;
  response.end(request.url === '/up' ? 'all is fine' : process.env.PORT);
}).listen(process.env.PORT, process.env.BIND_ADDRESS);
console.log('\\u001b]0;owned\\u0007\\u001b[32mgreen\\u001b[0m \\u009b2J');
`;
const APP = {
  ...runtime('workers.web = "${pkgs.nodejs}/bin/node ${./web.mjs}";'),
  'web.mjs': WEB,
  'hop3.toml': '[healthcheck]\npath = "/up"\ncontains = "fine"\ntimeout = 2\ninterval = 1\n',
};

test.before(async (context) => {
  context.world = await World.start();
  context.repo = await context.world.repo('shop', APP);
});
test.after(async ({ world }) => { await world.stop(); });

interface Worker { readonly worker: string; readonly live: boolean; readonly pid: number; readonly health: { state: string; since: string; last_asked: string; asked: string; answered: string | null } | null }

async function webs(world: World): Promise<Worker[]> {
  const { workers } = JSON.parse((await world.hop3('ps', '--app', 'shop', '--json')).stdout) as { workers: Worker[] };
  return workers.filter(({ live }) => live);
}

const states = async (world: World) => (await webs(world)).map(({ worker, health }) => `${worker} ${health?.state ?? 'none'}`).join(', ');

test('a release with a health check is asked again and again, and hop3 says so', async ({ world, repo }) => {
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.not.match(told(pushed), 'ignored');
  await until('an answer', async () => (await states(world)) === 'web.1 ok');
  const [before] = await webs(world);
  await until('another', async () => (await webs(world))[0]!.health!.last_asked > before!.health!.last_asked);
  assert.is((await webs(world))[0]!.health!.since, before!.health!.since);
  assert.match((await world.hop3('app', 'status', '--app', 'shop')).stdout, /^health: {6}ok since \d{4}-\d\d-\d\d \d\d:\d\d \(.+\), asked (just now|\d+ seconds ago)$/m);
  assert.match((await world.hop3('status')).stdout, /PROCESSES +HEALTH +URL\nshop .* ok for \d+ seconds?, asked /);
  assert.match((await world.hop3('ps', '--app', 'shop')).stdout, /HEALTH\nweb\.1 .* ok for \d+ seconds?, asked /);
});

test('when it fails, status and log say what was asked and answered; nothing is restarted', async ({ world }) => {
  const [before] = await webs(world);
  await world.get('shop', '/break');
  await until('the failure', async () => (await states(world)) === 'web.1 failing');
  for (const command of [['status'], ['ps', '--app', 'shop'], ['app', 'status', '--app', 'shop']]) {
    assert.match((await world.hop3(...command)).stdout, /FAILING (for|since) .*: asked GET \/up, got status 500/, command.join(' '));
  }
  const app = JSON.parse((await world.hop3('app', 'status', '--app', 'shop', '--json')).stdout) as { health: unknown };
  assert.equal(Object.keys(app.health as object), ['state', 'since', 'last_asked', 'asked', 'answered']);
  const [after] = await webs(world);
  assert.is(after!.pid, before!.pid);
  assert.is((await world.get('shop')).status, 200, 'it gets requests as before');
  await world.get('shop', '/mend');
  await until('the end of it', async () => (await states(world)) === 'web.1 ok');
  const logs = (await world.hop3('logs', '--app', 'shop', '--grep', 'health check')).stdout;
  assert.match(logs, /^\S+ web\.1 v1: hop3: web\.1 fails its health check: GET \/up: status 500\n\S+ web\.1 v1: hop3: web\.1 passes its health check again, after \d+ s\n$/);
});

test('it goes on after scaling, a push, a rollback and a death of the server, with those that are live then', async ({ world, repo }) => {
  assert.is((await world.hop3('ps', 'scale', 'web=2', '--app', 'shop')).code, 0);
  await until('both', async () => (await states(world)) === 'web.1 ok, web.2 ok');
  await world.get('shop', '/break');
  await until('one of them to fail', async () => /^web\.1 (ok|failing), web\.2 (ok|failing)$/.test(await states(world)) && (await states(world)).includes('failing'));
  assert.match((await world.hop3('status')).stdout, 'FAILING for');
  await repo.commit('two', { 'note.txt': 'two' });
  assert.is((await repo.push()).code, 0);
  await until('the new release', async () => (await states(world)) === 'web.1 ok, web.2 ok');
  assert.is((await world.hop3('rollback', '--app', 'shop')).code, 0);
  await until('the old one again', async () => (await states(world)) === 'web.1 ok, web.2 ok');
  const pid = await world.serverPid();
  process.kill(pid, 'SIGKILL');
  await until('another server', async () => (await world.serverPid()) !== pid && (await world.hop3('status')).code === 0);
  await until('its first questions', async () => (await states(world)) === 'web.1 ok, web.2 ok', 60);
  const logs = (await world.hop3('logs', '--app', 'shop', '--grep', 'fails its health check')).stdout;
  assert.is(logs.trim().split('\n').length, 2, `no stopping process is told to fail:\n${logs}`);
});

test('without [healthcheck] nothing is asked and nothing is said', async ({ world, repo }) => {
  await repo.git('rm', '-q', 'hop3.toml');
  await repo.commit('three');
  assert.is((await repo.push('-f', 'hop3', 'main')).code, 0);
  assert.is(await states(world), 'web.1 none, web.2 none');
  assert.not.match((await world.hop3('status')).stdout, 'HEALTH');
  assert.not.match((await world.hop3('app', 'status', '--app', 'shop')).stdout, 'health:');
});

test('a push whose check fails tells what was asked and answered, the last lines, and the ports that are open instead', async ({ world }) => {
  const bad = await world.repo('bad', {
    ...APP,
    // Another port than its own, whatever that begins with.
    'web.mjs': WEB.replace('process.env.PORT, process.env.BIND', "(process.env.PORT.startsWith('1') ? '2' : '1') + process.env.PORT.slice(1), process.env.BIND"),
    'hop3.toml': '[run]\nstart-timeout = 5\n[healthcheck]\npath = "/up"\n',
  });
  const pushed = await bad.push();
  assert.is(pushed.code, 1);
  const text = told(pushed);
  assert.match(text, /Asked: GET \/up on 127\.0\.0\.1:(\d+) with Host: bad\.localhost\nremote: {8}Last answer: connection refused: nothing listens there\n/, text);
  assert.match(text, /web\.1 listens on [12]\d+; PORT is \d+\.\nremote: {8}web\.1 said:\n/, text);
  // eslint-disable-next-line no-control-regex -- what a terminal would obey must not be there
  assert.not.match(pushed.output.replace(/\u001b\[K/g, ''), /[\u0007\u001b\u009b]/, 'git itself writes only "clear to the end of the line"');
  assert.match(text, 'green');
});

test('what a process prints cannot reach a terminal as a command', async ({ world }) => {
  const { stdout } = await world.hop3('logs', '--app', 'shop', '--release', 'v1', '--grep', 'green');
  assert.match(stdout, / v1: \\x1b\]0;owned\\x07green \\x9b2J\n$/);
  const json = (await world.hop3('logs', '--app', 'shop', '--release', 'v1', '--grep', 'green', '--json')).stdout;
  assert.not.match(json, '\u009b');
  assert.is((JSON.parse(json) as { lines: { text: string }[] }).lines[0]!.text, '\u001b]0;owned\u0007\u001b[32mgreen\u001b[0m \u009b2J');
});

test('a destroyed app is asked no more, and the server has nothing to complain about', async ({ world }) => {
  for (const app of ['shop', 'bad']) assert.is((await world.hop3('app', 'destroy', '--app', app, `--confirm=${app}`)).code, 0);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  assert.not.match((await world.hop3('status', '--server-log')).stdout, /health check|MaxListeners/);
});

test.run();
