// limit: 1800
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addonCreation, askedForMore, buildCutOff, destruction, firstPush, otherBranch, repairCutOff } from '../e2e/crash-lives.ts';
import { CrashWorld } from '../e2e/crash-world.ts';
import { asOrdinaryUser } from '../e2e/ordinary-user.ts';
import type { Repo } from '../e2e/world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ crash: CrashWorld; shop: Repo }>('crashes in the life of an app');
const only = process.env['HOP3_SPEC_CELL'] ?? '';

async function make(context: { crash: CrashWorld; shop: Repo }): Promise<void> {
  context.crash = await CrashWorld.start();
  context.shop = await context.crash.app('shop');
  const pushed = await context.shop.push();
  assert.is(pushed.code, 0, pushed.output);
}

test.before(make);
test.after(async ({ crash }) => { await crash.stop(); });

let apps = 0;

function story(title: string, tell: (context: { crash: CrashWorld; shop: Repo }) => Promise<void>): void {
  if (!title.includes(only)) return;
  test(title, async (context) => {
    try {
      await tell(context);
    } catch (error) {
      // What one story left must not fail the next.
      await context.crash.stop();
      await make(context);
      throw error;
    }
  });
}

for (const victim of ['server', 'everything'] as const) {
  for (const point of ['app row made', 'app files made', 'app repository made', 'checkout', 'renamed', 'branch moved'] as const) {
    story(`first push, at "${point}", ${victim} is killed`, ({ crash }) => firstPush(crash, `new-${apps += 1}`, point, victim));
  }
  for (const point of ['destruction begun', 'workers ended', 'addons destroyed', 'files removed'] as const) {
    story(`destruction, at "${point}", ${victim} is killed`, ({ crash }) => destruction(crash, `old-${apps += 1}`, point, victim));
  }
  for (const point of ['branch copied', 'branch written', 'old branch removed'] as const) {
    story(`set-branch, at "${point}", ${victim} is killed`, ({ crash, shop }) => otherBranch(crash, shop, point, victim));
  }
  for (const point of ['stage', 'health', 'switch begun'] as const) {
    story(`ports, names and scale, at "${point}", ${victim} is killed`, ({ crash, shop }) => askedForMore(crash, shop, point, victim));
  }
  for (const point of ['addon made', 'addon attached'] as const) {
    story(`addon, at "${point}", ${victim} is killed`, ({ crash, shop }) => addonCreation(crash, shop, `r${apps += 1}`, point, victim));
  }
}
for (const point of ['repair', 'switch repaired', 'app repaired'] as const) {
  story(`repair, at "${point}", the server is killed again`, ({ crash, shop }) => repairCutOff(crash, shop, point));
}
for (const victim of ['server', 'nix-build'] as const) story(`build, ${victim} is killed`, ({ crash, shop }) => buildCutOff(crash, shop, victim));

test.run();
