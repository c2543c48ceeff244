import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { appIdentity } from '../../src/nix/app-identity.ts';
import { readSource } from '../../src/nix/app-source.ts';
import { Fields } from '../../src/nix/fields.ts';
import { sriHash } from '../../src/nix/hash.ts';
import { checkTreePath, treeFile, wholeTree } from '../../src/nix/tree.ts';
import { unpackSource } from '../../src/nix/unpack.ts';
import { caught } from '../caught.ts';
import { configWith } from '../nix-config.ts';

// The hash of the empty file, in each form that nix itself prints (nix-hash --type sha256 --flat, --base32, --sri).
const HEX = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const BASE32 = '0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73';
const SRI = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

function source(keys: Record<string, unknown>, version: string | null = '1.2') {
  const config = configWith('java-war', keys);
  const fields = new Fields('java-war', keys);
  return readSource(fields, { ...appIdentity(fields, config, 'shop'), version }, 'beside');
}

const sources = suite('nix: what a template builds from');

sources('a sha256 may be written in any form that nix prints', () => {
  for (const form of [HEX, HEX.toUpperCase(), `sha256:${HEX}`, BASE32, `sha256:${BASE32}`, SRI, SRI.slice(7)]) assert.is(sriHash(form), SRI, form);
});

sources('a url is fetched under a name of its own, with its version filled in, and never as an executable', () => {
  const { code, hashes, archive } = source({ url: 'https://example.org/v${version}/app-${version}.tgz?download=1', sha256: HEX });
  assert.match(code.text, 'url = "https://example.org/v1.2/app-1.2.tgz?download=1";');
  assert.match(code.text, 'name = "shop-1.2.tar.gz";');
  assert.match(code.text, `hash = "${SRI}";`);
  assert.not.match(code.text, 'executable');
  assert.is(archive, 'tar-gz');
  assert.equal(hashes, [{ derivation: 'shop-1.2.tar.gz', key: 'sha256', given: true }]);
});

sources('without a sha256 the expression holds one that nothing has, so that nix prints the right one', () => {
  const { code, hashes } = source({ url: 'https://example.org/shop.war' });
  assert.match(code.text, 'hash = pkgs.lib.fakeHash;');
  assert.equal(hashes, [{ derivation: 'shop-1.2.war', key: 'sha256', given: false }]);
});

sources('a version at the end of a url is no file ending', () => {
  assert.equal(source({ url: 'https://example.org/tool-${version}', sha256: SRI }).hashes.map((one) => one.derivation), ['shop-1.2']);
});

sources('${version} without a version is told with the line to add', async () => {
  const error = await caught(() => source({ url: 'https://example.org/${version}.war', sha256: SRI }, null));
  assert.is(error.code, 'HOP3_TEMPLATE_FIELD');
  assert.match(error.next!, 'version = "1.0"');
});

sources('without a url the pushed tree is the source, under one name wherever it lies', () => {
  assert.is(source({}).code.text, 'builtins.path { name = "source"; path = ./source; }');
  assert.match(wholeTree('around').text, /name = "source"; path = \.\/\.; filter = .*hop3\.nix/);
  assert.is(treeFile('around', 'a b.txt').text, 'builtins.path { name = "file"; path = (./. + "/a b.txt"); }');
});

sources('a path that leaves the tree is refused by the name of its key', async () => {
  for (const path of ['/etc/passwd', '../x', 'a/../../x', 'a//b', '']) {
    assert.match((await caught(() => checkTreePath('war-file', path))).message, '[nix] war-file');
  }
});

sources('an archive is unpacked into one directory, whatever lies at its top', () => {
  assert.match(unpackSource({ from: 'url', archive: 'tar-xz' }, 1).lines.join('\n'), '--strip-components=1');
  const zip = unpackSource({ from: 'url', archive: 'zip' }, 2);
  assert.is(zip.lines.filter((line) => line.startsWith('mv "$1"')).length, 2);
  assert.equal(zip.nativeBuildInputs.map(String), ['pkgs.unzip']);
});

sources.run();
