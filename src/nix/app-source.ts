import type { AppIdentity } from './app-identity.ts';
import { storeVersion, withVersion } from './app-identity.ts';
import { derivationName } from './derivation-name.ts';
import type { Fields } from './fields.ts';
import { sriHash } from './hash.ts';
import type { FixedOutput } from './model.ts';
import { NixCode, nixString } from './quote.ts';
import { wholeTree, type TreePlace } from './tree.ts';

export type ArchiveKind = 'tar-gz' | 'tar-bz2' | 'tar-xz' | 'zip';

/** What an app is built from. */
export interface AppSource {
  /** The fetched file, or the pushed tree: a value for `src`. */
  readonly code: NixCode;
  readonly from: 'url' | 'tree';
  /** Null for the tree and for a single file. */
  readonly archive: ArchiveKind | null;
  readonly hashes: readonly FixedOutput[];
}

const ENDINGS: Readonly<Record<ArchiveKind, string>> = { 'tar-gz': '.tar.gz', 'tar-bz2': '.tar.bz2', 'tar-xz': '.tar.xz', zip: '.zip' };
const BY_ENDING: readonly (readonly [RegExp, ArchiveKind])[] = [
  [/\.(?:tar\.gz|tgz)$/, 'tar-gz'], [/\.(?:tar\.bz2|tbz2?)$/, 'tar-bz2'], [/\.(?:tar\.xz|txz)$/, 'tar-xz'], [/\.zip$/, 'zip'],
];

/**
 * Reads `url`, `sha256` and `archive`. Without a url the pushed tree is the source. The file is fetched as it is, never with
 * `executable = true`, which would make the hash one of an archive of the file.
 * @throws Hop3Error HOP3_TEMPLATE_FIELD
 */
export function readSource(fields: Fields, app: AppIdentity, tree: TreePlace): AppSource {
  const given = fields.text('url', '"https://example.org/app-${version}.tar.gz"');
  if (given === null) return { code: wholeTree(tree), from: 'tree', archive: null, hashes: [] };
  const url = withVersion('url', given, app);
  const archive = archiveKind(fields, url);
  // A name of its own: that of the URL may hold what the store does not allow, or end in "?download=1".
  const name = `${app.pname}-${storeVersion(app)}${archive === null ? fileEnding(url) : ENDINGS[archive]}`;
  const sha256 = fields.text('sha256', '"sha256-..."');
  const code = new NixCode([
    'pkgs.fetchurl {',
    `    name = ${nixString(name).text};`,
    `    url = ${nixString(url).text};`,
    `    hash = ${hashCode(sha256).text};`,
    '  }',
  ].join('\n'));
  return { code, from: 'url', archive, hashes: [{ derivation: name, key: 'sha256', given: sha256 !== null }] };
}

/** A hash of hop3.toml as Nix; where it is missing, one that nothing has, so that nix prints the right one. */
export function hashCode(hash: string | null): NixCode {
  return hash === null ? new NixCode('pkgs.lib.fakeHash') : nixString(sriHash(hash));
}

function archiveKind(fields: Fields, url: string): ArchiveKind | null {
  const given = fields.text('archive', '"tar-gz"');
  if (given !== null) return given as ArchiveKind;
  const path = url.replace(/[?#].*$/, '');
  return BY_ENDING.find(([ending]) => ending.test(path))?.[1] ?? null;
}

/** ".php" of ".../adminer-5.0.php?x=1"; empty where the last part of the URL has none. */
function fileEnding(url: string): string {
  const ending = /\.([A-Za-z][A-Za-z0-9]{0,9})$/.exec(url.replace(/[?#].*$/, ''))?.[1];
  return ending === undefined ? '' : derivationName(`.${ending}`).replace(/^(?!\.)/, '.');
}
