import { Hop3Error } from '../../errors.ts';
import { storeVersion, withVersion, type AppIdentity } from '../app-identity.ts';
import type { AppSource } from '../app-source.ts';
import type { Fields } from '../fields.ts';
import { installFiles } from '../install-files.ts';
import { nixConcat } from '../live-text.ts';
import type { FixedOutput } from '../model.ts';
import { indented, NixCode, nixString, shellQuote } from '../quote.ts';
import { packagePath } from '../start-script.ts';
import { checkTreePath, type TreePlace } from '../tree.ts';
import { unpackSource } from '../unpack.ts';

/** Hop3's own files in a pushed tree. They are no part of the app, and may hold what nobody should download. */
const HOP3_FILES = ['hop3.toml', 'src/hop3.toml', 'src/hop3/hop3.toml', 'hop3.nix', 'Procfile', 'src/Procfile'];

/** How the app's files get into the store. */
export interface PhpTree {
  readonly version: string;
  /** Holes of the derivation that is the app, for an app without composer. */
  readonly plain: object;
  /** Holes of the two derivations of an app with composer: the source that composer sees, and what is added to the result. */
  readonly forComposer: object;
  readonly hashes: readonly FixedOutput[];
  readonly notices: readonly string[];
  readonly unused: readonly string[];
}

/** Directory of the source that holds the app, relative to the unpacked source; "." for all of it. */
export function sourceRoot(fields: Fields, app: AppIdentity): string {
  return checkTreePath('source-root', withVersion('source-root', (fields.text('source-root', '"app"') ?? '.').replace(/\/+$/, ''), app));
}

/** Reads the keys about the app's files. */
export function phpTree(fields: Fields, app: AppIdentity, source: AppSource, place: TreePlace): PhpTree {
  const skip = fields.flag('skip-source-copy');
  const single = fields.flag('single-file');
  const composer = fields.flag('needs-composer');
  check(source, single, skip, composer);

  const strip = fields.whole('strip-components', '1') ?? (source.archive === 'zip' ? 0 : 1);
  const tools = fields.list('extra-native-build-inputs', '["nodejs"]').map((name) => packagePath('extra-native-build-inputs', name));
  const root = sourceRoot(fields, app);
  const unpack = skip || single ? { lines: [], nativeBuildInputs: [] } : unpackSource(source, strip);
  const directory = root === '.' ? 'source' : `source/${root}`;
  const own = source.from === 'tree' ? [`(cd source && rm -f ${HOP3_FILES.join(' ')})`] : [];
  const there = root === '.' ? [] : [`[ -d ${shellQuote(directory)} ] || { echo ${shellQuote(`error: [nix] source-root: the source has no directory ${root}`)} >&2; exit 1; }`];
  const sourceLines = (to: string) => (skip ? [`mkdir -p "$out${to}"`]
    : single ? [`mkdir -p "$out${to}"`, `cp "$src" "$out${to}/index.php"`]
      : [...own, ...there, ...(to === '' ? [] : ['mkdir -p "$out"']), `mv ${shellQuote(directory)} "$out${to}"`]);

  return {
    version: storeVersion(app),
    plain: {
      hasSource: !skip,
      source: indented(source.code),
      name: nixString(`${app.pname}-app`),
      unpack: quoted(unpack.lines),
      inputs: inputList([...unpack.nativeBuildInputs, ...tools]),
      install: [...quoted(sourceLines('/app')), ...installFiles(fields, 'app', place), ...quoted(afterwards(fields, '$out/app', !fields.has('pre-exec')))],
    },
    forComposer: {
      source: indented(source.code),
      sourceName: nixString(`${app.pname}-source`),
      unpack: quoted(unpack.lines),
      unpackInputs: inputList(unpack.nativeBuildInputs),
      inputs: inputList(tools),
      sourceInstall: [...quoted(sourceLines('')), ...installFiles(fields, '.', place)],
      postInstall: quoted(afterwards(fields, `$out/share/php/${app.pname}`, !fields.has('pre-exec'))),
    },
    hashes: skip ? [] : source.hashes,
    notices: skip && source.from === 'url' ? ['[nix] skip-source-copy: what url names is not fetched'] : [],
    unused: [
      ...(source.from === 'tree' ? ['sha256', 'archive', 'strip-components'] : []),
      ...(single ? ['archive', 'strip-components', 'source-root'] : []),
    ],
  };
}

/** Directories to make, and a look whether the one to serve is there; `app` is shell text for inside double quotes. */
function afterwards(fields: Fields, app: string, served: boolean): string[] {
  const directories = fields.list('post-install-dirs', '["storage"]').map((path) => checkTreePath('post-install-dirs', path));
  const root = webRoot(fields);
  const lines = directories.length === 0 ? [] : [`(cd "${app}" && mkdir -p ${directories.map(shellQuote).join(' ')})`];
  if (root === null || !served) return lines;
  return [...lines, `[ -d "${app}"/${shellQuote(root)} ] || { echo ${shellQuote(`error: [nix] web-root: the app has no directory ${root}`)} >&2; exit 1; }`];
}

/** The directory to serve, relative to the app; null for all of it. */
export function webRoot(fields: Fields): string | null {
  const root = fields.text('web-root', '"public"')?.replace(/^(?:\.\/+)+|\/+$/g, '') ?? '.';
  return root === '.' || root === '' ? null : checkTreePath('web-root', root);
}

/** One Nix list, or none for no items. */
function inputList(items: readonly NixCode[]): NixCode[] {
  return items.length === 0 ? [] : [new NixCode(`[ ${items.map((item) => item.text).join(' ')} ]`)];
}

function quoted(lines: readonly string[]): NixCode[] {
  return lines.map((line) => nixConcat([line]));
}

function check(source: AppSource, single: boolean, skip: boolean, composer: boolean): void {
  const bad = (what: string, next: string) => new Hop3Error('HOP3_TEMPLATE_FIELD', { what, next });
  if (single && source.from === 'tree') {
    throw bad('[nix] single-file = true is for an app that is one file at a url, and there is no url.', 'Take single-file out: the pushed tree is the app; or add, for example: url = "https://example.org/tool-${version}.php"');
  }
  if (composer && (single || skip)) {
    throw bad(`[nix] needs-composer and ${single ? 'single-file' : 'skip-source-copy'} do not go together.`, 'composer needs the source with its composer.json. Take one of the two out.');
  }
  if (source.from === 'url' && source.archive === null && !single && !skip) {
    throw bad('[nix] url: its ending does not tell how the file is packed.', 'Add archive = "tar-gz" (or tar-bz2, tar-xz, zip), or single-file = true where it is one PHP file.');
  }
}
