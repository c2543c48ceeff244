import { readlinkSync, statSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setImmediate as otherWork } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Hop3Error } from '../../src/errors.ts';
import { parseAppName } from '../../src/names.ts';
import { applySiteOf, applySites, knownSites, reloadCount, type Applied } from '../../src/runtime/nginx-apply.ts';
import type { Site } from '../../src/runtime/model.ts';
import { nginxMaster, nginxWorkers } from '../../src/runtime/nginx-process.ts';
import { NginxWorld, site } from './nginx-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: NginxWorld }>('apps come and go');

test.before.each(async (context) => {
  context.world = await NginxWorld.start();
  await context.world.deploy(parseAppName('shop'), 'a', 'static', await context.world.store({ 'index.html': 'the shop' }));
  await context.world.apply(site('shop'));
});
test.after.each(async ({ world }) => { await world.stop(); });

test('when applySites returns, every new connection meets the new app; the same again does nothing', async ({ world }) => {
  const before = await reloadCount(world.paths);
  assert.is(before, 1);
  await world.deploy(parseAppName('blog'), 'a', 'static', await world.store({ 'index.html': 'the blog' }));
  assert.equal(await world.apply(site('shop'), site('blog')), { reloaded: true });
  for (let i = 0; i < 50; i += 1) assert.is((await world.get('blog.localhost')).body, 'the blog');
  assert.equal(await world.apply(site('blog'), site('shop')), { reloaded: false });
  assert.is(await reloadCount(world.paths), before + 1);
  assert.equal((await knownSites(world.paths)).map((one) => one.app), ['blog', 'shop']);

  assert.equal(await world.apply(site('shop')), { reloaded: true });
  for (let i = 0; i < 50; i += 1) assert.is((await world.get('blog.localhost')).status, 404);
  assert.is((await readdir(world.paths.nginx)).filter((name) => name.startsWith('conf-')).length, 1);
});

test('many calls at once: those that wait while one is under way are answered by one reload, and each has what it asked for', async ({ world }) => {
  const before = await reloadCount(world.paths);
  const calls = Array.from({ length: 8 }, async (_, i) => {
    const done = await world.apply(...Array.from({ length: i + 1 }, (__, n) => site(`app${n}`)));
    assert.equal(done, { reloaded: true });
    assert.is((await world.get(`app${i}.localhost`)).status, 503);
  });
  await Promise.all(calls);
  assert.is(await reloadCount(world.paths), before + 2);
  assert.is((await world.get('shop.localhost')).status, 404);
});

test('what nginx refuses of calls that wait together is refused to its own caller, and to nobody else', async ({ world }) => {
  const records = new Map([site('shop')].map((one) => [one.app, one]));
  const change = (app: string, made: Site | null): Promise<Applied | Hop3Error> => {
    const name = parseAppName(app);
    if (made === null) records.delete(name);
    else records.set(name, made);
    return applySiteOf(world.paths, world.settings, name, () => [...records.values()]).catch((error: Hop3Error) => error);
  };
  await change('old', site('old'));
  const done = await Promise.all([
    change('first', site('first')), change('good', site('good')), change('bad', site('bad', 99_999)),
    change('old', null), change('twin', { ...site('twin'), hosts: ['shop.localhost'] }), change('last', site('last')),
  ]);
  for (const index of [0, 1, 3, 5]) assert.equal(done[index], { reloaded: true });
  const [bad, twin] = [done[2] as Hop3Error, done[4] as Hop3Error];
  assert.match(bad.why!, /\[emerg\] .*invalid port in upstream "127\.0\.0\.1:99999" in sites\/bad\.conf:\d+$/);
  assert.is(twin.what, 'shop.localhost belongs to shop and cannot be given to twin too.');
  assert.equal((await knownSites(world.paths)).map((one) => one.app), ['first', 'good', 'last', 'shop']);
  for (const app of ['first', 'good', 'last']) assert.is((await world.get(`${app}.localhost`)).status, 503);
  assert.is((await world.get('shop.localhost')).body, 'the shop');

  // The records still have the two; upon sites in force that are not known nothing is tried, and nothing lost.
  await writeFile(join(world.paths.nginx, 'conf', 'sites.json'), '[{"app":"sh');
  const unknown = await Promise.all([change('more', site('more')), change('other', site('other'))]);
  for (const one of unknown) assert.is((one as Hop3Error).code, 'HOP3_NGINX_REFUSED');
  assert.is((await world.get('shop.localhost')).body, 'the shop');
  assert.is((await world.get('last.localhost')).status, 503);
  records.delete(parseAppName('bad'));
  assert.equal(await change('twin', null), { reloaded: true });
  assert.equal((await knownSites(world.paths)).map((one) => one.app), ['first', 'good', 'last', 'more', 'other', 'shop']);
});

test('a reload that nginx does not take belongs to all who waited for it, and the sites before it are put back', async ({ world }) => {
  // The call of the preparation must have ended, or all three would be joined.
  await otherWork();
  const master = nginxMaster(world.paths)!;
  const [first, ...joined] = [site('one'), site('two'), site('three')].map((_, index, all) => world.apply(site('shop'), ...all.slice(0, index + 1)));
  assert.equal(await first, { reloaded: true });
  process.kill(master, 'SIGSTOP');
  try {
    for (const one of await Promise.allSettled(joined)) {
      assert.is(one.status, 'rejected');
      assert.match((one as PromiseRejectedResult).reason.what, /^nginx did not take its new configuration within 10 s/);
    }
  } finally {
    process.kill(master, 'SIGCONT');
  }
  assert.equal((await knownSites(world.paths)).map((one) => one.app), ['one', 'shop']);
  assert.is((await world.get('shop.localhost')).body, 'the shop');
});

