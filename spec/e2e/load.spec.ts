// alone
// limit: 400
import { Agent, request } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reloadCount } from '../../src/runtime/nginx-apply.ts';
import { Paths } from '../../src/paths.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>('deploys under load');
const DEPLOYS = 30;

test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world.stop(); });

/** Keep-alive clients that ask until told to stop; every answer but 200 and every broken connection is a failure. */
function load(world: World, app: string, clients: number): { stop: () => Promise<{ answers: number; failures: string[]; bodies: Set<string> }> } {
  const failures: string[] = [];
  const bodies = new Set<string>();
  let answers = 0;
  let running = true;
  const one = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (running) {
      await new Promise<void>((resolve) => {
        const call = request({ host: '127.0.0.1', port: world.httpPort, path: '/', agent, headers: { host: `${app}.localhost` } }, (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (chunk: string) => { body += chunk; });
          response.on('end', () => {
            answers += 1;
            bodies.add(/mark-\d+/.exec(body)?.[0] ?? body.slice(0, 40));
            if (response.statusCode !== 200) failures.push(`${response.statusCode}`);
            setTimeout(resolve, 2);
          });
          response.on('error', (error) => { failures.push(error.message); resolve(); });
        });
        call.on('error', (error) => { failures.push(error.message); resolve(); });
        call.end();
      });
    }
    agent.destroy();
  };
  const all = Promise.all(Array.from({ length: clients }, one));
  return {
    stop: async () => {
      running = false;
      await all;
      return { answers, failures, bodies };
    },
  };
}

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
