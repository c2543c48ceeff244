import { Hop3Error } from '../../errors.ts';
import { printable } from '../../names.ts';
import { appIdentity, storeVersion, withVersion, type AppIdentity } from '../app-identity.ts';
import { hashCode, readSource, type AppSource } from '../app-source.ts';
import { Fields } from '../fields.ts';
import { installFiles } from '../install-files.ts';
import { nixConcat, type Piece } from '../live-text.ts';
import { inTree, neededFile, neededPath } from '../needed-file.ts';
import { pnpmPackage } from '../pnpm.ts';
import { NixCode, nixString, shellQuote } from '../quote.ts';
import { refuseUnpacked, sourceRoot } from '../source-root.ts';
import { execArgs, packagePath } from '../start-script.ts';
import { checkTreePath, treeFile, type TreePlace } from '../tree.ts';
import { linkInto, renderApp } from '../wrapper.ts';
import type { Template } from './model.ts';

const APP = new NixCode('hop3_app');
const NODE = new NixCode('hop3_node');
const MANIFEST = 'package.json';
const LOCK = 'pnpm-lock.yaml';
/** Files beside the lock file that pnpm reads, too: the registry, and what may run. */
const BESIDE = ['.npmrc', 'pnpm-workspace.yaml'];
const MAKE_LOCK = 'Run pnpm install --lockfile-only and commit pnpm-lock.yaml with package.json.';

/** A Node.js app, or one of the npm registry, with the packages of a pnpm lock file. */
export const nodePnpmInstall: Template = {
  tier: 2,
  render({ config, appName, tree }) {
    const fields = new Fields('node-pnpm-install', config.nix?.keys ?? {});
    const app = appIdentity(fields, config, appName);
    const target = fields.required('exec-target', '"server.mjs"');
    const source = appSource(fields, app, tree);
    const hash = fields.text('node-deps-hash', '"sha256-..."');
    const native = fields.list('node-native-packages', '["better-sqlite3"]').map((name) => packageName('node-native-packages', name));
    const depsName = `${app.pname}-node`;

    return renderApp({
      fields, app, tree,
      version: nixString(storeVersion(app)),
      names: [['pkg', APP], ['app', APP], ['nodejs', NODE], [app.id, APP], [appName, APP]],
      placeholders: () => ({ APPDIR: [APP], NODEBIN: [NODE, '/bin'], PKGBIN: [APP, '/node_modules/.bin'] }),
      // The commands of packages look for node on PATH, and pre-exec may name $APPDIR.
      prelude: ['export PATH="', NODE, '/bin:$PATH"\nexport APPDIR="', APP, '"'],
      command: `${isScript(target) ? 'NODEBIN/node APPDIR/' : 'APPDIR/node_modules/.bin/'}${shellQuote(target)}${execArgs(fields)}`,
      runtime: { env: { NODE_ENV: ['production'] }, path: [[APP, '/node_modules/.bin'], [NODE, '/bin']] },
      install: () => [checkTarget(target), linkInto([APP], 'app')],
      installsFiles: false,
      view: {
        ...source.view,
        node: packagePath('runtime-package', fields.text('runtime-package', '"nodejs_22"') ?? 'nodejs'),
        pnpm: pnpmPackage(fields, 'node-pnpm-package'),
        appPname: `${app.pname}-app`,
        depsName: source.digest === null ? nixString(depsName) : new NixCode(`${nixString(`${depsName}-`).text} + builtins.substring 0 8 (${source.digest.text})`),
        depsHash: hashCode(hash),
        native: native.length > 0,
        build: native.length === 0 ? [] : rebuild(native),
        installApp: [...checkPackage(fields), ...INSTALL, ...installFiles(fields, '.', tree)],
      },
      hashes: [...source.hashes, { derivation: depsName, key: 'node-deps-hash', given: hash !== null }],
      unused: source.unused,
    });
  },
};

interface PnpmSource {
  readonly view: object;
  /** Nix text that gives a digest of the lock file; null where only the build sees it. */
  readonly digest: NixCode | null;
  readonly hashes: AppSource['hashes'];
  readonly unused: readonly string[];
}

const NEVER = ['executable', 'strip-components', 'writable-home-at-runtime', 'writable-home-env-var'];

