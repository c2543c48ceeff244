import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parsePackagePath, nearNames } from '../../src/nix/check-package.ts';
import { ejectedText, ejectNotices, readEjected } from '../../src/nix/eject.ts';
import { assess, tierText } from '../../src/nix/tiers.ts';
import { treeFile, wholeTree } from '../../src/nix/tree.ts';
import { listTiers } from '../../src/pipeline/tiers.ts';
import { planFiles } from '../../src/pipeline/plan-files.ts';
import { caught } from '../caught.ts';

const judged = suite('what is said of a build');
const HASH = { derivation: 'deps', key: 'pip-deps-hash', given: true };

judged('tier 1 and 2 are reproducible and auditable; 3 is not auditable', () => {
  assert.equal(assess({ tier: 1, hashes: [], systems: null }, {}, false), { reproducible: true, auditable: true, architectures: ['aarch64-linux', 'x86_64-linux'], reasons: [] });
  assert.equal(assess({ tier: 2, hashes: [HASH], systems: null }, {}, false).reproducible, true);
  assert.equal(assess({ tier: 3, hashes: [HASH], systems: ['x86_64-linux'] }, {}, false), {
    reproducible: true, auditable: false, architectures: ['x86_64-linux'], reasons: ['what runs was built by upstream'],
  });
});

judged('a missing hash, unpinned packages and the host set each make it not reproducible, and are told', () => {
  assert.equal(assess({ tier: 2, hashes: [HASH, { ...HASH, given: false }], systems: null }, {}, false).reasons, ['pip-deps-hash is missing']);
  assert.equal(assess({ tier: 2, hashes: [HASH], systems: null }, { 'pip-packages': ['flask'] }, false).reasons, ['pip-packages are pinned by no lock file']);
  const host = assess({ tier: 1, hashes: [], systems: null }, {}, true);
  assert.is(host.reproducible, false);
  assert.equal(host.reasons, ['the package set is host: its programs change with the distribution']);
});

judged('a tier is told in words', () => {
  assert.is(tierText(1), 'tier 1: packaged by nixpkgs');
  assert.is(tierText(2), 'tier 2: built from source, dependencies by lock file and hash');
  assert.is(tierText(3), 'tier 3: prebuilt by upstream');
});

judged.run();

const listed = suite<{ root: string }>('the tiers of a tree of apps');
const WRAPPER = '[nix]\ntemplate = "nixpkgs-wrapper"\nnixpkgs-package = "demo"\nexec-target = "demo"\n';

listed.before.each((context) => { context.root = mkdtempSync(join(tmpdir(), 'hop3-tiers-')); });
listed.after.each(({ root }) => rmSync(root, { recursive: true, force: true }));

