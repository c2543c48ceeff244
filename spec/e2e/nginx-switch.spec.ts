// alone
import { spawn, spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseAppName, type AppName } from '../../src/names.ts';
import type { SlotMode } from '../../src/runtime/model.ts';
import type { SlotName } from '../../src/paths.ts';
import { reloadCount } from '../../src/runtime/nginx-apply.ts';
import { NginxWorld, site } from './nginx-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: NginxWorld; files: Record<SlotName, string> }>('the switch under load');
const shop = parseAppName('shop');
/** An app that never had a worker. */
const blog = parseAppName('blog');
const SWITCHES = 120;
const hasWrk = spawnSync('wrk', ['-v']).error === undefined;
if (!hasWrk) console.log('skipped: wrk is not installed (apt-get install wrk)');

test.before(async (context) => {
  context.world = await NginxWorld.start();
  context.files = { a: '', b: '' };
  const ports = [];
  for (const name of ['a', 'b']) ports.push(await context.world.worker((_request, response) => response.end(`web ${name}`)));
  await context.world.apply(site('shop', ports[0], ports[1]), site('blog'));
  for (const slot of ['a', 'b'] as const) {
    await context.world.deploy(shop, slot, 'web');
    context.files[slot] = await context.world.store({ 'index.html': `files ${slot}` }, slot);
    for (const mode of ['static', 'both'] as const) context.world.mode(shop, slot, mode, context.files[slot]);
    context.world.mode(blog, slot, 'static', context.files[slot]);
  }
});
test.after(async ({ world }) => { await world.stop(); });

const rounds: [title: string, modes: readonly [SlotMode, SlotMode], bodies: readonly [string, string], app?: AppName][] = [
  ['from web app to web app', ['web', 'web'], ['web a', 'web b']],
  ['from static site to static site', ['static', 'static'], ['files a', 'files b']],
  ['from static site to static site of an app without workers', ['static', 'static'], ['files a', 'files b'], blog],
  ['from static site to web app and back', ['static', 'web'], ['files a', 'web b']],
  ['from web app to files beside one', ['web', 'both'], ['web a', 'files b']],
];

for (const [title, modes, bodies, app = shop] of rounds) {
  (hasWrk ? test : test.skip)(`${SWITCHES} switches ${title}: no request fails, nginx is never reloaded, the next request sees the new release`, async ({ world, files }) => {
    const reloads = await reloadCount(world.paths);
    await world.switchTo(app, 'a', modes[0], files.a);
    const load = wrk(world.port, app);
    let report = '';
    try {
      for (let i = 1; i <= SWITCHES; i += 1) {
        const which = i % 2;
        const slot = which === 0 ? 'a' : 'b';
        await world.switchTo(app, slot, modes[which]!, files[slot]);
        assert.is((await world.get(`${app}.localhost`)).body, bodies[which]);
        await delay(5);
      }
    } finally {
      report = await load.stop();
    }
    assert.not.match(report, /Socket errors|Non-2xx/);
    assert.ok(Number(/(\d+) requests in/.exec(report)?.[1]) > SWITCHES, report);
    assert.is(await reloadCount(world.paths), reloads);
  });
}

test('nothing of this was a complaint to nginx', async ({ world }) => {
  assert.not.match(await world.log(), /\[(?:warn|error|crit|alert|emerg)\]/);
});

/** Sixteen keep-alive connections that ask without a pause until they are stopped. */
function wrk(port: number, app: AppName): { stop: () => Promise<string> } {
  // It ends by itself if this process dies; SIGINT makes it end early, with its report.
  const child = spawn('wrk', ['-t1', '-c16', '-d60', '-H', `Host: ${app}.localhost`, `http://127.0.0.1:${port}/`], { stdio: ['ignore', 'pipe', 'inherit'] });
  let report = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => { report += text; });
  const closed = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(report));
  });
  return {
    stop: () => {
      child.kill('SIGINT');
      return closed;
    },
  };
}

test.run();
