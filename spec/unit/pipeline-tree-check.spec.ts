import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { asOid } from '../../src/names.ts';
import { checkEntries, checkLinks, checkSize, isLfsPointer, refuseLfsPointers } from '../../src/pipeline/tree-check.ts';
import { linksOut, type TreeLink } from '../../src/pipeline/tree-links.ts';

const OID = asOid('0'.repeat(39) + '1');

const test = suite('trees that cannot be deployed');
const what = (work: () => void): string => {
  try {
    work();
  } catch (error) {
    return (error as { what: string }).what;
  }
  throw new Error('expected a refusal');
};

test('an ordinary tree passes', () => {
  checkEntries([{ oid: OID, mode: '100644', size: 3, path: Buffer.from('ünïcode.txt') }, { oid: OID, mode: '100755', size: 3, path: Buffer.from('run') }]);
});

test('a submodule is named', () => {
  assert.is(what(() => checkEntries([{ oid: OID, mode: '160000', size: null, path: Buffer.from('vendor/lib') }])),
    'vendor/lib: a submodule; its files are not part of the push');
});

test('a file name that is not UTF-8 is named, its bytes made visible', () => {
  assert.is(what(() => checkEntries([{ oid: OID, mode: '100644', size: 1, path: Buffer.from([0x61, 0xff, 0x0a]) }])),
    'aÿ\\u000a: the name is not UTF-8');
});

test('a tree over the limit names its largest file', () => {
  const entries = [{ oid: OID, mode: '100644', size: 3_000_000, path: Buffer.from('video.mp4') }, { oid: OID, mode: '100644', size: 10, path: Buffer.from('a') }];
  checkSize(entries, 3_000_010);
  assert.is(what(() => checkSize(entries, 2_097_152)), 'The tree has 2.9 MB; 2.0 MB is the most.');
});

const leavesTree = (link: TreeLink): boolean => linksOut([link]).length === 1;

test('symlinks may go up, as long as they stay inside', () => {
  assert.is(leavesTree({ path: 'a/b/link', target: '../c' }), false);
  assert.is(leavesTree({ path: 'link', target: 'a/../../b' }), true);
  assert.is(leavesTree({ path: 'a/link', target: '..' }), false);
  assert.is(leavesTree({ path: 'link', target: '..' }), true);
  assert.is(leavesTree({ path: 'link', target: '/etc/passwd' }), true);
  assert.is(leavesTree({ path: 'link', target: '..hidden' }), false);
  assert.is(what(() => checkLinks([{ path: 'conf', target: '/etc/shadow' }])), 'conf: a symlink out of the tree, to /etc/shadow');
});

test('a symlink that leads out by way of another one is seen', () => {
  const links = [{ path: 'a/b/c/d/up', target: '../../../..' }, { path: 'a/b/c/d/out', target: 'up/../../../../etc/passwd' }];
  assert.is(what(() => checkLinks(links)), 'a/b/c/d/out: a symlink out of the tree, to up/../../../../etc/passwd');
  checkLinks([links[0]!, { path: 'a/b/c/d/in', target: 'up/a/../README' }, { path: 'round', target: 'round' }, { path: 'dangling', target: 'a/nowhere/../x' }]);
});

test('endless paths through symlinks end', () => {
  const links = Array.from({ length: 2000 }, (_, index) => ({ path: `l${index}`, target: 'x/../'.repeat(800) }));
  assert.match(what(() => checkLinks(links)), '2000 symlinks lead through more than');
});

test('names that git does not check out are named', () => {
  for (const name of ['.git/config', 'sub/.GIT/hooks/x', '../x', 'a/./b']) {
    assert.is(what(() => checkEntries([{ oid: OID, mode: '100644', size: 1, path: Buffer.from(name) }])), `${name}: a name that git keeps for itself`);
  }
  checkEntries([{ oid: OID, mode: '100644', size: 1, path: Buffer.from('.gitignore') }, { oid: OID, mode: '100644', size: 1, path: Buffer.from('a/.github/..x') }]);
});

test('a tree that names one thing twice is refused', () => {
  const file = { oid: OID, mode: '100644', size: 1 };
  assert.is(what(() => checkEntries([{ ...file, path: Buffer.from('a') }, { ...file, path: Buffer.from('a') }])), 'a: the tree holds two things of this name');
  assert.is(what(() => checkEntries([{ ...file, mode: '120000', path: Buffer.from('a') }, { ...file, path: Buffer.from('a/b') }])), 'a: the tree holds two things of this name');
});

test('several problems come together', () => {
  const message = what(() => checkLinks([{ path: 'a', target: '/x' }, { path: 'b', target: '/y' }]));
  assert.match(message, '2 things in the tree cannot be deployed; the first: a: a symlink out of the tree');
});

test('an LFS pointer is told from a file that only mentions LFS', () => {
  assert.ok(isLfsPointer(Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n')));
  assert.not(isLfsPointer(Buffer.from('see version https://git-lfs.github.com/spec/v1')));
  assert.match(what(() => refuseLfsPointers(['big.bin'])), 'big.bin: a Git LFS pointer');
});

test.run();
