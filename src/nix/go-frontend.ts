import type { AppIdentity } from './app-identity.ts';
import { hashCode, type AppSource } from './app-source.ts';
import type { Fields } from './fields.ts';
import { nixConcat, type Piece } from './live-text.ts';
import type { FixedOutput } from './model.ts';
import { pnpmPackage } from './pnpm.ts';
import { NixCode, shellQuote } from './quote.ts';
import { sourceRoot } from './source-root.ts';
import { packagePath } from './start-script.ts';
import { checkTreePath } from './tree.ts';

const FRONTEND = new NixCode('hop3_frontend');
const STATIC = new NixCode('hop3_static');

/** What a Go app has beside its program: the pages that a JavaScript toolchain builds, and directories of the source. */
export interface GoFrontend {
  /** The holes of nix-templates/parts/go-frontend.mustache. */
  readonly view: object;
  /** Where it lies for the running program: what FRONTENDDIR and $HOP3_GO_FRONTEND are. Null where there is nothing. */
  readonly place: NixCode | null;
  /** Builder's shell lines that put the built pages into the source before Go compiles it; empty without go:embed. */
  readonly embed: readonly NixCode[];
  readonly hashes: readonly FixedOutput[];
  /** Keys that do nothing without go-frontend-build, or with the other package manager. */
  readonly unused: readonly string[];
}

const OF_NPM = ['go-npm-deps-hash'];
const OF_PNPM = ['go-pnpm-deps-hash', 'go-pnpm-package'];
const OF_FRONTEND = ['go-frontend-output', 'go-frontend-source-root', 'go-frontend-pnpm', 'go-frontend-node-package', 'go-frontend-embed-path'];

/** Reads the go-frontend-* keys and go-static-dirs. */
export function goFrontend(fields: Fields, app: AppIdentity, source: AppSource): GoFrontend {
  const command = fields.text('go-frontend-build', '"npm run build"');
  const statics = fields.list('go-static-dirs', '["public"]').map((path) => checkTreePath('go-static-dirs', path));
  const withPnpm = command !== null && fields.flag('go-frontend-pnpm');
  const embedPath = command === null ? null : fields.text('go-frontend-embed-path', '"internal/web/dist"');
  const output = checkTreePath('go-frontend-output', fields.text('go-frontend-output', '"dist"') ?? 'public');
  const root = sourceRoot(fields, 'go-frontend-source-root', app, source);
  const key = withPnpm ? 'go-pnpm-deps-hash' : 'go-npm-deps-hash';
  const hash = command === null ? null : fields.text(key, '"sha256-..."');
  const name = `${app.pname}-frontend`;
  // With the pages inside the program, only the source's own directories are read from the disk.
  const together = command !== null && embedPath === null;

  return {
    view: {
      statics: statics.length > 0, staticName: `${app.pname}-static`,
      installStatic: ['mkdir "$out"', ...statics.map((path) => `cp -R ${shellQuote(path)} "$out"/`)].map((line) => nixConcat([line])),
      npmFrontend: command !== null && !withPnpm, pnpmFrontend: withPnpm, frontendName: name,
      pnpm: pnpmPackage(fields, 'go-pnpm-package'),
      frontendNode: packagePath('go-frontend-node-package', fields.text('go-frontend-node-package', '"nodejs_22"') ?? 'nodejs'),
      frontendRoot: root === null ? [] : [root],
      frontendHash: hashCode(hash),
      buildFrontend: ['runHook preBuild', command ?? '', 'runHook postBuild'].map((line) => nixConcat([line])),
      installFrontend: installLines(output, embedPath !== null, together && statics.length > 0),
    },
    place: together ? FRONTEND : statics.length > 0 ? STATIC : null,
    embed: embedPath === null ? [] : embedLines(checkTreePath('go-frontend-embed-path', embedPath)),
    hashes: command === null ? [] : [{ derivation: withPnpm ? `${name}-pnpm-deps` : name, key, given: hash !== null }],
    unused: command === null ? [...OF_FRONTEND, ...OF_NPM, ...OF_PNPM] : withPnpm ? OF_NPM : OF_PNPM,
  };
}

/** The result alone where Go embeds it; in a directory of its name where the program looks for several. */
function installLines(output: string, embedded: boolean, withStatics: boolean): NixCode[] {
  const word = shellQuote(output);
  const lines: Piece[][] = [
    ['runHook preInstall'],
    [`if [ ! -d ${word} ]; then echo "error: [nix] go-frontend-output: the build made no directory "${word}". It has: $(ls | tr '\\n' ' ')" >&2; exit 1; fi`],
    ...(embedded ? [[`cp -R ${word} "$out"`]] : [['mkdir "$out"'], [`cp -R ${word} "$out"/`]]),
    ...(withStatics ? [['cp -R --no-preserve=mode ', STATIC, '/. "$out"/']] : []),
    ['runHook postInstall'],
  ];
  return lines.map(nixConcat);
}

function embedLines(path: string): NixCode[] {
  const word = shellQuote(path);
  return [nixConcat([`mkdir -p ${word} && cp -R `, FRONTEND, `/. ${word}/ && chmod -R u+w ${word}`])];
}
