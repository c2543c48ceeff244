import { appIdentity, type AppIdentity } from '../app-identity.ts';
import { nixExpression } from '../bindings.ts';
import { derivationName } from '../derivation-name.ts';
import { Fields } from '../fields.ts';
import { nixConcat, OUT, readLiveText, type Piece } from '../live-text.ts';
import { nixAttrName, NixCode, nixString, shellQuote } from '../quote.ts';
import { execArgs, packagePath } from '../start-script.ts';
import { renderApp, sharePlace } from '../wrapper.ts';
import { writableHome } from '../writable-home.ts';
import type { Template } from './model.ts';

/** Core keys about a source of one's own, which a wrapper has not. */
const UNUSED = ['url', 'sha256', 'archive', 'executable', 'source-root', 'strip-components', 'runtime-package'];

/** A start script around a package of the package set. */
export const nixpkgsWrapper: Template = {
  tier: 1,
  render({ config, appName, tree }) {
    const fields = new Fields('nixpkgs-wrapper', config.nix?.keys ?? {});
    const app = appIdentity(fields, config, appName);
    const packageText = fields.required('nixpkgs-package', '"radicale"');
    const target = fields.required('exec-target', '"radicale"');
    const wrapped = packagePath('nixpkgs-package', packageText);
    const prelude = writableHome(fields, app.pname, PACKAGE);

    return renderApp({
      fields, app, tree, prelude,
      names: ['pkg', app.id, appName, lastName(wrapped)].map((name) => [name, PACKAGE]),
      version: version(app),
      command: `PKGBIN/${shellQuote(target)}${execArgs(fields)}`,
      placeholders: (names) => ({ PKGBIN: binDirectory(fields, names, prelude.length > 0), PKGOUT: [PACKAGE], APPDIR: sharePlace(app) }),
      install: (names) => installExtra(fields, names),
      view: { package: wrappedPackage(fields, wrapped) },
      unused: UNUSED,
    });
  },
};

const PACKAGE = new NixCode('hop3_package');

/** `python3Packages.radicale` is called radicale. */
function lastName(path: NixCode): string {
  return path.text.split('.').at(-1)!;
}

function wrappedPackage(fields: Fields, path: NixCode): NixCode {
  const overrides = Object.entries(fields.table('nixpkgs-overrides', 'withFeature = "true"')).sort(([a], [b]) => (a < b ? -1 : 1));
  if (overrides.length === 0) return path;
  const lines = overrides.map(([name, value]) => `    ${nixAttrName(name).text} = ${nixExpression(`[nix.nixpkgs-overrides] ${name}`, value).text};\n`);
  return new NixCode(`${path.text}.override {\n${lines.join('')}  }`);
}

/** What PKGBIN stands for: exec-prefix where it is given, else the package's own bin, or its writable copy's. */
function binDirectory(fields: Fields, names: readonly string[], writable: boolean): readonly Piece[] {
  const prefix = fields.text('exec-prefix', '"$out/home/bin"');
  if (prefix !== null) return readLiveText(prefix.replaceAll('\\$', '$'), { key: '[nix] exec-prefix', names });
  return writable ? ['$HOME_DIR/bin'] : [PACKAGE, '/bin'];
}

function version(app: AppIdentity): NixCode {
  return app.version === null ? new NixCode('hop3_package.version or "0"') : nixString(derivationName(app.version));
}

/** Builder's shell text; `$out` is the builder's own variable there, and `${...}` is Nix. */
function installExtra(fields: Fields, names: readonly string[]): NixCode[] {
  const text = fields.text('install-extra', '"mkdir -p $out/share"');
  if (text === null) return [];
  const pieces = readLiveText(text.replace(/\n+$/, ''), { key: '[nix] install-extra', names });
  return [nixConcat(pieces.map((piece) => (piece === OUT ? '$out' : piece)))];
}
