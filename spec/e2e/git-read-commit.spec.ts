import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isAncestor } from '../../src/git/objects.ts';
import { isNearAncestor, readCommit } from '../../src/git/read-commit.ts';
import type { Oid } from '../../src/names.ts';

const test = suite<{ home: string; repo: string; git: (...args: string[]) => string }>('git: a commit read from its pack');

test.before.each((context) => {
  context.home = mkdtempSync('/var/tmp/hop3-read-commit-');
  context.repo = join(context.home, '.git');
  context.git = (...args) => execFileSync('git', ['-C', context.home, '-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', ...args], {
    encoding: 'utf8', env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }, stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
  context.git('init', '-q', '-b', 'main');
});
test.after.each(({ home }) => rmSync(home, { recursive: true, force: true }));

type Git = (...args: string[]) => string;
function commit(git: Git, words: string): Oid {
  git('commit', '-q', '--allow-empty', '-m', words);
  return git('rev-parse', 'HEAD') as Oid;
}
/** As a push leaves them: each commit in a pack of its own, none loose. */
function packed(git: Git): void {
  git('repack', '-q', '-d', '--depth=0');
  git('prune-packed');
}

test('its tree and parents are those that git tells, also of a merge and a signed-looking message', ({ repo, git, home }) => {
  writeFileSync(join(home, 'a'), 'a');
  git('add', 'a');
  const first = commit(git, 'first');
  packed(git);
  git('checkout', '-q', '-b', 'side');
  const side = commit(git, 'tree 0000000000000000000000000000000000000000\n\ntree in the message');
  git('checkout', '-q', 'main');
  const second = commit(git, 'second');
  git('merge', '-q', '--no-ff', '-m', 'both', 'side');
  packed(git);
  const merge = git('rev-parse', 'HEAD') as Oid;
  const tree = git('rev-parse', 'HEAD^{tree}');
  assert.equal(readCommit(repo, first), { tree, parents: [] });
  assert.equal(readCommit(repo, side), { tree, parents: [first] });
  assert.equal(readCommit(repo, merge), { tree, parents: [second, side] });
  assert.is(readCommit(repo, tree as Oid), null, 'a tree is no commit');
  assert.is(readCommit(repo, 'f'.repeat(40) as Oid), null);
});

test('what is not in a pack, too large or damaged is left to git', ({ repo, git }) => {
  const loose = commit(git, 'loose');
  assert.is(readCommit(repo, loose), null);
  const large = commit(git, 'x'.repeat(100_000).replace(/x/g, () => String.fromCharCode(97 + Math.floor(Math.random() * 26))));
  packed(git);
  assert.is.not(readCommit(repo, loose), null);
  assert.is(readCommit(repo, large), null);
  const pack = join(repo, 'objects/pack', readdirSync(join(repo, 'objects/pack')).find((name) => name.endsWith('.pack'))!);
  const bytes = readFileSync(pack);
  for (let at = 12; at < bytes.length - 20; at += 7) bytes[at]! ^= 0xff;
  rmSync(pack, { force: true });
  writeFileSync(pack, bytes);
  assert.is(readCommit(repo, loose), null);
});

test('a history is walked as git walks it, and where it is long or not whole, git is asked', async ({ repo, git }) => {
  const chain = Array.from({ length: 60 }, (_none, at) => commit(git, `${at}`));
  git('checkout', '-q', '-b', 'side', chain[40]!);
  const side = commit(git, 'side');
  packed(git);
  const [first, last] = [chain[0]!, chain[59]!];
  assert.is(isNearAncestor(repo, chain[50]!, last), true);
  assert.is(isNearAncestor(repo, last, last), true);
  assert.is(isNearAncestor(repo, side, chain[10]!), false, 'ten commits, none of them it');
  assert.is(isNearAncestor(repo, first, last), null, 'too far');
  for (const [ancestor, of] of [[first, last], [side, last], [last, first], [chain[40]!, side], ['e'.repeat(40) as Oid, first]] as const) {
    const told = ((): boolean => { try { git('merge-base', '--is-ancestor', ancestor, of); return true; } catch { return false; } })();
    assert.is(await isAncestor(repo, ancestor, of), told, `${ancestor} of ${of}`);
  }
});

test.run();
