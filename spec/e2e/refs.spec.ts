// limit: 300
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { site, told } from './tiny-apps.ts';
import { exec, World, type Ran, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);
const test = suite<{ world: World; shop: Repo; first: string; url: string }>('what may be pushed, and what it does');

test.before(async (context) => {
  context.world = await World.start();
  context.shop = await context.world.repo('shop', site('one'));
  context.first = await context.shop.git('rev-parse', 'HEAD');
  context.url = `http://127.0.0.1:${context.world.port}/shop.git`;
});
test.after(async ({ world }) => { await world.stop(); });

/** What the last push that went live has put there. */
let running = '';

const releases = async (world: World, app = 'shop'): Promise<string[]> =>
  (JSON.parse((await world.hop3('releases', '--app', app, '--json')).stdout) as { releases: { version: number; description: string }[] }).releases.map((release) => `v${release.version} ${release.description}`);

/** A refused push: exit 1, these lines to the letter, and what ran before runs on under the same number. */
async function refused(world: World, ran: Ran, ...lines: string[]): Promise<void> {
  assert.is(ran.code, 1, ran.output);
  const text = told(ran).split('\n');
  for (const line of lines) assert.ok(text.includes(line), `missing: ${line}\nin:\n${ran.output}`);
  assert.not.match(ran.output, 'Released');
  assert.is((await world.get('shop')).status, 200);
  assert.is(await world.branch('shop'), running, 'the branch names what is live');
}

/** A push that went live: the branch names the commit and the page is the commit's. */
async function live(world: World, ran: Ran, commit: string, page: string): Promise<void> {
  assert.is(ran.code, 0, ran.output);
  assert.match(ran.stderr, 'Released v');
  assert.is(await world.branch('shop'), commit);
  assert.is((await world.get('shop')).body, `${page}\n`);
  running = commit;
}

test('the first push of another branch than main or master makes nothing', async ({ world, shop }) => {
  const pushed = await shop.push('hop3', 'main:topic');
  assert.is(pushed.code, 1);
  assert.match(told(pushed), [
    'remote:  !     Push rejected: topic cannot be the deployed branch: the first push goes to main or master.',
    'remote:        To deploy it: git push hop3 topic:main',
  ].join('\n'));
  assert.match(pushed.stderr, ' ! [remote rejected] main -> topic (topic cannot be the deployed branch: the first push goes to main or master [HOP3_OTHER_BRANCH])');
  const both = await shop.push('hop3', 'main', 'main:master');
  assert.is(both.code, 1);
  assert.is(both.stderr.match(/Push rejected: main and master in one push: only one of them can be the deployed branch\./g)?.length, 1, both.output);
  assert.is((await world.hop3('app', 'status', '--app', 'shop')).code, 3, 'no app was made');
});

test('the first push of main makes it the deployed branch', async ({ world, shop, first }) => {
  await live(world, await shop.push(), first, 'one');
});

test('a second branch is refused with the command to type, and so is master', async ({ world, shop, url }) => {
  await shop.git('branch', 'topic');
  await refused(world, await shop.push('hop3', 'topic'),
    'remote:  !     Push rejected: topic is not the deployed branch, which is main.',
    'remote:        To deploy it: git push hop3 topic:main',
    `To ${url}`,
    ' ! [remote rejected] topic -> topic (topic is not the deployed branch, which is main [HOP3_OTHER_BRANCH])');
  await refused(world, await shop.push('hop3', 'main:master'),
    ' ! [remote rejected] main -> master (master is not the deployed branch, which is main [HOP3_OTHER_BRANCH])');
});

test('an annotated tag deploys its commit, and the branch names the commit', async ({ world, shop }) => {
  const commit = await shop.commit('two', site('two'));
  await shop.git('tag', '-a', 'release-1', '-m', 'release-1');
  const tag = await shop.git('rev-parse', 'release-1');
  const pushed = await shop.push('hop3', 'release-1:main');
  await live(world, pushed, commit, 'two');
  assert.match(pushed.stderr, `remote:        ${tag.slice(0, 7)} is an annotated tag: its commit ${commit.slice(0, 7)} is what goes live.`);
  assert.match((await shop.push()).stderr, 'Everything up-to-date');
});

test('a tag alone is kept and deploys nothing; so does its deletion', async ({ world, shop }) => {
  const before = await releases(world);
  const kept = await shop.push('hop3', 'release-1');
  assert.is(kept.code, 0, kept.output);
  assert.match(told(kept), [
    'remote: -----> Nothing was deployed: a push of tags alone only keeps them',
    'remote:        To deploy it: git push hop3 release-1^{commit}:main',
  ].join('\n'));
  assert.match(await shop.git('ls-remote', '--tags', 'hop3'), 'refs/tags/release-1');
  const gone = await shop.push('hop3', ':release-1');
  assert.is(gone.code, 0, gone.output);
  assert.match(told(gone), 'remote: -----> Nothing was deployed: only refs that nothing runs from were deleted');
  assert.is(await shop.git('ls-remote', '--tags', 'hop3'), '');
  assert.equal(await releases(world), before);
});

