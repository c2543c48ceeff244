// limit: 240
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOrdinaryUser } from './ordinary-user.ts';
import { exec, until, World, type Repo } from './world.ts';

await asOrdinaryUser(import.meta.url);

const test = suite<{ world: World; shop: Repo }>('another deployed branch');

const SITE = {
  'hop3.nix': `{ pkgs ? import <nixpkgs> {} }: {
  package = pkgs.runCommand "site" {} ''
    mkdir -p $out/hop3 $out/www
    cp \${./index.html} $out/www/index.html
    echo "{\\"workers\\": {\\"static\\": \\"$out/www\\"}}" > $out/hop3/runtime.json
  '';
}
`,
  'index.html': 'one',
};

test.before(async (context) => {
  context.world = await World.start();
  context.shop = await context.world.repo('shop', SITE);
  const pushed = await context.shop.push();
  assert.is(pushed.code, 0, pushed.output);
});
test.after(async ({ world }) => { await world.stop(); });

const serverGit = (world: World, app: string, ...args: string[]) => exec('git', ['--git-dir', join(world.root, 'repos', `${app}.git`), ...args], { env: world.env });
const branches = async (world: World, app: string) => (await serverGit(world, app, 'for-each-ref', '--format=%(refname:short) %(objectname)', 'refs/heads')).stdout.trim();
const head = async (world: World, app: string) => (await readFile(join(world.root, 'repos', `${app}.git`, 'HEAD'), 'utf8')).trim();

test('what is live stays, and the new branch names it; the old one is gone', async ({ world, shop }) => {
  const live = await shop.git('rev-parse', 'HEAD');
  const set = await world.hop3('app', 'set-branch', 'topic', '--app', 'shop');
  assert.is(set.code, 0, set.output);
  assert.is(set.stderr, 'topic is the deployed branch of shop now; v1 stays live. To deploy: git push hop3 topic\n');
  assert.is(await branches(world, 'shop'), `topic ${live}`);
  assert.is(await head(world, 'shop'), 'ref: refs/heads/topic');
  assert.is((await world.get('shop')).body, 'one');
  assert.is(JSON.parse((await world.hop3('apps', '--json')).stdout).apps[0].branch, 'topic');
});

test('a push to the branch of before is refused with the command that deploys, a push to the new one goes live', async ({ world, shop }) => {
  await shop.commit('two', { 'index.html': 'two' });
  const refused = await shop.push();
  assert.is(refused.code, 1);
  assert.match(refused.stderr, 'main -> main (main is not the deployed branch, which is topic [HOP3_OTHER_BRANCH])');
  assert.match(refused.stderr, 'git push hop3 main:topic');
  assert.is((await world.get('shop')).body, 'one');
  const pushed = await shop.push('hop3', 'main:topic');
  assert.is(pushed.code, 0, pushed.output);
  assert.match(pushed.stderr, 'Released v2');
  assert.is((await world.get('shop')).body, 'two');
});

test('a clone checks the deployed branch out', async ({ world, shop }) => {
  const dir = join(world.home, 'clone');
  const cloned = await exec('git', ['clone', '-q', await shop.git('remote', 'get-url', 'hop3'), dir], { env: world.env });
  assert.is(cloned.output, '');
  assert.is((await exec('git', ['branch', '--show-current'], { cwd: dir, env: world.env })).stdout, 'topic\n');
});

test('a commit that a rollback left behind survives the change of branch and git\'s clean-up', async ({ world, shop }) => {
  assert.is((await world.hop3('rollback', 'v1', '--app', 'shop')).code, 0);
  assert.is((await world.hop3('app', 'set-branch', 'release/2', '--app', 'shop')).code, 0);
  assert.is(await branches(world, 'shop'), `release/2 ${await shop.git('rev-parse', 'HEAD~1')}`);
  assert.is((await serverGit(world, 'shop', '-c', 'gc.auto=1', 'gc', '-q', '--prune=now')).code, 0);
  const again = await world.hop3('rollback', 'v2', '--app', 'shop');
  assert.is(again.code, 0, again.output);
  assert.is((await world.get('shop')).body, 'two');
  assert.is(await branches(world, 'shop'), `release/2 ${await shop.git('rev-parse', 'HEAD')}`);
});

