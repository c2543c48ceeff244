import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Point } from '../../src/pipeline/points.ts';
import { agreeOnOneVersion, nothingLeft, settled } from './crash-checks.ts';
import { textOf, CrashWorld, Visitor } from './crash-world.ts';
import { exec, type Ran, type Repo } from './world.ts';

const FULL = /Push rejected: .*The disk of HOP3_ROOT on the server is full[\s\S]*Apps that run keep running[\s\S]*\[HOP3_DISK_FULL\]/;
/** Megabytes of the disk that HOP3_ROOT lies on. */
const SIZE = 256;

export type DiskSuite = ReturnType<typeof suite<{ crash: CrashWorld; shop: Repo }>>;

/** What a full disk does to a server, its apps and its pushes; `points` are those of a deploy at which it fills up. */
export function diskStories(test: DiskSuite, disk: string | null, points: readonly Point[]): void {
  if (disk === null) {
    test('skipped: only root may mount a small disk', () => {});
  } else {
    const filler = join(disk, 'filler');
    const fill = () => exec('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64k']);
    const free = () => rmSync(filler, { force: true });

    test.before(async (context) => {
      context.crash = await CrashWorld.start({ HOP3_ROOT: join(disk, 'root') });
      context.shop = await context.crash.app('shop');
      const pushed = await context.shop.push();
      assert.is(pushed.code, 0, pushed.output);
    });
    test.after.each(free);
    test.after(async ({ crash }) => { await crash.stop(); });

    test('a push on a full disk is rejected with the cause, the app answers all the while, and the next push works', async ({ crash, shop }) => {
      await settled(crash, 'shop');
      const before = await agreeOnOneVersion(crash, shop);
      const text = textOf((await crash.world.get('shop')).body);
      await crash.change(shop);
      await fill();
      const visitor = new Visitor(crash.world, 'shop', () => [text]);
      let pushed: Ran;
      let status: Ran;
      try {
        pushed = await shop.push();
        status = await crash.world.hop3('status');
      } finally {
        free();
        await visitor.leave();
      }
      assert.is.not(pushed.code, 0);
      assert.match(pushed.output, FULL);
      assert.match(pushed.output, /\[remote rejected\]/);
      assert.is(status.code, 0, status.output);
      assert.equal(visitor.wrong, []);
      await settled(crash, 'shop');
      assert.equal(await agreeOnOneVersion(crash, shop), before);
      nothingLeft(crash, shop);
      const again = await shop.push();
      assert.is(again.code, 0, again.output);
      await settled(crash, 'shop');
      await agreeOnOneVersion(crash, shop);
      nothingLeft(crash, shop);
    });

    for (const point of points) {
      test(`the disk fills up at "${point}": one whole version answers, and with room again the next push works`, async ({ crash, shop }) => {
        await settled(crash, 'shop');
        const before = await crash.world.branch('shop');
        const texts = [textOf((await crash.world.get('shop')).body), (await crash.change(shop), await shop.git('show', 'HEAD:text'))];
        const visitor = new Visitor(crash.world, 'shop', () => texts);
        crash.hold(point);
        const work = crash.begin('git', ['push', 'hop3', 'main'], shop.dir);
        try {
          await crash.reached(point, work.output);
          await fill();
          crash.release(point);
          await work.ended;
        } finally {
          crash.release(point);
          free();
          await visitor.leave();
        }
        const ran = await work.ended;
        // Past the rename the new release answers, and the person is told so.
        if (ran.code !== 0) assert.match(ran.output, FULL, ran.output);
        assert.not.match(ran.output, 'HOP3_INTERNAL', ran.output);
        if (ran.code !== 0 && !/answers already/.test(ran.output)) assert.is(await crash.world.branch('shop'), before);
        assert.equal(visitor.wrong, [], ran.output);
        await crash.change(shop);
        const next = await shop.push();
        assert.is(next.code, 0, `${ran.output}\n${next.output}`);
        await settled(crash, 'shop');
        await agreeOnOneVersion(crash, shop);
        nothingLeft(crash, shop);
      });
    }

    test('a server that starts on a full disk says so; with room again it comes by itself', async ({ crash, shop }) => {
      await fill();
      const text = textOf((await crash.world.get('shop')).body);
      const visitor = new Visitor(crash.world, 'shop', () => [text]);
      const killed = await crash.kill('server', 'shop');
      await new Promise((resolve) => setTimeout(resolve, 3000));
      free();
      try {
        await crash.comeBack('server', killed);
      } finally {
        await visitor.leave();
      }
      assert.equal(visitor.wrong, []);
      await crash.change(shop);
      assert.is((await shop.push()).code, 0);
    });
  }
}

/** A small disk, unmounted when this process ends. Null for who may not mount one. */
export function smallDisk(): string | null {
  if (process.env['HOP3_SPEC_DISK']) return process.env['HOP3_SPEC_DISK'];
  if (process.getuid?.() !== 0) return null;
  const dir = mkdtempSync('/var/tmp/hop3-disk-');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}m,mode=1777`, 'hop3-spec', dir], { stdio: 'ignore' });
  } catch {
    rmSync(dir, { recursive: true });
    return null;
  }
  process.env['HOP3_SPEC_DISK'] = dir;
  process.on('exit', () => {
    execFileSync('umount', ['-l', dir]);
    rmSync(dir, { recursive: true });
  });
  return dir;
}
