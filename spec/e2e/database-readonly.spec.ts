import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { agreeOnOneVersion, nothingLeft, settled } from './crash-checks.ts';
import { CrashWorld, textOf, Visitor } from './crash-world.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { until, type Repo } from './world.ts';

/** Where the spec asks the root process that started it to make files immutable, and is answered. */
const DESK = process.env['HOP3_SPEC_DESK'] ?? openDesk();
await asOrdinaryUser(import.meta.url);
const test = suite<{ crash: CrashWorld; shop: Repo }>('a database that cannot be written');

if (DESK === null) {
  test('skipped: only root may make a file immutable, on a disk that knows how (chattr +i)', () => {});
} else {
  const freeze = async (crash: CrashWorld, sign: '+i' | '-i') => {
    const asked = [sign, crash.paths.database, `${crash.paths.database}-wal`].join('\n');
    writeFileSync(join(DESK, 'asked'), asked);
    await until('root to have changed the files', () => existsSync(join(DESK, 'done')) && readFileSync(join(DESK, 'done'), 'utf8') === asked);
  };

  test.before(async (context) => {
    context.crash = await CrashWorld.start();
    context.shop = await context.crash.app('shop');
    const pushed = await context.shop.push();
    assert.is(pushed.code, 0, pushed.output);
  });
  test.after(async ({ crash }) => {
    await freeze(crash, '-i');
    await crash.stop();
  });

  test('a push and a change of variables are refused with the cause, reads and the app answer, and it works again by itself', async ({ crash, shop }) => {
    await settled(crash, 'shop');
    const before = await agreeOnOneVersion(crash, shop);
    const text = textOf((await crash.world.get('shop')).body);
    await crash.change(shop);
    const visitor = new Visitor(crash.world, 'shop', () => [text]);
    await freeze(crash, '+i');
    try {
      const pushed = await shop.push();
      assert.is.not(pushed.code, 0, pushed.output);
      assert.match(pushed.output, /Push rejected: .*cannot be written[\s\S]*Apps that run keep running[\s\S]*\[HOP3_DATABASE\]/, pushed.output);
      const set = await crash.world.hop3('env', 'set', 'COLOUR=red', '--app', 'shop');
      assert.is.not(set.code, 0, set.output);
      assert.match(set.output, 'HOP3_DATABASE');
      for (const args of [['releases'], ['ps'], ['env']]) {
        const read = await crash.world.hop3(...args, '--app', 'shop');
        assert.is(read.code, 0, `${args.join(' ')}: ${read.output}`);
      }
    } finally {
      await freeze(crash, '-i');
      await visitor.leave();
    }
    assert.equal(visitor.wrong, []);
    assert.equal(await agreeOnOneVersion(crash, shop), before);
    nothingLeft(crash, shop);
    const again = await shop.push();
    assert.is(again.code, 0, again.output);
    await settled(crash, 'shop');
    assert.is((await agreeOnOneVersion(crash, shop)).version, before.version + 1);
  });

  test('it becomes so in the middle of a deploy: the push is rejected, the app runs on, and its turn is free again', async ({ crash, shop }) => {
    await settled(crash, 'shop');
    const before = await agreeOnOneVersion(crash, shop);
    await crash.change(shop);
    crash.hold('stage');
    const work = crash.begin('git', ['push', 'hop3', 'main'], shop.dir);
    try {
      await crash.reached('stage', work.output);
      await freeze(crash, '+i');
      crash.release('stage');
      const ran = await work.ended;
      assert.is.not(ran.code, 0, ran.output);
      assert.match(ran.output, 'HOP3_DATABASE');
      assert.match(ran.output, `v${before.version} is still live; the branch has not moved.`);
    } finally {
      crash.release('stage');
      await freeze(crash, '-i');
    }
    await settled(crash, 'shop');
    assert.equal(await agreeOnOneVersion(crash, shop), before);
    nothingLeft(crash, shop);
    const again = await shop.push();
    assert.is(again.code, 0, again.output);
  });
}

/** In the root process: does what is asked until the spec ends. Null for who is not root, or has no such disk. */
function openDesk(): string | null {
  if (process.getuid?.() !== 0) return null;
  const desk = mkdtempSync('/var/tmp/hop3-desk-');
  const chattr = (sign: string, files: readonly string[]) => execFileSync('chattr', [sign, ...files], { stdio: 'ignore' });
  process.on('exit', () => rmSync(desk, { recursive: true, force: true }));
  try {
    const probe = join(desk, 'probe');
    writeFileSync(probe, '');
    chattr('+i', [probe]);
    chattr('-i', [probe]);
  } catch {
    return null;
  }
  execFileSync('chmod', ['0777', desk]);
  process.env['HOP3_SPEC_DESK'] = desk;
  let done = '';
  setInterval(() => {
    const asked = existsSync(join(desk, 'asked')) ? readFileSync(join(desk, 'asked'), 'utf8') : '';
    if (asked === done || asked === '') return;
    const [sign = '', ...files] = asked.split('\n');
    chattr(sign, files);
    done = asked;
    writeFileSync(join(desk, 'done'), done);
  }, 20).unref();
  return desk;
}

test.run();
