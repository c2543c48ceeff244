// alone
// limit: 400
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reloadCount } from '../../src/runtime/nginx-apply.ts';
import { Paths } from '../../src/paths.ts';
import { load } from './load-clients.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>('deploys under load');
const DEPLOYS = 30;

test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world.stop(); });

const apps: [name: string, example: string, file: string, change: (text: string, mark: string) => string][] = [
  ['site', 'real-apps-nix/landing', 'site/index.html', (html, mark) => html.replace(/(<p>mark-\d+<\/p>)?<\/body>/, `<p>${mark}</p></body>`)],
  ['web', 'test-apps-nix/node-http', 'server.mjs', (code, mark) => `${code.replace(/\n\/\/ mark-\d+/, '')}\n// ${mark}`],
];

for (const [app, example, file, change] of apps) {
  test(`${DEPLOYS} deploys of ${example} drop no request and reload nginx not once`, async ({ world }) => {
    const repo = await world.repo(app, example);
    assert.is((await repo.push()).code, 0);
    const reloads = await reloadCount(new Paths(world.root));
    const clients = load(world, app, 8);
    // Two trees in turn: most deploys find their build, as the switch is what is tried here.
    for (let deploy = 1; deploy <= DEPLOYS; deploy += 1) {
      await repo.edit(file, (text) => change(text, `mark-${deploy % 3}`));
      await repo.commit(`deploy ${deploy}`);
      const pushed = await repo.push();
      assert.is(pushed.code, 0, pushed.output);
    }
    const { answers, failures } = await clients.stop();
    assert.equal(failures, []);
    assert.ok(answers > DEPLOYS * 10, `${answers} answers`);
    assert.is(await reloadCount(new Paths(world.root)), reloads);
  });
}

test('a request of two seconds that is in flight at the switch still gets its answer', async ({ world }) => {
  const repo = await world.repo('slow', 'test-apps-nix/flask-gunicorn');
  assert.is((await repo.push()).code, 0);
  const slow = world.get('slow', '/slow?s=2');
  await new Promise((resolve) => setTimeout(resolve, 300));
  await repo.commit('again', { 'note.txt': 'x' });
  const pushed = await repo.push();
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await slow).status, 200);
});

test.run();
