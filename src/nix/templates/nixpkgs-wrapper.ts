import type { AppConfig } from '../../config/model.ts';
import { nixExpression, readBindings } from '../bindings.ts';
import { derivationName } from '../derivation-name.ts';
import { Fields } from '../fields.ts';
import { installFiles } from '../install-files.ts';
import { nixConcat, OUT, readLiveText, type Piece } from '../live-text.ts';
import { renderNixTemplate } from '../mustache.ts';
import { pkgsDefault, readPin } from '../nixpkgs-source.ts';
import { nixAttrName, NixCode, nixString, shellQuote } from '../quote.ts';
import { runtimeParts } from '../runtime-parts.ts';
import { execArgs, packagePath, startScript } from '../start-script.ts';
import { unusedNotices } from '../unused-keys.ts';
import { writableHome } from '../writable-home.ts';
import type { Template } from './model.ts';

const TEMPLATE = 'nixpkgs-wrapper';
/** Core keys about a source of one's own, which a wrapper has not. */
const UNUSED = ['url', 'sha256', 'archive', 'executable', 'source-root', 'strip-components', 'runtime-package'];

/** A start script around a package of the package set. */
export const nixpkgsWrapper: Template = {
  tier: 1,
  render(config, appName) {
    const fields = new Fields(TEMPLATE, config.nix?.keys ?? {});
    const id = config.metadata.id ?? appName;
    const packageText = fields.required('nixpkgs-package', '"radicale"');
    const target = fields.required('exec-target', '"radicale"');
    const wrapped = packagePath('nixpkgs-package', packageText);
    const pin = readPin(fields);

    const bindings = readBindings(fields, [id, appName, lastName(wrapped)], PACKAGE);
    const names = bindings.map((binding) => binding.name);
    const prelude = writableHome(fields, derivationName(id), PACKAGE);
    const bin = binDirectory(fields, names, prelude.length > 0);
    const files = installFiles(fields, derivationName(id));
    const runtime = runtimeParts(fields, names);

    const script = startScript(fields, {
      prelude,
      command: `PKGBIN/${shellQuote(target)}${execArgs(fields)}`,
      placeholders: { PKGBIN: bin, PKGOUT: [PACKAGE], APPDIR: files.directory },
      names,
    });
    const expression = renderNixTemplate(TEMPLATE, {
      pkgsDefault: pkgsDefault(pin),
      package: wrappedPackage(fields, wrapped),
      bindings: bindings.map(({ name, value }) => ({ name: new NixCode(name), value })),
      script,
      env: runtime.env,
      path: runtime.path,
      pname: derivationName(id),
      version: version(config, fields),
      description: config.metadata.description ?? config.metadata.title ?? id,
      installFiles: files.commands,
      installExtra: installExtra(fields, names),
    });
    return { expression, notices: [...pinNotices(pin), ...unusedNotices(fields, UNUSED)] };
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
  const lines = overrides.map(([name, value]) => `    ${nixAttrName(name).text} = ${nixExpression(value).text};\n`);
  return new NixCode(`${path.text}.override {\n${lines.join('')}  }`);
}

/** What PKGBIN stands for: exec-prefix where it is given, else the package's own bin, or its writable copy's. */
function binDirectory(fields: Fields, names: readonly string[], writable: boolean): readonly Piece[] {
  const prefix = fields.text('exec-prefix', '"$out/home/bin"');
  if (prefix !== null) return readLiveText(prefix.replaceAll('\\$', '$'), { key: '[nix] exec-prefix', names });
  return writable ? ['$HOME_DIR/bin'] : [PACKAGE, '/bin'];
}

function version(config: AppConfig, fields: Fields): NixCode {
  const own = fields.text('version', '"1.0"') ?? config.metadata.version;
  return own === null ? new NixCode('hop3_package.version or "0"') : nixString(derivationName(own));
}

/** Builder's shell text; `$out` is the builder's own variable there, and `${...}` is Nix. */
function installExtra(fields: Fields, names: readonly string[]): NixCode[] {
  const text = fields.text('install-extra', '"mkdir -p $out/share"');
  if (text === null) return [];
  const pieces = readLiveText(text.replace(/\n+$/, ''), { key: '[nix] install-extra', names });
  return [nixConcat(pieces.map((piece) => (piece === OUT ? '$out' : piece)))];
}

function pinNotices(pin: ReturnType<typeof readPin>): string[] {
  if (pin === null) return [];
  return [`[nix] nixpkgs-rev: builds with nixpkgs ${pin.rev.slice(0, 12)} in place of the server's package set`];
}
