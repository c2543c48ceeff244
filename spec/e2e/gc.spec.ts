// limit: 300
import { access, lutimes, mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesOf } from '../../src/pipeline/gc-files.ts';
import { asOrdinaryUser } from './ordinary-user.ts';
import { inOwnStore } from './own-store.ts';
import { ECHO_WEB, runtime } from './tiny-apps.ts';
import { exec, until, World, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);
await inOwnStore(import.meta.url);
const NIX = process.env['HOP3_SPEC_OWN_STORE']!;

const test = suite<{ world: World; shop: Repo }>('disk');

/** A web app that carries a file of 700 kB, another one in each version. */
const version = (number: number) => ({ ...runtime(`${ECHO_WEB} env.BLOB = "\${./blob}";`), blob: `version ${number}\n${'x'.repeat(700_000)}` });

test.before(async (context) => {
  // Two old blobs fit.
  context.world = await World.start({ HOP3_KEEP_RELEASES: '5', HOP3_KEEP_BYTES: '1500K', HOP3_KEEP_BUILD_LOGS: '4' });
  context.shop = await context.world.repo('shop', version(1));
});
test.after(async ({ world }) => { await world.stop(); });

interface Release { readonly version: number; readonly live: boolean; readonly can_roll_back: boolean; readonly commit: string; readonly build: number }
const releases = async (world: World) => (JSON.parse((await world.hop3('releases', '--app', 'shop', '--json')).stdout) as { releases: Release[] }).releases;
const blobs = async () => (await readdir(join(NIX, 'store'))).filter((name) => name.endsWith('-blob') || name.endsWith('-source')).length;
/** Without the 8 MB that nix sets aside so that it can delete on a full disk: it drops and makes them again as it goes. */
const onDisk = async (world: World) => await bytesOf(NIX) - await bytesOf(join(NIX, 'var/nix/db/reserved')) + await bytesOf(world.root);
const runs = async (world: World) => (JSON.parse((await world.get('shop')).body) as { HOP3_RELEASE: string }).HOP3_RELEASE;

async function deploy(shop: Repo, number: number): Promise<void> {
  await shop.commit(`version ${number}`, version(number));
  const pushed = await shop.push();
  assert.is(pushed.code, 0, pushed.output);
}

test('the newest releases that fit into the bytes can be rolled back to; older ones are history', async ({ world, shop }) => {
  for (const number of [1, 2, 3, 4, 5, 6]) await deploy(shop, number);
  assert.equal((await releases(world)).map(({ version: number, can_roll_back: can }) => [number, can]), [[6, true], [5, true], [4, true], [3, false], [2, false], [1, false]]);
  assert.match((await world.hop3('releases', '--app', 'shop')).stdout, /^v3 .*history only$/m);
  const refused = await world.hop3('rollback', 'v3', '--app', 'shop');
  assert.is.not(refused.code, 0);
  assert.match(refused.stderr, 'The build of v3 is no longer kept.');
  assert.match(refused.stderr, /git push -f hop3 [0-9a-f]{40}:main/);
  assert.is(await runs(world), 'v6');
});

test('what the old builds had in the store is deleted, so that the disk does not grow with deploys', async ({ world, shop }) => {
  // A blob as it was pushed and as part of a source tree, of each of the three kept versions.
  await until('old blobs to be gone', async () => (await blobs()) <= 6, 60);
  const before = await onDisk(world);
  for (const number of [7, 8, 9, 10]) await deploy(shop, number);
  await until('old blobs to be gone', async () => (await blobs()) <= 6, 60);
  const after = await onDisk(world);
  // Kept, the four would have added 5.6 MB; databases and logs grow, too.
  assert.ok(after - before < 2_800_000, `${before} bytes before, ${after} after four more deploys`);
});

test('build logs stay of the newest attempts and of what can be rolled back to', async ({ world }) => {
  const kept = (await readdir(join(world.root, 'apps/shop/builds'))).map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
  const [first] = await releases(world);
  assert.is(kept.length, 4, kept.join(' '));
  assert.ok(kept.includes(first!.build));
  const gone = await world.hop3('builds', 'log', 'b1', '--app', 'shop');
  assert.is.not(gone.code, 0);
  assert.match(gone.stderr, 'The log of build b1 of shop is not kept any more.');
});

