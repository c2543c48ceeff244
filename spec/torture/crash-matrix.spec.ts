// limit: 3600
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from '../e2e/ordinary-user.ts';
import { title, wholeMatrix, type Cell } from '../e2e/crash-matrix.ts';
import { play } from '../e2e/crash-story.ts';
import { CrashWorld } from '../e2e/crash-world.ts';
import type { Repo } from '../e2e/world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ crash: CrashWorld; shop: Repo }>('the crash matrix, whole');
/** A part of the cells' titles, to run some of them alone. */
const only = process.env['HOP3_SPEC_CELL'] ?? '';

async function make(context: { crash: CrashWorld; shop: Repo }): Promise<void> {
  context.crash = await CrashWorld.start();
  context.shop = await context.crash.app('shop');
  // Two releases, for what goes back.
  for (const round of [1, 2]) {
    if (round > 1) await context.crash.change(context.shop);
    const pushed = await context.shop.push();
    assert.is(pushed.code, 0, pushed.output);
  }
}

test.before(make);
test.after(async ({ crash }) => { await crash.stop(); });

for (const cell of wholeMatrix().filter((one: Cell) => title(one).includes(only))) {
  test(title(cell), async (context) => {
    try {
      await play(context.crash, context.shop, cell);
    } catch (error) {
      // What one cell left must not fail the next.
      await context.crash.stop();
      await make(context);
      throw error;
    }
  });
}

test.run();
