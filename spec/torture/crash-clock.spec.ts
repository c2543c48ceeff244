// limit: 600
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { agreeOnOneVersion, nothingLeft, settled } from '../e2e/crash-checks.ts';
import { CrashWorld } from '../e2e/crash-world.ts';
import { asOrdinaryUser } from '../e2e/ordinary-user.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ crash: CrashWorld; clock: Clock }>('a clock that jumps');
const library = readdirSync('/usr/lib').map((dir) => join('/usr/lib', dir, 'faketime/libfaketime.so.1')).find((file) => existsSync(file));

/** The wall clock of the server alone: its monotonic clock goes on as it does when somebody sets a machine's clock. */
class Clock {
  readonly #file: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(file: string) {
    this.#file = file;
    this.set('+0');
  }

  set(offset: string): void {
    writeFileSync(this.#file, `${offset}\n`);
  }

  /** Jumps a day forth and back, some thirty times a second. */
  jump(): void {
    let forth = false;
    this.#timer = setInterval(() => { forth = !forth; this.set(forth ? '+86400' : '-86400'); }, 33);
  }

  stay(): void {
    clearInterval(this.#timer);
    this.set('+0');
  }
}

if (library === undefined) {
  test('skipped: libfaketime is not installed (apt-get install faketime)', () => {});
} else {
  test.before(async (context) => {
    const crash = context.crash = await CrashWorld.start();
    const file = join(crash.world.home, 'clock');
    context.clock = new Clock(file);
    const env = { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1', FAKETIME_FORCE_MONOTONIC_FIX: '0' };
    for (const [name, value] of Object.entries(env)) writeFileSync(join(crash.paths.ownServices, 'server/env', name), `${value}\n`);
    const killed = await crash.kill('server', 'none');
    await crash.comeBack('server', killed);
  });
  test.after.each(({ clock }) => { clock.stay(); });
  test.after(async ({ crash }) => { await crash.stop(); });

  test('the server sees the other clock', async ({ crash, clock }) => {
    const shop = await crash.app('shop');
    clock.set('+864000');
    const pushed = await shop.push();
    assert.is(pushed.code, 0, pushed.output);
    const listed = JSON.parse((await crash.world.api('/api/v1/apps/shop/releases', { token: await crash.world.token() })).body) as unknown;
    assert.ok(JSON.stringify(listed).includes(new Date(Date.now() + 864_000_000).toISOString().slice(0, 10)), JSON.stringify(listed));
  });

  test('the clock jumps forth and back by a day all the while: nothing that waits gives up, and nothing waits for a day', async ({ crash, clock }) => {
    clock.jump();
    const wild = await crash.app('wild');
    const hop3 = (...args: string[]) => crash.world.hop3(...args, '--app', 'wild');
    for (let round = 0; round < 3; round += 1) {
      if (round > 0) await crash.change(wild);
      const pushed = await wild.push();
      assert.is(pushed.code, 0, pushed.output);
    }
    for (const args of [['env', 'set', 'COLOUR=red'], ['rollback'], ['restart'], ['ps', 'scale', 'web=2'], ['ps', 'scale', 'web=1']]) {
      const ran = await hop3(...args);
      assert.is(ran.code, 0, `${args.join(' ')}: ${ran.output}`);
    }
    await settled(crash, 'wild');
    await agreeOnOneVersion(crash, wild);
    const killed = await crash.kill('server', 'wild');
    await crash.comeBack('server', killed);
    await settled(crash, 'wild');
    await agreeOnOneVersion(crash, wild);
    nothingLeft(crash, wild);
    const destroyed = await hop3('app', 'destroy', '--confirm=wild');
    assert.is(destroyed.code, 0, destroyed.output);
  });

  for (const [offset, words] of [['-31536000', 'a year back'], ['+31536000', 'a year ahead']] as const) {
    test(`the clock goes ${words} between two releases: the newer one is the newer one`, async ({ crash, clock }) => {
      const shop = await crash.app(`year${offset.startsWith('-') ? 'back' : 'ahead'}`);
      assert.is((await shop.push()).code, 0);
      clock.set(offset);
      const commit = await crash.change(shop);
      const pushed = await shop.push();
      assert.is(pushed.code, 0, pushed.output);
      await settled(crash, shop.app);
      assert.equal(await agreeOnOneVersion(crash, shop), { version: 2, commit });
      const back = await crash.world.hop3('rollback', '--app', shop.app);
      assert.is(back.code, 0, back.output);
      await settled(crash, shop.app);
      assert.is((await agreeOnOneVersion(crash, shop)).version, 3);
    });
  }
}

test.run();
