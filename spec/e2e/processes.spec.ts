// limit: 300
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { runtime, told } from './tiny-apps.ts';
import { until, World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World }>('processes of an app');

const APP = {
  ...runtime(`workers.web = "\${pkgs.nodejs}/bin/node \${./web.mjs}"; path = [ "\${pkgs.coreutils}/bin" ];`),
  'web.mjs': `import { createServer } from 'node:http';
createServer((_request, response) => response.end(\`\${process.env.PORT} \${process.env.HOP3_RELEASE}\`)).listen(process.env.PORT, process.env.BIND_ADDRESS);
`,
  Procfile: 'web: never-used\nworker: sh -c \'while :; do echo "tick of $HOP3_RELEASE"; sleep 1; done\'\n',
};

test.before(async (context) => { context.world = await World.start(); });
test.after(async ({ world }) => { await world.stop(); });

/** The different answers of so many requests. */
async function answers(world: World, count: number): Promise<Set<string>> {
  const found = new Set<string>();
  for (let n = 0; n < count; n += 1) {
    const answer = await world.get('shop');
    assert.is(answer.status, 200, answer.body);
    found.add(answer.body);
  }
  return found;
}

/** Those of the live release; the one before may still be finishing its requests. */
async function processes(world: World): Promise<string[]> {
  const { workers } = JSON.parse((await world.hop3('ps', '--app', 'shop', '--json')).stdout) as { workers: { worker: string; live: boolean }[] };
  return workers.filter((one) => one.live).map((one) => one.worker).sort();
}

test('types of the Procfile that the build does not name run beside its web; one that it names is told', async ({ world }) => {
  const pushed = await (await world.repo('shop', APP)).push();
  assert.is(pushed.code, 0, pushed.output);
  assert.match(told(pushed), 'remote:        Procfile or [run] declares types -> worker');
  assert.match(told(pushed), "remote:        web of Procfile or [run] is not used: the build's runtime.json has its own");
  assert.equal(await processes(world), ['web.1', 'worker.1']);
  const logs = await world.hop3('logs', '--app', 'shop', '--worker', 'worker');
  assert.match(logs.stdout, 'tick of v1');
});

test('scaled up, several web processes share the requests, and none is dropped on the way', async ({ world }) => {
  let stop = false;
  let failed = 0;
  const load = (async () => { while (!stop) if ((await world.get('shop').catch(() => ({ status: 0 }))).status !== 200) failed += 1; })();
  const scaled = await world.hop3('ps', 'scale', 'web=3', 'worker=2', '--app', 'shop');
  assert.is(scaled.code, 0, scaled.output);
  assert.match(scaled.stderr, 'shop runs web=3 worker=2.');
  stop = true;
  await load;
  assert.is(failed, 0);
  assert.equal(await processes(world), ['web.1', 'web.2', 'web.3', 'worker.1', 'worker.2']);
  assert.is((await answers(world, 30)).size, 3);
});

test('a push and a rollback keep the numbers', async ({ world }) => {
  const again = await world.repo('again', APP);
  await again.git('remote', 'set-url', 'hop3', (await again.git('remote', 'get-url', 'hop3')).replace('again.git', 'shop.git'));
  await again.commit('second', { 'note.txt': 'x\n' });
  const pushed = await again.push('-f', 'hop3', 'main');
  assert.is(pushed.code, 0, pushed.output);
  assert.is((await answers(world, 30)).size, 3);
  assert.is((await world.hop3('rollback', '--app', 'shop')).code, 0);
  assert.equal(await processes(world), ['web.1', 'web.2', 'web.3', 'worker.1', 'worker.2']);
  assert.is((await answers(world, 30)).size, 3);
});

test('scaled down, what is too many is gone; a worker may be 0', async ({ world }) => {
  assert.is((await world.hop3('scale', 'web=1', 'worker=0', '--app', 'shop')).code, 0);
  assert.equal(await processes(world), ['web.1']);
  assert.is((await answers(world, 10)).size, 1);
});

test('a type that is not there, no number, web=0 and too many are refused with what is right', async ({ world }) => {
  const refused = async (word: string, text: string, code = 8) => {
    const ran = await world.hop3('ps', 'scale', word, '--app', 'shop');
    assert.is(ran.code, code, ran.output);
    assert.match(ran.stderr, text, ran.output);
  };
  await refused('wrker=2', 'There is no process type "wrker". Did you mean "worker"?');
  await refused('web=0', 'web=0 would leave the app without an answer.');
  await refused('web=101', 'Between 0 and 100.');
  await refused('web', '"web" is not TYPE=count.', 2);
  assert.equal(await processes(world), ['web.1']);
});

test('a worker that crashes at its start switches nothing, though the web process is well', async ({ world }) => {
  const bad = await world.repo('bad', { ...APP, Procfile: 'worker: sh -c "echo no queue; exit 3"\n' });
  const pushed = await bad.push();
  assert.is(pushed.code, 1, pushed.output);
  assert.match(told(pushed), 'no queue');
  assert.match(told(pushed), 'worker.1 ended while it was starting: exit code 3', pushed.output);
  assert.is((await world.get('bad')).status, 503);
});

test('a worker that dies again and again is started more and more seldom, is told as a crash loop, and goes at once when it is to', async ({ world }) => {
  const flaky = await world.repo('flaky', { ...APP, Procfile: 'worker: sh -c "sleep 2; echo out of luck; exit 7"\n' });
  const pushed = await flaky.push();
  assert.is(pushed.code, 0, pushed.output);
  await until('a crash loop', async () => /crash loop: ended \d+ times \(exit code 7\); next start in/.test((await world.hop3('ps', '--app', 'flaky')).stdout), 40);
  assert.match((await world.hop3('app', 'status', '--app', 'flaky')).stdout, 'crash loop');
  assert.match((await world.hop3('logs', '--app', 'flaky', '--worker', 'worker')).stdout, /worker\.1 ended 3 times in a row soon after its start; the next start is in 2 s/);
  assert.is((await world.get('flaky')).status, 200);
  await flaky.commit('mended', { Procfile: 'worker: sleep 1000\n' });
  const mended = await flaky.push();
  assert.is(mended.code, 0, mended.output);
  await until('the old worker to be gone', async () => !(await world.hop3('ps', '--app', 'flaky')).stdout.includes('crash loop'), 20);
});

test.run();