test('nix-collect-garbage -d while visitors come takes nothing that is live or listed', async ({ world }) => {
  let end = false;
  const answers: string[] = [];
  const visitors = Promise.all([0, 1, 2, 3].map(async () => {
    while (!end) answers.push(await world.get('shop').then(({ status }) => String(status), String));
  }));
  try {
    const collected = await exec('nix-collect-garbage', ['-d'], { env: world.env });
    assert.is(collected.code, 0, collected.output);
    const listed = (await releases(world)).filter(({ can_roll_back: can, live }) => can && !live);
    assert.is(listed.length, 2);
    for (const { version: number } of listed) {
      const back = await world.hop3('rollback', `v${number}`, '--app', 'shop');
      assert.is(back.code, 0, back.output);
      assert.match(back.output, 'nothing to build');
    }
  } finally {
    end = true;
    await visitors;
  }
  assert.ok(answers.length > 50, `${answers.length} visits`);
  assert.equal(answers.filter((answer) => answer !== '200'), []);
  // The commit behind the older one is the live one now, and hangs on the branch.
  assert.is(await world.branch('shop'), (await releases(world))[0]!.commit);
});

test('hop3 gc --dry-run says what would go and takes nothing; hop3 gc takes it', async ({ world, shop }) => {
  const { root } = world;
  const yesterday = (Date.now() - 25 * 3600 * 1000) / 1000;
  // A push that breaks leaves its objects in the repository: git had taken them in before the build began.
  await shop.commit('broken', { 'hop3.nix': 'no nix {', junk: Array.from({ length: 40_000 }, (_, index) => `${index * 7919 % 104_729}`).join('\n') });
  assert.is.not((await shop.push()).code, 0);
  const packs = join(root, 'repos/shop.git/objects/pack');
  for (const name of await readdir(packs)) await utimes(join(packs, name), yesterday, yesterday);
  for (const dir of ['checkouts/shop-abcdef', 'repos/shop.git/objects/tmp_objdir-incoming-x1']) {
    await mkdir(join(root, dir));
    await writeFile(join(root, dir, 'file'), 'x'.repeat(100_000));
    for (const path of [join(root, dir, 'file'), join(root, dir)]) await utimes(path, yesterday, yesterday);
  }
  await symlink('/nix/store', join(root, 'apps/shop/roots/999'));
  await lutimes(join(root, 'apps/shop/roots/999'), yesterday, yesterday);
  await mkdir(join(root, 'apps/shop/logs/gone.1/v1.a'), { recursive: true });
  // Under way, for all that is known: they stay.
  await mkdir(join(root, 'checkouts/shop-young'));
  await mkdir(join(root, 'repos/shop.git/objects/tmp_objdir-incoming-young'));

  const dry = await world.hop3('gc', '--dry-run');
  assert.is(dry.code, 0, dry.output);
  for (const line of [/^shop +1 broken-off push +\d+ KB$/m, /^- +1 checkout of a deploy that is over +\d+ KB$/m, /^shop +1 root that no build has/m, /^shop +1 directory of old output/m, /^shop +objects that no branch leads to, at most +\d+ KB$/m]) assert.match(dry.stdout, line);
  assert.match(dry.stderr, /^\d+(?:\.\d+)? [KM]B would be freed\. Nothing was removed\.$/m);
  const old = ['checkouts/shop-abcdef', 'repos/shop.git/objects/tmp_objdir-incoming-x1', 'apps/shop/logs/gone.1/v1.a'];
  for (const path of old) await access(join(root, path));

  const before = await bytesOf(join(root, 'repos'));
  const collected = await world.hop3('gc');
  assert.is(collected.code, 0, collected.output);
  assert.match(collected.stderr, / freed\.$/m);
  assert.match(collected.stdout, /^shop +packed anew +\d+ KB$/m);
  for (const path of old) assert.not(await access(join(root, path)).then(() => true, () => false), path);
  for (const path of ['checkouts/shop-young', 'repos/shop.git/objects/tmp_objdir-incoming-young']) await access(join(root, path));
  assert.ok(await bytesOf(join(root, 'repos')) < before);
  assert.is((await exec('git', ['--git-dir', join(root, 'repos/shop.git'), 'fsck', '--full'], { env: world.env })).code, 0);

  const again = await world.hop3('gc', '--dry-run');
  assert.is(again.stdout, '', again.output);
  assert.match(again.stderr, 'There is nothing to remove.');
});

test('after it each release that is listed still rolls back, and hop3 gc --store spares them too', async ({ world }) => {
  const store = await world.hop3('gc', '--store');
  assert.is(store.code, 0, store.output);
  assert.match(store.stdout, /^- +store paths that no root kept +/m);
  // Each rollback is a release too, and may put another one out of the list.
  for (let times = 0; times < 3; times += 1) {
    const oldest = (await releases(world)).findLast(({ can_roll_back: can, live }) => can && !live)!;
    const back = await world.hop3('rollback', `v${oldest.version}`, '--app', 'shop');
    assert.is(back.code, 0, back.output);
    assert.is(await world.branch('shop'), oldest.commit);
  }
  assert.is((await world.get('shop')).status, 200);
});

test.run();
