// limit: 240
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesOf } from '../../src/pipeline/gc-files.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { ECHO_WEB, expression, runtime, told } from './tiny-apps.ts';
import { until, World } from './world.ts';

await asOrdinaryUser(import.meta.url);
const MB = 1024 ** 2;
const free = async () => Math.min(...await Promise.all(['/tmp', '/nix'].map(async (dir) => {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize / MB;
})));

const test = suite<{ world: World; least: number }>('what would fill the disk');

test.before(async (context) => {
  // The disk is not filled: less of it is told to be there.
  context.least = Math.floor(await free()) - 2000;
  context.world = await World.start({ HOP3_LIMIT_DATA: '20M', HOP3_MIN_FREE: `${context.least}M` });
  assert.is((await (await context.world.repo('shop', runtime(ECHO_WEB))).push()).code, 0);
});
test.after(async ({ world }) => { await world.stop(); });

test('hop3 status says how the disk is kept from being filled', async ({ world }) => {
  assert.match((await world.hop3('status')).stdout, /^disk: +an app whose data are measured above 20 MB is stopped; builds end when less than .+ is free$/m);
});

test('a build is ended before the disk is full, and its files are gone; other apps answer', async ({ world, least }) => {
  const fills = await world.repo('fills', expression(`pkgs.runCommand "fills" { } ''
    for n in 1 2 3 4 5 6 7 8 9 10 11 12; do /usr/bin/fallocate -l 512M file$n; sleep 0.3; done
    sleep 60
  ''`));
  const pushed = await fills.push();
  assert.is.not(pushed.code, 0);
  assert.match(told(pushed), /!     Push rejected: The build was ended, with all others that ran: the disk is getting full\. .* are free below \/(?:tmp|nix), and HOP3_MIN_FREE is /);
  assert.match(pushed.output, '[HOP3_BUILD_DISK]');
  assert.is((await world.get('shop')).status, 200);
  await until('the space to be free again', async () => (await free()) > least + 500, 60);
});

test('an app that fills its data directory is stopped and told why; once it has room it lives again', async ({ world }) => {
  const hoards = await world.repo('hoards', runtime(`${ECHO_WEB} workers.hoard = "/bin/sh -c '[ ! -e full ] || sleep 1000; touch full; dd if=/dev/zero of=junk bs=1M count=60 2>/dev/null; sleep 1000'";`));
  const pushed = await hoards.push();
  assert.is(pushed.code, 0, pushed.output);
  const ps = async () => (await world.hop3('ps', '--app', 'hoards')).stdout;
  const stopped = (worker: string, text: string) => new RegExp(`^${worker}\\.1 +down .*the app's data are 60 MB; this server gives an app 20 MB`, 'm').test(text);
  await until('the app to be stopped', async () => {
    const text = await ps();
    return stopped('web', text) && stopped('hoard', text);
  }, 60);
  assert.match((await world.hop3('logs', '--app', 'hoards')).stdout, "hop3: hoard.1 is stopped: the app's data are 60 MB; this server gives an app 20 MB");
  assert.is((await world.get('shop')).status, 200);
  assert.is((await world.hop3('run', '--app', 'hoards', '--', 'rm', 'junk')).code, 0);
  const again = await world.hop3('restart', '--app', 'hoards');
  assert.is(again.code, 0, again.output);
  assert.is((await world.get('hoards')).status, 200);
});

test('200 MB of escape sequences in a log stay 6 MB on the disk, and command no terminal', async ({ world }) => {
  const shouts = await world.repo('shouts', {
    ...runtime(`${ECHO_WEB} workers.shout = "/bin/sh \${./shout.sh}";`),
    'shout.sh': "yes \"$(printf 'line \\033[2J\\033]0;title\\007')\" | head -c 200000000\ntouch /app/data/said-all\nsleep 1000\n",
  });
  assert.is((await shouts.push()).code, 0);
  const dir = join(world.root, 'apps/shouts');
  await until('all to be said', () => existsSync(join(dir, 'data/said-all')), 120);
  assert.ok(await bytesOf(join(dir, 'logs/shout.1')) < 8 * MB);
  const logs = await world.hop3('logs', '--app', 'shouts', '-n', '50');
  assert.match(logs.stdout, 'line \\x1b[2J\\x1b]0;title\\x07');
  // eslint-disable-next-line no-control-regex -- what must not be there
  assert.not.match(logs.stdout, /[\u001b\u0007]/);
  assert.is((await world.get('shop')).status, 200);
});

test.run();