function write(root: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

listed('every directory with a hop3.toml or hop3.nix is one, each once, wherever its hop3.toml lies', async ({ root }) => {
  write(root, {
    'b/hop3.toml': `[metadata]\nid = "named"\n${WRAPPER}`,
    'a/hop3.nix': '{ }',
    'deep/down/app/src/hop3.toml': WRAPPER,
    'deep/other/src/hop3/hop3.toml': WRAPPER,
    'b/inside/hop3.nix': '{ }',
    'b/node_modules/x/hop3.nix': '{ }',
    '.hidden/hop3.nix': '{ }',
    'nothing/readme.txt': '',
  });
  symlinkSync('..', join(root, 'a', 'loop'));
  const rows = await listTiers(root, false);
  assert.equal(rows.map((row) => [relative(root, row.dir), row.app, row.template, row.tier, row.problem]), [
    ['a', 'a', null, null, null],
    ['b', 'named', 'nixpkgs-wrapper', 1, null],
    ['b/inside', 'inside', null, null, null],
    ['deep/down/app', 'app', 'nixpkgs-wrapper', 1, null],
    ['deep/other', 'other', 'nixpkgs-wrapper', 1, null],
  ]);
  assert.equal(rows.map((row) => row.reproducible), [null, true, null, true, true]);
  assert.equal((await listTiers(join(root, 'b'), true)).map((row) => row.reproducible), [false, null], 'the directory itself counts, and the host set');
});

listed('an app that cannot be planned is listed with its reason, and the others too', async ({ root }) => {
  write(root, { 'bad/hop3.toml': '[nix]\ntemplate = "nixpkgs-wrapper"\n', 'both/hop3.toml': WRAPPER, 'both/hop3.nix': '{ }', 'broken/hop3.toml': '[nix', 'good/hop3.toml': WRAPPER });
  const rows = await listTiers(root, false);
  assert.equal(rows.map((row) => [row.app, row.problem?.code ?? null, row.tier]), [
    ['bad', 'HOP3_TEMPLATE_FIELD', null], ['both', 'HOP3_BOTH_MODES', null], ['broken', 'HOP3_CONFIG', null], ['good', null, 1],
  ]);
});

listed('an ejected hop3.nix is one by hand that says what it came from', async ({ root }) => {
  const text = ejectedText({ template: 'php-app', expression: '{ }\n' }, '1.2.3', new Date('2026-11-23T23:59:59Z'));
  write(root, { 'app/hop3.nix': text, 'app/hop3.toml': WRAPPER });
  const [row] = await listTiers(root, false);
  assert.equal([row!.mode, row!.tier, row!.reasons], ['hand-crafted', null, ['ejected from php-app on 2026-11-23']]);
});

listed.run();

const ejecting = suite('an ejected hop3.nix');
const files = { app: 'shop', hop3Toml: { path: 'hop3.toml', text: WRAPPER }, procfile: null, hop3Nix: null, names: [], eject: true };
const set = { kind: 'host', path: '/x', id: 'x', title: 'host' } as const;

ejecting('begins with the header that planning reads, and holds the expression for the top of the tree', () => {
  const text = planFiles({ ...files, hop3Toml: { path: 'hop3.toml', text: `${WRAPPER}install-files = ["a b.txt"]\n` } }, set).expression;
  assert.is(readEjected(text)?.template, 'nixpkgs-wrapper');
  assert.match(text, /path = \(\.\/\. \+ "\/a b\.txt"\)/);
  assert.not.match(text, 'source/');
  assert.is(readEjected('# hop3.nix by hand, ejected by Hop3 1 from template x on 2026-01-01'), null);
  assert.is(readEjected(`\n${text}`), null, 'only the first line counts');
});

ejecting('takes the place of what is there only when that is asked for', async () => {
  assert.match(planFiles({ ...files, hop3Nix: 'mine' }, set).expression, '# Ejected by Hop3 ');
  const error = await caught(() => planFiles({ ...files, hop3Toml: null, hop3Nix: '{ }' }, set));
  assert.is(error.code, 'HOP3_NO_TEMPLATE');
  const none = await caught(() => planFiles({ ...files, hop3Toml: { path: 'src/hop3.toml', text: '' } }, set));
  assert.is(none.what, 'src/hop3.toml has no [nix] template, so there is nothing to eject.');
});

ejecting('leaves itself out of the tree, also where a template takes all of it as one file', () => {
  assert.is(wholeTree('beside').text, 'builtins.path { name = "source"; path = ./source; }');
  assert.match(wholeTree('around').text, 'name = "source"; path = ./.; filter = path: type: !(builtins.elem path [ (toString ./.git) (toString ./hop3.nix) ]);');
  assert.match(treeFile('around', '.').text, 'name = "file"; path = ./.; filter = ');
  assert.is(treeFile('around', 'hop3/x').text, 'builtins.path { name = "file"; path = (./. + "/hop3/x"); }');
});

ejecting('says which hash it does not have', () => {
  assert.equal(ejectNotices({ hashes: [HASH] }), []);
  assert.match(ejectNotices({ hashes: [{ ...HASH, given: false }] })[0]!, '[nix] pip-deps-hash is missing, so hop3.nix holds pkgs.lib.fakeHash for deps');
});

ejecting.run();

const names = suite('names of packages');

names('an attribute path is names with dots, with or without pkgs.', async () => {
  assert.equal(parsePackagePath('pkgs.php84Extensions.redis'), ['php84Extensions', 'redis']);
  assert.equal(parsePackagePath('gtk+3'), ['gtk+3']);
  for (const text of ['', '.', 'a..b', 'a b', '${x}', '1x', 'a"b', 'a;', 'x'.repeat(201), 'pkgs.']) {
    assert.is((await caught(() => parsePackagePath(text))).code, 'HOP3_USAGE', text);
  }
});

names('near ones are typing errors first, then the same letters with another number', () => {
  assert.equal(nearNames('grafna', ['hello', 'grafana-loki', 'grafana']), ['grafana']);
  assert.equal(nearNames('php81', ['hello', 'php82', 'php84', 'phpPackages']), ['php82', 'php84', 'phpPackages']);
  assert.equal(nearNames('zzz', ['hello']), []);
});

names.run();
