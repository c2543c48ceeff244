// limit: 300
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>('a push, and the app is live');

test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world.stop(); });

test('the first push of a static site makes the app, streams the build and ends live', async ({ world }) => {
  const landing = await world.repo('landing', 'real-apps-nix/landing');
  // A tree that this machine has never built, or nix would have nothing to say.
  await landing.edit('site/index.html', (html) => html.replace('</body>', `<!-- ${Date.now()} --></body>`));
  await landing.commit('new');
  const pushed = await landing.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(pushed.stderr, /remote: -----> Receiving [0-9a-f]{7} for landing \(main\)/);
  assert.match(pushed.stderr, 'remote: -----> Hand-crafted mode: hop3.nix');
  assert.match(pushed.stderr, /remote: {8}building '\/nix\/store\//, 'nix\'s own lines are there');
  assert.match(pushed.stderr, 'remote:        Released v1');
  assert.match(pushed.stderr, `remote:        http://landing.localhost:${world.httpPort} deployed to Hop3`);
  const answer = await world.get('landing');
  assert.is(answer.status, 200);
  assert.match(answer.body, '<html');
  assert.is(await world.branch('landing'), await landing.git('rev-parse', 'HEAD'));
});

test('a change is answered right after the push', async ({ world }) => {
  const site = await world.repo('site', 'real-apps-nix/landing');
  assert.is((await site.push()).code, 0);
  for (let round = 2; round <= 3; round += 1) {
    const mark = `round ${round} of the site`;
    await site.edit('site/index.html', (html) => html.replace('</body>', `<p>${mark}</p></body>`));
    await site.commit(mark);
    const pushed = await site.push();
    assert.is(pushed.code, 0, pushed.output);
    assert.match(pushed.stderr, `Released v${round}`);
    assert.match((await world.get('site')).body, mark);
  }
});

test('a Python web app starts beside nothing, answers, and is listed', async ({ world }) => {
  const flask = await world.repo('flask', 'test-apps-nix/flask-gunicorn');
  const pushed = await flask.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(pushed.stderr, 'runtime.json declares types -> web');
  assert.match(pushed.stderr, /web\.1 on port \d+/);
  assert.is((await world.get('flask', '/healthz')).status, 200);
  const ps = await world.hop3('ps', '--app', 'flask');
  assert.is(ps.code, 0, ps.output);
  assert.match(ps.stdout, /web\.1.*up/);
  const releases = await world.hop3('releases', '--app', 'flask', '--json');
  assert.is(JSON.parse(releases.stdout).releases.length, 1);
});

test('a template app (nixpkgs-wrapper) is rendered, built and answers', async ({ world }) => {
  const radicale = await world.repo('radicale', 'real-apps-nix-gen/radicale');
  const pushed = await radicale.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(pushed.stderr, 'remote: -----> Template mode: nixpkgs-wrapper (tier 1: packaged by nixpkgs)');
  // `display = true`: shown to who pushes, once, and kept in no log.
  const password = /remote: {8}RADICALE_PASSWORD: (\S{20}) /.exec(pushed.stderr)?.[1];
  assert.ok(password, pushed.stderr);
  const kept = await world.hop3('builds', 'log', 'b1', '--app', 'radicale');
  assert.match(kept.stdout, 'Released v1');
  assert.not.match(kept.stdout, password);
  await radicale.commit('again');
  assert.not.match((await radicale.push()).stderr, password, 'once');
  const answer = await world.get('radicale', '/.web/');
  assert.is(answer.status, 200, answer.body);
});

test('static beside web: the file if there is one, the worker if not', async ({ world }) => {
  const both = await world.repo('both', 'test-apps-nix/static-and-web');
  const pushed = await both.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(pushed.stderr, 'runtime.json declares types -> web, static');
});

test('a background worker starts and stops with its release', async ({ world }) => {
  const app = await world.repo('beats', 'test-apps-nix/web-and-worker');
  assert.is((await app.push()).code, 0);
  const first = await world.hop3('ps', '--app', 'beats');
  assert.match(first.stdout, /heartbeat\.1.*up/);
  await app.commit('again');
  const pushed = await app.push();
  assert.is(pushed.code, 0, pushed.output);
  // The same tree: nothing is built, and the workers of v2 take over.
  assert.match(pushed.stderr, 'This tree is already built: nothing to build');
});

test('an unknown host gets a plain 404, another app never answers for it', async ({ world }) => {
  const answer = await world.get('nobody');
  assert.is(answer.status, 404);
});

test.run();