test('the deployed branch cannot be deleted', async ({ world, shop }) => {
  for (const args of [['hop3', ':main'], ['hop3', '--delete', 'main'], ['-f', 'hop3', ':refs/heads/main']]) {
    await refused(world, await shop.push(...args),
      'remote:  !     Push rejected: main is the deployed branch and cannot be deleted.',
      'remote:        To end the app: hop3 app destroy. To go back to an older commit: git push -f hop3 <commit>:main',
      ' ! [remote rejected] main (main is the deployed branch and cannot be deleted [HOP3_DELETE_BRANCH])');
  }
});

test('what is no commit is refused', async ({ world, shop }) => {
  const blob = await shop.git('rev-parse', 'HEAD:index.html');
  await refused(world, await shop.push('-f', 'hop3', `${blob}:refs/heads/main`),
    `remote:  !     Push rejected: ${blob.slice(0, 7)} is a blob, not a commit.`,
    'remote:        Push a commit: git push hop3 HEAD:main');
});

test('an older commit goes live with -f only, as a rollback', async ({ world, shop, first }) => {
  const newest = await shop.git('rev-parse', 'main');
  await refused(world, await shop.push('hop3', `${first}:main`), ` ! [rejected]        ${first} -> main (non-fast-forward)`);
  const back = await shop.push('-f', 'hop3', `${first}:main`);
  await live(world, back, first, 'one');
  assert.match(told(back), [`remote: -----> Rollback to v1: ${first.slice(0, 7)} was live before`, 'remote: -----> This tree is already built: nothing to build'].join('\n'));
  assert.is((await releases(world))[0], 'v3 Rollback to v1');
  await live(world, await shop.push(), newest, 'two');
});

test('two refs of which one is refused: neither is done, with --atomic and without', async ({ world, shop }) => {
  await shop.commit('three', site('three'));
  const before = await releases(world);
  for (const args of [['hop3', 'main', 'topic'], ['--atomic', 'hop3', 'main', 'topic'], ['--all', 'hop3']]) {
    await refused(world, await shop.push(...args),
      ' ! [remote rejected] main -> main (main was left alone because topic in the same push was refused [HOP3_WHOLE_PUSH])',
      ' ! [remote rejected] topic -> topic (topic is not the deployed branch, which is main [HOP3_OTHER_BRANCH])');
  }
  await refused(world, await shop.push('--mirror', 'hop3'),
    'remote:  !     Push rejected: refs/remotes/hop3/main is neither a branch nor a tag.',
    'remote:        Hop3 keeps the deployed branch and tags. Push the branch alone: git push hop3 main',
    ' ! [remote rejected] hop3/main -> hop3/main (refs/remotes/hop3/main is neither a branch nor a tag [HOP3_REF_KIND])');
  assert.equal(await releases(world), before);
});

test('the branch and its tags go together, or not at all', async ({ world, shop }) => {
  await shop.git('tag', '-a', 'release-3', '-m', 'release-3');
  await live(world, await shop.push('--atomic', '--follow-tags', 'hop3', 'main'), await shop.git('rev-parse', 'main'), 'three');
  assert.match(await shop.git('ls-remote', '--tags', 'hop3'), 'refs/tags/release-3');

  const good = await shop.git('rev-parse', 'main');
  await shop.commit('broken', { 'hop3.nix': '{' });
  await shop.git('tag', '-a', 'release-4', '-m', 'release-4');
  for (const atomic of [[], ['--atomic']]) {
    await refused(world, await shop.push(...atomic, '--follow-tags', 'hop3', 'main'),
      ' ! [remote rejected] release-4 -> release-4 (left alone because main was not deployed [HOP3_WHOLE_PUSH])');
  }
  assert.not.match(await shop.git('ls-remote', '--tags', 'hop3'), 'release-4');

  // A rejected commit is never "up-to-date": each push tried again.
  const builds = JSON.parse((await world.hop3('builds', '--app', 'shop', '--json')).stdout) as { builds: { status: string; commit: string }[] };
  assert.equal(builds.builds.slice(0, 2).map((build) => build.status), ['failed', 'failed']);
  await shop.git('reset', '-q', '--hard', good);
  await shop.git('tag', '-d', 'release-4');
});

test('push options are taken and change nothing', async ({ world, shop }) => {
  const commit = await shop.commit('options', site('options'));
  await live(world, await shop.push('-o', 'ci.skip', '-o', 'x="$(id)"', 'hop3', 'main'), commit, 'options');
});

test('--all of a repository with that one branch deploys it', async ({ world, shop }) => {
  await shop.git('branch', '-q', '-D', 'topic');
  const commit = await shop.commit('all', site('all'));
  await live(world, await shop.push('--all', 'hop3'), commit, 'all');
});

