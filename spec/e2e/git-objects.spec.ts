import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hop3Error } from '../../src/errors.ts';
import { checkoutTree, deleteRef, hasWholeHistory, headBranch, isAncestor, listTree, lookUp, setHead, updateRef } from '../../src/git/objects.ts';
import { moveBranch } from '../../src/git/move-branch.ts';
import { readRef } from '../../src/git/read-ref.ts';
import { parseBranchName } from '../../src/git/ref-name.ts';
import { createBareRepo } from '../../src/git/repo.ts';
import { asOid, parseAppName, type Oid } from '../../src/names.ts';
import { Paths } from '../../src/paths.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

const objects = suite('what the pipeline asks of git');
let home = '';
let repo = '';
let one: Oid, two: Oid, tag: Oid;
const treeOf = async (commit: Oid) => (await lookUp(repo, [`${commit}^{tree}`]))[0]!.oid;
const BAD_NAME = Buffer.from([0x62, 0xe4, 0x64, 0x0a, 0x22, 0x5c]);

objects.before(async () => {
  home = mkdtempSync('/var/tmp/hop3-objects-');
  const paths = new Paths(join(home, 'root'));
  mkdirSync(paths.root, { recursive: true });
  const app = parseAppName('shop');
  await createBareRepo(paths, app);
  repo = paths.repo(app);
  const work = join(home, 'work');
  const env = { PATH: '/usr/bin:/bin', HOME: home, GIT_CONFIG_NOSYSTEM: '1', GIT_AUTHOR_NAME: 'Ann', GIT_AUTHOR_EMAIL: 'a@example.org', GIT_COMMITTER_NAME: 'Ann', GIT_COMMITTER_EMAIL: 'a@example.org' };
  const git = (...args: string[]) => execFileSync('git', args, { cwd: work, env, encoding: 'utf8' }).trim();
  mkdirSync(join(work, 'dir/größe'), { recursive: true });
  execFileSync('git', ['init', '-q', work], { env });
  writeFileSync(join(work, 'a file'), 'one\n');
  git('add', '-A');
  git('commit', '-q', '-m', 'one');
  one = asOid(git('rev-parse', 'HEAD'));
  writeFileSync(join(work, 'run.sh'), '#!/bin/sh\n');
  chmodSync(join(work, 'run.sh'), 0o755);
  symlinkSync('../a file', join(work, 'dir/größe/link'));
  writeFileSync(Buffer.concat([Buffer.from(`${work}/`), BAD_NAME]), '12345');
  writeFileSync(join(work, 'tab\there'), '');
  git('add', '-A');
  git('update-index', '--add', '--cacheinfo', `160000,${one},sub`);
  git('commit', '-q', '-m', 'two');
  git('tag', '-a', 'v1', '-m', 'v1');
  two = asOid(git('rev-parse', 'HEAD'));
  tag = asOid(git('rev-parse', 'v1'));
  git('push', '-q', repo, 'v1:refs/tags/v1');
});
objects.after(() => rmSync(home, { recursive: true, force: true }));

objects('a new repository is for Hop3\'s own user alone and keeps what a branch once named', async () => {
  assert.is(statSync(repo).mode & 0o777, 0o700);
  assert.is(readFileSync(join(repo, 'HEAD'), 'utf8'), 'ref: refs/heads/main\n');
  await updateRef(repo, 'refs/heads/kept', two, null);
  await updateRef(repo, 'refs/heads/kept', one, two);
  execFileSync('git', [`--git-dir=${repo}`, 'update-ref', '-d', 'refs/tags/v1']);
  execFileSync('git', [`--git-dir=${repo}`, 'gc', '-q', '--prune=now']);
  assert.equal(await lookUp(repo, [two]), [{ oid: two, type: 'commit' }]);
  await deleteRef(repo, 'refs/heads/kept', one);
  execFileSync('git', [`--git-dir=${repo}`, 'fetch', '-q', join(home, 'work'), 'refs/tags/v1:refs/tags/v1']);
});

