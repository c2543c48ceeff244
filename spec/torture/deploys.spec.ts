// limit: 3600
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesOf } from '../../src/pipeline/gc-files.ts';
import { asOrdinaryUser } from '../e2e/ordinary-user.ts';
import { inOwnStore } from '../e2e/own-store.ts';
import { ECHO_WEB, runtime } from '../e2e/tiny-apps.ts';
import { exec, until, World } from '../e2e/world.ts';

await asOrdinaryUser(import.meta.url);
await inOwnStore(import.meta.url);
const NIX = process.env['HOP3_SPEC_OWN_STORE']!;
const DEPLOYS = Number(process.env['HOP3_TORTURE_DEPLOYS'] ?? 200);
const MB = 1_000_000;

const test = suite<{ world: World }>(`${DEPLOYS} deploys`);
test.before(async (context) => { context.world = await World.start({ HOP3_KEEP_RELEASES: '10', HOP3_KEEP_BYTES: '5M', HOP3_KEEP_BUILD_LOGS: '20' }); });
test.after(async ({ world }) => { await world.stop(); });

/** A file of half a megabyte that no compression makes smaller, another one in each version. */
function version(number: number): Record<string, string> {
  let seed = number + 1;
  const blob = Array.from({ length: 80_000 }, () => { seed = (seed * 48_271) % 2_147_483_647; return seed.toString(36); }).join('');
  return { ...runtime(`${ECHO_WEB} env.BLOB = "\${./blob}";`), blob: `${number} ${blob}` };
}

test('disk stays under its bound, everything listed rolls back, and collecting the store meanwhile breaks nothing', async ({ world }) => {
  const shop = await world.repo('shop', version(0));
  const used: { readonly deploys: number; readonly store: number; readonly root: number; readonly repo: number }[] = [];
  for (let number = 1; number <= DEPLOYS; number += 1) {
    // The history of the source itself grows; a forced push gives it up, as a branch that is rebased does.
    await shop.git('checkout', '-q', '--orphan', `o${number}`);
    await shop.commit(`version ${number}`, version(number));
    const pushed = await shop.push('-f', 'hop3', 'HEAD:main');
    assert.is(pushed.code, 0, pushed.output);
    if (number % 25 !== 0) continue;
    // Objects of the last day stay by design; here the day is over.
    const packs = join(world.root, 'repos/shop.git/objects');
    await exec('find', [packs, '-exec', 'touch', '-d', '2 days ago', '{}', '+']);
    for (const args of [['gc'], ['gc', '--store']]) assert.is((await world.hop3(...args)).code, 0);
    assert.is((await exec('nix-collect-garbage', ['-d'], { env: world.env })).code, 0);
    used.push({ deploys: number, store: await bytesOf(NIX), root: await bytesOf(world.root), repo: await bytesOf(join(world.root, 'repos')) });
    process.stdout.write(`${JSON.stringify(used.at(-1))}\n`);
    assert.is((await world.get('shop')).status, 200);
  }
  const [first, last] = [used[0]!, used.at(-1)!];
  assert.ok(last.store - first.store < 2 * MB, 'the store does not grow');
  assert.ok(last.root - first.root < 4 * MB, 'HOP3_ROOT does not grow');
  await until('old paths to be gone', async () => (await readdir(join(NIX, 'store'))).length < 80, 60);
});

test('every release that is listed rolls back', async ({ world }) => {
  const { releases } = JSON.parse((await world.hop3('releases', '--app', 'shop', '-n', '1000', '--json')).stdout) as { releases: { version: number; live: boolean; can_roll_back: boolean }[] };
  const listed = releases.filter(({ can_roll_back: can }) => can);
  assert.ok(listed.length >= 8, `${listed.length} can be rolled back to`);
  assert.ok(listed.length <= 10);
  // One is tried; the next may drop out of the list with each rollback, which is a release too.
  for (let times = 0; times < listed.length; times += 1) {
    const now = JSON.parse((await world.hop3('releases', '--app', 'shop', '-n', '1000', '--json')).stdout) as { releases: typeof releases };
    const oldest = now.releases.findLast(({ can_roll_back: can, live }) => can && !live)!;
    const back = await world.hop3('rollback', `v${oldest.version}`, '--app', 'shop');
    assert.is(back.code, 0, back.output);
  }
});

test.run();