test('a detached HEAD is pushed as HEAD:main', async ({ world, shop }) => {
  await shop.git('checkout', '-q', '--detach');
  const commit = await shop.commit('detached', site('detached'));
  await live(world, await shop.push('hop3', 'HEAD:main'), commit, 'detached');
  await shop.git('checkout', '-q', '-B', 'main');
});

test('a shallow clone deploys where the history is known, and is refused where it is not', async ({ world, shop }) => {
  const dir = join(world.home, 'shallow');
  const git = (...args: string[]) => exec('git', args, { cwd: dir, env: world.env });
  assert.is((await exec('git', ['clone', '-q', '--depth', '1', `file://${shop.dir}`, dir], { env: world.env })).code, 0);
  await git('commit', '-q', '--allow-empty', '-m', 'from a shallow clone');
  const commit = (await git('rev-parse', 'HEAD')).stdout.trim();
  await live(world, await git('push', await shop.git('remote', 'get-url', 'hop3'), 'main'), commit, 'detached');

  const url = `http://hop3:${await world.token()}@127.0.0.1:${world.port}/fresh.git`;
  const refusal = await git('push', url, 'main');
  assert.is(refusal.code, 1, refusal.output);
  assert.match(told(refusal), [
    `remote:  !     Push rejected: ${commit.slice(0, 7)} comes from a shallow clone: parents of its history are missing.`,
    'remote:        Get the whole history, then push again:',
    'remote:        git fetch --unshallow && git push hop3 HEAD:main',
  ].join('\n'));
  assert.match(refusal.stderr, `(${commit.slice(0, 7)} comes from a shallow clone: parents of its history are missing [HOP3_SHALLOW_PUSH])`);
  assert.is(await world.branch('fresh'), null);
  // What the message says to do works.
  assert.is((await git('fetch', '-q', '--unshallow')).code, 0);
  const whole = await git('push', url, 'HEAD:main');
  assert.is(whole.code, 0, whole.output);
});

test('a clone with the app\'s own token checks out what is live; a push on an old clone is refused by git itself', async ({ world, shop }) => {
  const made = JSON.parse((await world.hop3('token', 'create', '--app', 'shop', '--name', 'bob', '--json')).stdout) as { token: string };
  const dir = join(world.home, 'bob');
  const bob = (...args: string[]) => exec('git', args, { cwd: dir, env: world.env });
  const cloned = await exec('git', ['clone', '-q', `http://x:${made.token}@127.0.0.1:${world.port}/shop.git`, dir], { env: world.env });
  assert.is(cloned.code, 0, cloned.output);
  assert.is((await bob('rev-parse', 'main')).stdout.trim(), await world.branch('shop'));

  await shop.git('pull', '-q', '--ff-only', 'hop3', 'main');
  const commit = await shop.commit('ann', site('ann'));
  await live(world, await shop.push(), commit, 'ann');
  await bob('commit', '-q', '--allow-empty', '-m', 'bob');
  await refused(world, await bob('push', 'origin', 'main'), ' ! [rejected]        main -> main (fetch first)');
  await refused(world, await bob('push', '--force-with-lease', 'origin', 'main'), ' ! [rejected]        main -> main (stale info)');
  // After a look it is an ordinary push, with bob's name on it.
  assert.is((await bob('pull', '-q', '--rebase')).code, 0);
  const pushed = await bob('push', 'origin', 'main');
  await live(world, pushed, (await bob('rev-parse', 'main')).stdout.trim(), 'ann');
  assert.match((await world.hop3('releases', '--app', 'shop', '-n', '1')).stdout, /v\d+ .*bob/);
});

test('going to and fro with hop3 rollback: the branch names what is live each time, and each release its own commit', async ({ world }) => {
  const repo = await world.repo('swing', site('one'));
  const one = await repo.git('rev-parse', 'HEAD');
  assert.is((await repo.push()).code, 0);
  const two = await repo.commit('two', site('two'));
  assert.is((await repo.push()).code, 0);
  for (const [to, commit, page] of [['v1', one, 'one'], ['v2', two, 'two'], ['v3', one, 'one'], ['v2', two, 'two']] as const) {
    const back = await world.hop3('rollback', to, '--app', 'swing');
    assert.is(back.code, 0, back.output);
    assert.match(back.output, `-----> Rollback to ${to} (${commit.slice(0, 7)})`);
    assert.is(await world.branch('swing'), commit, `after the rollback to ${to}`);
    assert.is((await world.get('swing')).body, `${page}\n`);
    const [newest] = (JSON.parse((await world.hop3('releases', '--app', 'swing', '-n', '1', '--json')).stdout) as { releases: { commit: string }[] }).releases;
    assert.is(newest!.commit, commit, 'the release names its commit');
  }
  assert.match((await repo.push()).stderr, 'Everything up-to-date');
});

test.run();