test('a branch that is there at another commit is not taken, and nothing changes', async ({ world, shop }) => {
  const older = await shop.git('rev-parse', 'HEAD~1');
  await serverGit(world, 'shop', 'update-ref', 'refs/heads/side', older);
  const before = await branches(world, 'shop');
  const refused = await world.hop3('app', 'set-branch', 'side', '--app', 'shop');
  assert.is(refused.code, 6);
  assert.match(refused.stderr, `The server has a branch side already, at ${older.slice(0, 7)}; `);
  assert.match(refused.stderr, 'Nothing was changed. Remove it (git push hop3 :side), or choose another name.');
  const inTheWay = await world.hop3('app', 'set-branch', 'release', '--app', 'shop');
  assert.is(inTheWay.code, 6);
  assert.match(inTheWay.stderr, 'git cannot hold release and release/2 side by side');
  assert.is(await branches(world, 'shop'), before);
  assert.is((await shop.push('hop3', ':side')).code, 0);
  assert.is((await world.hop3('app', 'set-branch', 'side', '--app', 'shop')).code, 0);
  assert.is((await world.hop3('app', 'set-branch', 'side', '--app', 'shop')).code, 0, 'again is no error');
  assert.match(await branches(world, 'shop'), /^side [0-9a-f]{40}$/);
});

test('what a server that died in between left undone is done at its next start', async ({ world }) => {
  const live = (await branches(world, 'shop')).split(' ')[1]!;
  await serverGit(world, 'shop', 'update-ref', 'refs/heads/before', live);
  await serverGit(world, 'shop', 'symbolic-ref', 'HEAD', 'refs/heads/before');
  const pid = await world.serverPid();
  process.kill(pid, 'SIGKILL');
  await until('the server to come back', async () => (await world.api('/healthz').catch(() => null))?.status === 200 && (await world.serverPid()) !== pid);
  assert.is(await branches(world, 'shop'), `side ${live}`);
  assert.is(await head(world, 'shop'), 'ref: refs/heads/side');
});

test('before the first push it says which branch that will be', async ({ world }) => {
  assert.is((await world.hop3('app', 'create', '--app', 'blog')).code, 0);
  assert.is((await world.hop3('app', 'set-branch', 'publish', '--app', 'blog')).code, 0);
  const blog = await world.repo('blog', SITE);
  const refused = await blog.push();
  assert.is(refused.code, 1);
  assert.match(refused.stderr, 'git push hop3 main:publish');
  const pushed = await blog.push('hop3', 'main:publish');
  assert.is(pushed.code, 0, pushed.output);
  assert.is(await head(world, 'blog'), 'ref: refs/heads/publish');
});

test('a push that waited while the branch was changed is refused at its turn', async ({ world }) => {
  const wiki = await world.repo('wiki', SITE);
  assert.is((await wiki.push()).code, 0);
  // The time in it, since Nix builds nothing twice.
  await wiki.edit('hop3.nix', (text) => text.replace('mkdir', `sleep 4 # ${Date.now()}\n    mkdir`));
  await wiki.commit('slow');
  let said = '';
  const slow = exec('git', ['push', 'hop3', 'main'], { cwd: wiki.dir, env: world.env, onOutput: (text) => { said += text; } });
  await until('the slow build', () => said.includes('Building with Nix'));
  const change = world.hop3('app', 'set-branch', 'topic', '--app', 'wiki');
  // It has no way to say that it waits; the command starts in a tenth of this.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await wiki.commit('late', { 'index.html': 'late' });
  const late = await wiki.push();
  assert.is((await slow).code, 0);
  assert.is((await change).code, 0);
  assert.is(late.code, 1);
  assert.match(late.stderr, 'Waiting: wiki is busy with the deploy of ');
  assert.match(late.stderr, '(1 more before this one)');
  assert.match(late.stderr, 'main -> main (main is not the deployed branch any more, which is topic [HOP3_OTHER_BRANCH])');
  assert.is((await world.get('wiki')).body, 'one');
});

test('what cannot be a branch is refused with exit code 2', async ({ world }) => {
  const refused = await world.hop3('app', 'set-branch', 'refs/heads/main', '--app', 'blog');
  assert.is(refused.code, 2);
  assert.match(refused.stderr, /"refs\/heads\/main" cannot be the name of a branch\.[^]*Say the branch alone: hop3 app set-branch main[^]*\[HOP3_BRANCH_NAME\]/);
  assert.match(await branches(world, 'blog'), /^publish /);
});

test.run();