test('what nginx refuses never replaces what works, and its own line is told', async ({ world }) => {
  const before = readlinkSync(join(world.paths.nginx, 'conf'));
  const reloads = await reloadCount(world.paths);
  // Past Hop3's own checks, as a defect would: a port that nginx knows to be none.
  const error = await world.apply(site('shop'), site('bad', 99_999)).then(() => null, (thrown: unknown) => thrown);
  assert.instance(error, Hop3Error);
  assert.is((error as Hop3Error).code, 'HOP3_NGINX_REFUSED');
  assert.match((error as Hop3Error).why!, /\[emerg\] .*invalid port in upstream "127\.0\.0\.1:99999" in sites\/bad\.conf:\d+$/);
  assert.is(readlinkSync(join(world.paths.nginx, 'conf')), before);
  assert.equal((await readdir(world.paths.nginx)).filter((name) => name.startsWith('conf')).sort(), ['conf', before].sort());
  assert.is((await world.get('shop.localhost')).body, 'the shop');
  assert.is(await reloadCount(world.paths), reloads);
  // The next one is not held up by it.
  assert.equal(await world.apply(site('shop'), site('good')), { reloaded: true });
});

test('two apps cannot have one name', async ({ world }) => {
  const twin = { ...site('twin'), hosts: ['twin.localhost', 'shop.localhost'] };
  const error = await world.apply(site('shop'), twin).then(() => null, (thrown: Hop3Error) => thrown);
  assert.is(error?.code, 'HOP3_NGINX_REFUSED');
  assert.is(error?.what, 'shop.localhost belongs to shop and cannot be given to twin too.');
});

test('a file that was edited by hand is written again', async ({ world }) => {
  const file = join(world.paths.nginx, 'conf', 'sites', 'shop.conf');
  const written = await readFile(file, 'utf8');
  await writeFile(file, written.replace('shop.localhost', 'mine.localhost'));
  await world.apply(site('shop'));
  assert.is(await readFile(file, 'utf8'), written);
});

test('an app more writes one file: those of the others are the same files as before, unless somebody edited them', async ({ world }) => {
  const file = (app: string) => join(world.paths.nginx, 'conf', 'sites', `${app}.conf`);
  await world.apply(site('shop'), site('blog'));
  const [shop, blog] = [statSync(file('shop')).ino, statSync(file('blog')).ino];
  const written = await readFile(file('blog'), 'utf8');
  await writeFile(file('blog'), written.slice(0, 100));
  assert.equal(await world.apply(site('shop'), site('blog'), site('more')), { reloaded: true });
  assert.is(statSync(file('shop')).ino, shop);
  assert.is.not(statSync(file('blog')).ino, blog);
  assert.is(await readFile(file('blog'), 'utf8'), written);
  // The directory before is gone, and with it the second name.
  assert.is(statSync(file('shop')).nlink, 1);
});

test('an upload that is under way survives a reload, and so does the download of its answer', async ({ world }) => {
  const port = await world.worker((incoming, response) => {
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => { bytes += chunk.length; });
    incoming.on('end', () => response.end(`${bytes} bytes`));
  });
  await world.apply(site('shop'), site('up', port));
  await world.deploy(parseAppName('up'), 'a', 'web');
  const answer = new Promise<string>((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port: world.port, method: 'POST', agent: new Agent(), headers: { host: 'up.localhost', 'content-length': 200_000 } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => { body += text; }).on('end', () => resolve(body));
    });
    call.on('error', reject);
    call.write(Buffer.alloc(100_000));
    void world.apply(site('shop'), site('up', port), site('more')).then(() => call.end(Buffer.alloc(100_000)), reject);
  });
  assert.is(await answer, '200000 bytes');
});

test('two hundred apps: one test, one reload, all of them answer', async ({ world }) => {
  const many = Array.from({ length: 200 }, (_, i) => ({ ...site(`app${i}`, 20_000 + 2 * i, 20_001 + 2 * i), hosts: [`app${i}.${'long-label.'.repeat(18)}example.org`] }));
  assert.equal(await world.apply(...many), { reloaded: true });
  for (const one of many.slice(-3)) assert.is((await world.get(one.hosts[0]!)).body, `${one.app} has no live release.\n`);
  const log = await world.log();
  assert.not.match(log, /could not build|\[warn\]/);
});

test('without nginx the files are ready for its start; a pid file of a dead nginx fools nobody', async ({ world }) => {
  const master = nginxMaster(world.paths)!;
  assert.ok(nginxWorkers(master).length >= 1);
  await world.kill();
  await writeFile(join(world.paths.nginx, 'nginx.pid'), `${process.pid}\n`);
  assert.is(nginxMaster(world.paths), null);
  assert.equal(await applySites(world.paths, world.settings, [site('shop'), site('later')]), { reloaded: false });
  await world.run();
  assert.is((await world.get('later.localhost')).status, 503);
});

test.run();