/** With npm-package only manifest and lock file of the tree are taken; without it, all of it, or the archive of `url`. */
function appSource(fields: Fields, app: AppIdentity, tree: TreePlace): PnpmSource {
  const manifest = checkTreePath('node-manifest', fields.text('node-manifest', '"package.json"') ?? MANIFEST);
  const lock = checkTreePath('node-lockfile', fields.text('node-lockfile', '"pnpm-lock.yaml"') ?? LOCK);
  const needed = (path: string, key: string) => ({ key, path, help: MAKE_LOCK });
  const digestOf = (path: string) => new NixCode(`builtins.hashFile "sha256" (${neededPath(tree, needed(path, 'node-lockfile')).text})`);
  if (fields.has('npm-package')) {
    const directory = lock.includes('/') ? lock.slice(0, lock.lastIndexOf('/') + 1) : '';
    return {
      view: {
        hasManifest: true, wholeSource: [], appRoot: [], rename: [], zip: false,
        manifest: [
          copyInto(neededFile(tree, needed(manifest, 'node-manifest'), 'package.json'), MANIFEST),
          copyInto(neededFile(tree, needed(lock, 'node-lockfile'), 'pnpm-lock.yaml'), LOCK),
          ...BESIDE.map((name) => copyIfThere(tree, `${directory}${name}`, name)),
        ],
      },
      digest: digestOf(lock), hashes: [], unused: [...NEVER, 'url', 'sha256', 'archive', 'source-root'],
    };
  }
  const source = readSource(fields, app, tree);
  refuseUnpacked(fields, source);
  const root = sourceRoot(fields, 'source-root', app, source);
  const renames = [[manifest, MANIFEST], [lock, LOCK]].filter(([from, to]) => from !== to).map(([from, to]) => `cp -- ${shellQuote(from!)} ${to}`);
  const given = fields.text('source-root', '"server"');
  const below = root === null || given === null ? '' : `${withVersion('source-root', given.replace(/\/+$/, ''), app)}/`;
  return {
    view: {
      hasManifest: false, wholeSource: [source.code], manifest: [], appRoot: root === null ? [] : [root],
      rename: renames.length === 0 ? [] : [nixString(renames.join('\n'))],
      zip: source.archive === 'zip',
    },
    digest: source.from === 'tree' ? digestOf(`${below}${lock}`) : null,
    hashes: source.hashes,
    unused: source.from === 'tree' ? [...NEVER, 'sha256', 'archive'] : NEVER,
  };
}

function copyInto(file: NixCode, name: string): NixCode {
  return new NixCode(`[ ${nixConcat(['cp "', file, `" "$out/${name}"`]).text} ]`);
}

function copyIfThere(tree: TreePlace, path: string, name: string): NixCode {
  return new NixCode(`if builtins.pathExists ${inTree(tree, path).text} then ${copyInto(treeFile(tree, path), name).text} else [ ]`);
}

/** A file of the app is run by node; anything else is a command of an installed package. */
function isScript(target: string): boolean {
  return /\.[cm]?js$/.test(target) || target.includes('/');
}

/** Compiles what was installed without running its scripts, against the headers of the Node.js that will load it. */
function rebuild(packages: readonly string[]): NixCode[] {
  // Each is named by hop3.toml, so pnpm need not be told once more that it may run what they bring. pnpm 11 reads the second.
  return [
    nixConcat(['export CI=true npm_config_nodedir="', NODE, '" npm_config_dangerously_allow_all_builds=true pnpm_config_dangerously_allow_all_builds=true']),
    nixConcat([`pnpm rebuild ${packages.map(shellQuote).join(' ')}`]),
    // What node-gyp leaves beside the addon names the compiler, Python and the headers; the app would keep all of them.
    nixConcat([
      "find node_modules -path '*/build/config.gypi' -printf '%h\\n' | while read -r hop3_dir; do "
      + 'rm -rf "$hop3_dir"/{Makefile,config.gypi} "$hop3_dir"/*.mk "$hop3_dir"/*.Makefile "$hop3_dir"/*/{obj,obj.target,.deps}; done',
    ]),
  ];
}

const INSTALL: readonly NixCode[] = [
  // The time of the installation, and where pnpm's store was.
  'rm -f node_modules/.modules.yaml node_modules/.pnpm-workspace-state*.json',
  // The commands of packages hold the directory that they were installed in.
  `if [ -d node_modules ]; then find node_modules -path '*/.bin/*' -type f -exec sed -i "s|$PWD/|$out/|g" {} +; fi`,
  'cp -R . "$out"',
].map((line) => nixConcat([line]));

/** Only the manifest decides what is installed, so npm-package is what the result is compared with. */
function checkPackage(fields: Fields): NixCode[] {
  const given = fields.text('npm-package', '"directus"');
  if (given === null) return [];
  const name = packageName('npm-package', given.replace(/(?<=.)@.*$/, ''));
  return [nixConcat([`[ -e node_modules/${shellQuote(name)} ] || { echo "error: [nix] npm-package: package.json has no dependency "${shellQuote(name)} >&2; exit 1; }`])];
}

function checkTarget(target: string): NixCode {
  const word = shellQuote(target);
  const [directory, test, told]: [Piece[], string, string] = isScript(target)
    ? [[APP], '-f', 'the app has no file'] : [[APP, '/node_modules/.bin'], '-x', 'no package has the command'];
  return nixConcat([
    `[ ${test} "`, ...directory, `/"${word} ] || { echo "error: [nix] exec-target: ${told} "${word}". There is:" "$(ls "`, ...directory,
    `" 2>/dev/null | tr '\\n' ' ')" >&2; exit 1; }`,
  ]);
}

/** @throws Hop3Error HOP3_TEMPLATE_FIELD for what cannot be the name of an npm package */
function packageName(key: string, name: string): string {
  if (/^(?:@[A-Za-z0-9~-][A-Za-z0-9._~-]*\/)?[A-Za-z0-9~-][A-Za-z0-9._~-]*$/.test(name)) return name;
  throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
    what: `[nix] ${key}: "${printable(name)}" is not the name of an npm package.`,
    next: 'For example: npm-package = "@acme/server", or node-native-packages = ["better-sqlite3"]',
  });
}