objects('commits, trees, tags and ancestry', async () => {
  const tree = asOid(execFileSync('git', [`--git-dir=${repo}`, 'rev-parse', `${two}^{tree}`], { encoding: 'utf8' }).trim());
  assert.equal(await lookUp(repo, [`${two}^{tree}`, tag, `${tag}^{commit}`, 'refs/heads/none', `${tree}^{commit}`, 'f'.repeat(40), one]), [
    { oid: tree, type: 'tree' }, { oid: tag, type: 'tag' }, { oid: two, type: 'commit' }, null, null, null, { oid: one, type: 'commit' },
  ]);
  assert.equal(await Promise.all([isAncestor(repo, one, two), isAncestor(repo, two, one), isAncestor(repo, one, one), isAncestor(repo, 'f'.repeat(40) as Oid, one)]), [true, false, true, false]);
  assert.ok(await hasWholeHistory(repo, two));
});

objects("a name of a branch is one that git takes too", () => {
  const names = [
    'main', 'release/2', 'ü', 'a@b', 'v1.0', 'feature-x_y', 'a/b/c', 'x'.repeat(200),
    '', ' ', 'a b', '-x', 'HEAD', '@', 'a..b', 'a.lock', 'a.lock/b', '.a', 'a/.b', 'a.', '/a', 'a/', 'a//b', 'a~1', 'a^', 'a:b', 'a?', 'a*', 'a[b', 'a\\b', 'a@{b', '@{-1}', 'a\nb', 'a\tb', 'a\u007f',
  ];
  for (const name of names) {
    const git = spawnSync('git', ['check-ref-format', '--branch', name]).status === 0 && spawnSync('git', ['check-ref-format', `refs/heads/${name}`]).status === 0;
    // git itself takes @ as another word for HEAD.
    assert.is(takes(name), git && name !== '@', JSON.stringify(name));
  }
  // Stricter than git: what would be a mistake, or repaint a terminal, or fit into no file name.
  for (const name of ['refs/heads/main', 'a\u009bb', 'a\u2028b', 'a./b', 'x'.repeat(300)]) assert.not(takes(name), JSON.stringify(name));
});

function takes(name: string): boolean {
  try {
    return parseBranchName(name) === name;
  } catch (error) {
    assert.is((error as Hop3Error).code, 'HOP3_BRANCH_NAME');
    return false;
  }
}

objects('a branch moves only from what it is thought to name', async () => {
  const ref = 'refs/heads/main';
  assert.is(readRef(repo, ref), null);
  await updateRef(repo, ref, one, null);
  const stale = await updateRef(repo, ref, two, null).then(() => null, (error: unknown) => error as Hop3Error);
  assert.is(stale?.code, 'HOP3_STALE_PUSH');
  assert.match(stale!.what, `main has moved to ${one.slice(0, 7)} since this push began.`);
  await updateRef(repo, ref, two, one);
  assert.is((await updateRef(repo, ref, two, one).then(() => null, (error: unknown) => error as Hop3Error))?.code, 'HOP3_STALE_PUSH');
  assert.is(readRef(repo, ref), two);
  await updateRef(repo, ref, one);
  assert.is(readRef(repo, ref), one);
  execFileSync('git', [`--git-dir=${repo}`, 'pack-refs', '--all']);
  assert.is(readRef(repo, ref), one, 'packed with the others');
  await updateRef(repo, ref, two, one);
  assert.is(readRef(repo, ref), two, 'a newer file beside the packed one counts');
  await updateRef(repo, ref, one, two);
  assert.is(readRef(repo, 'refs/heads'), null, 'a directory of refs is none');
  assert.is(readRef(repo, 'refs/heads/mai'), null);
  const missing = await updateRef(repo, ref, 'f'.repeat(40) as Oid, one).then(() => null, (error: unknown) => error as Hop3Error);
  assert.is(missing?.code, 'HOP3_COMMAND_FAILED');
  await setHead(repo, 'master');
  assert.is(readFileSync(join(repo, 'HEAD'), 'utf8'), 'ref: refs/heads/master\n');
  assert.is(headBranch(repo), 'master');
});

objects('a branch that a switch moves looks to git as if git had moved it', async () => {
  const ref = 'refs/heads/main';
  const head = readFileSync(join(repo, 'HEAD'), 'utf8');
  await setHead(repo, 'main');
  await updateRef(repo, ref, one);
  const moves = async (move: typeof updateRef) => {
    for (const [commit, old] of [[two, one], [one, two], [one, one]] as const) await move(repo, ref, commit, old);
    const lines = (name: string) => readFileSync(join(repo, 'logs', name), 'utf8').trimEnd().split('\n').slice(-2).map((line) => line.replace(/ \d{10} /, ' SECONDS '));
    return { names: readFileSync(join(repo, ref), 'latin1'), mode: statSync(join(repo, ref)).mode, lines: lines(ref), ofHead: lines('HEAD') };
  };
  const gits = await moves(updateRef);
  assert.equal(await moves(moveBranch), gits);
  assert.match(gits.lines[0]!, new RegExp(`^${one} ${two} hop3 <hop3@localhost> SECONDS \\+0000\\thop3$`));
  execFileSync('git', [`--git-dir=${repo}`, 'fsck', '--strict', '--no-dangling']);
  writeFileSync(join(repo, 'HEAD'), head);
});

