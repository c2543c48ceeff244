import { storeVersion, withVersion, type AppIdentity } from './app-identity.ts';
import type { AppSource } from './app-source.ts';
import type { Fields } from './fields.ts';
import { nixConcat, type Piece } from './live-text.ts';
import { nixString, NixCode, shellQuote } from './quote.ts';
import { packagePath } from './start-script.ts';
import { unpackSource } from './unpack.ts';
import { linkEach, shareDirectory } from './wrapper.ts';

/** The release as it is installed: a name of the expression. */
export const RELEASE = new NixCode('hop3_app');

/** What upstream builds for; their programs run nowhere else. */
export const PREBUILT_SYSTEMS: readonly string[] = ['x86_64-linux'];

/** Libraries that most programs from elsewhere ask for besides libc. */
const USUAL_LIBRARIES = ['stdenv.cc.cc', 'zlib', 'openssl'];

/** The holes that the three prebuilt templates share. */
export interface PrebuiltView {
  readonly appName: string;
  readonly source: NixCode;
  readonly libraries: readonly NixCode[];
  readonly unpackers: readonly NixCode[];
  readonly buildInputs: NixCode;
  /** Builder's shell lines that put the release into $out. */
  readonly installRelease: readonly NixCode[];
}

/** Reads what all of them have: where the release comes from, and the libraries its programs may find. */
export function prebuiltView(fields: Fields, app: AppIdentity, source: AppSource, installRelease: readonly NixCode[]): PrebuiltView {
  const paths = [...USUAL_LIBRARIES, ...fields.list('nix-runtime-libs', '["icu"]').filter((library) => !library.includes('${'))];
  const libraries = new Set(paths.map((library) => packagePath('nix-runtime-libs', library).text));
  return {
    appName: `${app.pname}-release`,
    source: source.code,
    libraries: [...libraries].map((text) => new NixCode(text)),
    unpackers: isSingleFile(source) ? [] : unpackSource(source, 0).nativeBuildInputs,
    buildInputs: new NixCode('hop3_libraries'),
    installRelease,
  };
}

/** Whether the source is one file that is not packed. */
export function isSingleFile(source: AppSource): boolean {
  return source.from === 'url' && source.archive === null;
}

/**
 * Builder's lines after which the working directory holds the app's files: `strip-components` and `source-root` where they
 * are given, else the one directory at the top of an archive.
 * @param flat the archive is known to have no such directory
 */
export function enterRelease(fields: Fields, app: AppIdentity, source: AppSource, flat = false): NixCode[] {
  const strip = fields.whole('strip-components', '1');
  const root = fields.text('source-root', '"."');
  const lines = [...unpackSource(source, strip ?? 0).lines, 'cd source'];
  if (root !== null) lines.push(`hop3_enter ${shellQuote(withVersion('source-root', root, app))}`);
  else if (strip === null && !flat && source.from === 'url') lines.push('hop3_enter_only_directory');
  return lines.map(nixString);
}

/** Where the release lies for the start script: in the store, or its writable copy. */
export function releasePlace(writable: boolean, below: string): readonly Piece[] {
  const path = below === '' ? '' : `/${below}`;
  return writable ? [`$HOME_DIR${path}`] : [RELEASE, path];
}

/** Builder's lines of the wrapper that link what the release has, where `$out` of hop3.toml looks for it. */
export function linkRelease(): NixCode[] {
  return [
    linkEach([RELEASE, '/bin'], 'bin'),
    nixConcat(['for hop3_entry in "', RELEASE, '"/*; do if [ "$(basename "$hop3_entry")" != bin ]; then ln -s "$hop3_entry" "$out/"; fi; done']),
  ];
}

/** What BINDIR, SHAREDIR and APPDIR stand for in a release that was sorted into bin and share. */
export function sortedPlaceholders(app: AppIdentity, writable: boolean): Readonly<Record<string, readonly Piece[]>> {
  const share = releasePlace(writable, shareDirectory(app));
  return { BINDIR: releasePlace(writable, 'bin'), SHAREDIR: share, APPDIR: share };
}

/** The version in the store path's name, as Nix. */
export function releaseVersion(app: AppIdentity): NixCode {
  return nixString(storeVersion(app));
}
