import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hop3Error } from '../../src/errors.ts';
import { createBareRepo } from '../../src/git/repo.ts';
import { asOid, parseAppName } from '../../src/names.ts';
import { Paths } from '../../src/paths.ts';
import { checkOut } from '../../src/pipeline/checkout.ts';
import type { Job } from '../../src/pipeline/job.ts';
import { dropKept } from '../../src/pipeline/kept-checkout.ts';
import { asOrdinaryUser } from './ordinary-user.ts';

await asOrdinaryUser(import.meta.url);

const checkouts = suite('the checkout that is kept for the next deploy');
const app = parseAppName('shop');
let home = '';
let paths: Paths;

checkouts.before(async () => {
  home = mkdtempSync('/var/tmp/hop3-kept-');
  paths = new Paths(join(home, 'root'));
  mkdirSync(paths.root, { recursive: true });
  await createBareRepo(paths, app);
});
checkouts.after(() => rmSync(home, { recursive: true, force: true }));
checkouts.before.each(() => dropKept(paths, app));

const env = { PATH: '/usr/bin:/bin', GIT_CONFIG_NOSYSTEM: '1', GIT_AUTHOR_NAME: 'Ann', GIT_AUTHOR_EMAIL: 'a@example.org', GIT_COMMITTER_NAME: 'Ann', GIT_COMMITTER_EMAIL: 'a@example.org' };

/** Puts a tree of these files into the repository. */
function tree(files: Record<string, string>) {
  const work = mkdtempSync(join(home, 'work-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(work, name)), { recursive: true });
    writeFileSync(join(work, name), text);
  }
  const git = (...args: string[]) => execFileSync('git', args, { cwd: work, env: { ...env, HOME: home }, encoding: 'utf8' }).trim();
  git('init', '-q');
  git('add', '-A');
  git('commit', '-q', '-m', 'files');
  git('push', '-q', paths.repo(app), '+HEAD:refs/heads/main');
  return { commit: asOid(git('rev-parse', 'HEAD')), tree: asOid(git('rev-parse', 'HEAD^{tree}')) };
}

/** What a deploy's checkout does; `look` sees the directory while the deploy goes on. */
async function deploy(pushed: ReturnType<typeof tree>, look: (dir: string) => void = () => {}, kept = true, maxPushBytes = 1e9): Promise<void> {
  const job = { paths, app, log: { phase: () => {} }, signal: new AbortController().signal, settings: { maxPushBytes }, cleanUps: [] as (() => Promise<void>)[] };
  try {
    const { dir } = await checkOut(job as unknown as Job, pushed, kept);
    look(dir);
  } finally {
    for (const cleanUp of job.cleanUps) await cleanUp();
  }
}

const listed = (dir: string) => readdirSync(dir, { recursive: true }).map(String).sort();

checkouts('the next deploy writes what changed, removes what went, and leaves the rest as it lies', async () => {
  let inode = 0;
  await deploy(tree({ same: 'same', changed: 'one', 'gone/deep/file': 'x', thing: 'a file' }), (dir) => { inode = statSync(join(dir, 'same')).ino; });
  await deploy(tree({ same: 'same', changed: 'two', 'thing/inside': 'a directory now' }), (dir) => {
    assert.match(dir, /\/source$/);
    assert.equal(listed(dir), ['changed', 'same', 'thing', 'thing/inside']);
    assert.is(readFileSync(join(dir, 'changed'), 'utf8'), 'two');
    assert.is(statSync(join(dir, 'same')).ino, inode, 'the unchanged file was not written again');
  });
  assert.equal(readdirSync(paths.checkouts), ['shop.kept.22'], 'one is kept, with its bytes in its name');
});

checkouts('a file that is no longer as git wrote it is written again, even with its size and time kept', async () => {
  const pushed = tree({ file: 'right', other: 'x' });
  await deploy(pushed, (dir) => {
    const { atime, mtime } = statSync(join(dir, 'file'));
    writeFileSync(join(dir, 'file'), 'wrong');
    utimesSync(join(dir, 'file'), atime, mtime);
  });
  await deploy(pushed, (dir) => assert.is(readFileSync(join(dir, 'file'), 'utf8'), 'right'));
});

checkouts('where anything lies that the tree does not have, all is written anew', async () => {
  const pushed = tree({ file: 'x', 'dir/file': 'y' });
  for (const stray of ['stray', 'dir/stray', '.git/config', 'empty/']) {
    await deploy(pushed, (dir) => {
      mkdirSync(dirname(join(dir, `${stray}x`)), { recursive: true });
      if (!stray.endsWith('/')) writeFileSync(join(dir, stray), 'nobody knows');
    });
    await deploy(pushed, (dir) => assert.equal(listed(dir), ['dir', 'dir/file', 'file'], stray));
  }
});

checkouts('a change of .gitattributes writes every file anew: they may come out another', async () => {
  await deploy(tree({ 'a.txt': 'one\ntwo\n', 'b.txt': 'b\n' }));
  await deploy(tree({ 'a.txt': 'one\ntwo\n', 'b.txt': 'b\n', '.gitattributes': '*.txt eol=crlf\n' }), (dir) => {
    assert.is(readFileSync(join(dir, 'a.txt'), 'utf8'), 'one\r\ntwo\r\n');
  });
});

checkouts('a broken index costs a checkout and no deploy', async () => {
  const pushed = tree({ file: 'x' });
  await deploy(pushed, (dir) => writeFileSync(join(dirname(dir), 'index'), 'nonsense'));
  await deploy(pushed, (dir) => assert.is(readFileSync(join(dir, 'file'), 'utf8'), 'x'));
});

checkouts('a checkout that a program may write into is neither taken from the kept one nor kept', async () => {
  const pushed = tree({ file: 'x' });
  await deploy(pushed, (dir) => writeFileSync(join(dir, 'mine'), ''), false);
  assert.equal(readdirSync(paths.checkouts), []);
});

checkouts('a tree that is refused takes nothing from the kept checkout', async () => {
  await deploy(tree({ file: 'x' }));
  const error = await deploy(tree({ file: 'y', big: 'z'.repeat(2000) }), () => {}, true, 1000).then(() => null, (thrown: unknown) => thrown as Hop3Error);
  assert.is(error?.code, 'HOP3_TREE_SIZE');
  assert.equal(readdirSync(paths.checkouts), ['shop.kept.1']);
  assert.is(readFileSync(join(paths.checkouts, 'shop.kept.1', 'source', 'file'), 'utf8'), 'x');
});

checkouts('a deploy that is cut off half-way keeps nothing', async () => {
  const pushed = tree({ file: 'x' });
  await deploy(pushed);
  const stop = new AbortController();
  stop.abort();
  const job = { paths, app, log: { phase: () => {} }, signal: stop.signal, settings: { maxPushBytes: 1e9 }, cleanUps: [] as (() => Promise<void>)[] };
  assert.ok(await checkOut(job as unknown as Job, pushed, true).then(() => null, (error: unknown) => error));
  for (const cleanUp of job.cleanUps) await cleanUp();
  assert.equal(readdirSync(paths.checkouts), []);
});

checkouts.run();