objects('a switch moves a branch only from what it is thought to name, and waits for whoever holds it', async () => {
  const ref = 'refs/heads/switched';
  await moveBranch(repo, ref, one, null);
  assert.is(readRef(repo, ref), one);
  const stale = await moveBranch(repo, ref, one, two).then(() => null, (error: unknown) => error as Hop3Error);
  assert.is(stale?.code, 'HOP3_STALE_PUSH');
  assert.match(stale!.what, `switched has moved to ${one.slice(0, 7)} since this push began.`);
  // Packed, then with a lock that another git holds and gives back, then with one that nobody gives back.
  execFileSync('git', [`--git-dir=${repo}`, 'pack-refs', '--all']);
  await moveBranch(repo, ref, two, one);
  assert.is(readRef(repo, ref), two);
  const lock = join(repo, `${ref}.lock`);
  writeFileSync(lock, '');
  setTimeout(() => rmSync(lock), 30);
  await moveBranch(repo, ref, one, two);
  assert.is(readRef(repo, ref), one);
  writeFileSync(lock, '');
  const held = await moveBranch(repo, ref, two, one).then(() => null, (error: unknown) => error as Hop3Error);
  assert.is(held?.code, 'HOP3_COMMAND_FAILED');
  assert.match(held!.why!, /switched\.lock': File exists/);
  assert.ok(existsSync(lock), 'the lock of another is left to it');
  assert.is(readRef(repo, ref), one);
  rmSync(lock);
});

objects('a tree is listed with modes, sizes and the very bytes of its names', async () => {
  const entries = await listTree(repo, await treeOf(two));
  const byName = new Map(entries.map((entry) => [entry.path.toString('latin1'), entry]));
  assert.is(entries.length, 6);
  assert.equal(byName.get(BAD_NAME.toString('latin1')), { mode: '100644', oid: 'bd41cba781d8349272bf3eb92568285b411c027c', size: 5, path: BAD_NAME });
  assert.is(byName.get('run.sh')?.mode, '100755');
  assert.is(byName.get(Buffer.from('dir/größe/link').toString('latin1'))?.mode, '120000');
  assert.equal(byName.get('sub'), { mode: '160000', oid: one, size: null, path: Buffer.from('sub') });
  assert.ok(byName.has('tab\there'));
  assert.ok(byName.has('a file'));
});

objects('a tree is written out as a checkout is, and no hook runs', async () => {
  const dir = join(home, 'source');
  mkdirSync(dir);
  mkdirSync(join(repo, 'hooks'), { recursive: true });
  writeFileSync(join(repo, 'hooks/post-checkout'), `#!/bin/sh\ntouch ${home}/hook-ran\n`, { mode: 0o755 });
  writeFileSync(join(repo, 'hooks/post-index-change'), `#!/bin/sh\ntouch ${home}/hook-ran\n`, { mode: 0o755 });
  await checkoutTree(repo, await treeOf(two), dir, join(home, 'index'));
  assert.is(readFileSync(join(dir, 'a file'), 'utf8'), 'one\n');
  assert.is(readlinkSync(join(dir, 'dir/größe/link')), '../a file');
  assert.is(statSync(join(dir, 'run.sh')).mode & 0o111, 0o111);
  assert.throws(() => statSync(join(dir, '.git')), /ENOENT/);
  assert.throws(() => statSync(join(home, 'hook-ran')), /ENOENT/);
  // An empty tree is a tree.
  const empty = asOid(execFileSync('git', [`--git-dir=${repo}`, 'hash-object', '-w', '-t', 'tree', '/dev/null'], { encoding: 'utf8' }).trim());
  mkdirSync(join(home, 'none'));
  await checkoutTree(repo, empty, join(home, 'none'), join(home, 'index2'));
});

objects.run();
