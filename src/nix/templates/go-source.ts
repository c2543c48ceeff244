import { appIdentity, storeVersion, withVersion, type AppIdentity } from '../app-identity.ts';
import { hashCode, readSource, type AppSource } from '../app-source.ts';
import { Fields } from '../fields.ts';
import { goFrontend } from '../go-frontend.ts';
import { nixConcat, type Piece } from '../live-text.ts';
import { inTree, neededPath } from '../needed-file.ts';
import { NixCode, nixString, shellQuote } from '../quote.ts';
import { refuseUnpacked, sourceRoot } from '../source-root.ts';
import { execArgs, packagePath } from '../start-script.ts';
import type { TreePlace } from '../tree.ts';
import { linkEach, renderApp, sharePlace } from '../wrapper.ts';
import { writableHome } from '../writable-home.ts';
import type { Template } from './model.ts';

const APP = new NixCode('hop3_app');

/** A program that buildGoModule compiles, its modules under one hash. */
export const goSource: Template = {
  tier: 2,
  render({ config, appName, tree }) {
    const fields = new Fields('go-source', config.nix?.keys ?? {});
    const app = appIdentity(fields, config, appName);
    const target = fields.required('exec-target', '"miniflux"');
    const source = readSource(fields, app, tree);
    refuseUnpacked(fields, source);
    const root = sourceRoot(fields, 'source-root', app, source);
    const frontend = goFrontend(fields, app, source);
    const modules = goModules(fields, app, source, tree);
    const prelude = writableHome(fields, app.pname, APP);
    const bin: readonly Piece[] = prelude.length > 0 ? ['$HOME_DIR/bin'] : [APP, '/bin'];
    const subPackages = fields.list('go-sub-packages', '["cmd/server"]');
    const ldflags = fields.list('go-ldflags', '["-X main.version=${version}"]').map((flag) => withVersion('go-ldflags', flag, app));

    return renderApp({
      fields, app, tree,
      version: nixString(storeVersion(app)),
      names: [['pkg', APP], ['app', APP], [app.id, APP], [appName, APP], ...(frontend.place === null ? [] : [['frontend', frontend.place] as const])],
      placeholders: () => ({
        PKGBIN: bin, PKGOUT: [APP], APPDIR: sharePlace(app),
        ...(frontend.place === null ? {} : { FRONTENDDIR: [frontend.place] }),
      }),
      prelude: [...(frontend.place === null ? [] : ['export HOP3_GO_FRONTEND="', frontend.place, '"\n']), ...prelude],
      command: `PKGBIN/${shellQuote(target)}${execArgs(fields)}`,
      runtime: { path: [[APP, '/bin']] },
      install: () => [checkTarget(target), linkEach([APP, '/bin'], 'bin')],
      view: {
        ...frontend.view, ...modules,
        source: source.code,
        programName: `${app.pname}-program`,
        buildGoModule: buildGoModule(fields),
        goSourceRoot: root === null ? [] : [root],
        zip: source.archive === 'zip',
        proxyVendor: fields.flag('go-proxy-vendor') ? [true] : [],
        hasSubPackages: subPackages.length > 0, subPackages: subPackages.map(nixString),
        hasLdflags: ldflags.length > 0, ldflags: ldflags.map(nixString),
        embed: frontend.embed, mainProgram: target,
      },
      hashes: [...source.hashes, ...frontend.hashes, ...modules.hashes],
      unused: [...frontend.unused, 'executable', 'strip-components', 'runtime-package', ...(source.from === 'tree' ? ['sha256', 'archive'] : [])],
    });
  },
};

function buildGoModule(fields: Fields): NixCode {
  const version = fields.text('go-version', '"go_1_25"');
  if (version === null) return new NixCode('pkgs.buildGoModule');
  return new NixCode(`(pkgs.buildGoModule.override { go = ${packagePath('go-version', version).text}; })`);
}

/** The module's go.mod, where the tree is here to be read, and what `vendorHash` is. */
function goModules(fields: Fields, app: AppIdentity, source: AppSource, tree: TreePlace) {
  const given = fields.text('go-vendor-hash', '"sha256-...", or "none" for a program without modules or with vendor/ committed');
  const name = `${app.pname}-program`;
  const vendorHash = given === null ? hashCode(null) : given === 'none' ? new NixCode('null') : hashCode(given);
  if (given === 'none') return { goMod: [], vendorHash, modulesName: [], hashes: [] };
  const key = { key: 'go-vendor-hash', given: given !== null };
  if (source.from === 'url') {
    return { goMod: [], vendorHash, modulesName: [], hashes: [{ derivation: `${name}-${storeVersion(app)}-go-modules`, ...key }] };
  }
  const directory = fields.text('source-root', '"server"')?.replace(/\/+$/, '') ?? '.';
  const file = (other: string) => (directory === '.' ? other : `${withVersion('source-root', directory, app)}/${other}`);
  const there = (other: string) => `builtins.pathExists ${inTree(tree, file(other)).text}`;
  const sums = `(if ${there('go.sum')} then ${inTree(tree, file('go.sum')).text} else hop3_go_mod)`;
  const digest = [
    // A module of the tree itself is among what is fetched: any file of the tree can change it.
    'if hop3_mentions "=> ." then builtins.substring 11 8 (builtins.unsafeDiscardStringContext "${hop3_source}")',
    `else builtins.substring 0 8 (builtins.hashFile "sha256" ${sums})`,
  ].join(' ');
  return {
    goMod: [neededPath(tree, { key: 'source-root', path: file('go.mod'), help: 'Run go mod init and commit it, or say with source-root where it is.' })],
    // Modules that are committed, or none at all, need no hash.
    vendorHash: given === null ? new NixCode(`if ${there('vendor')} || !(hop3_mentions "require") then null else ${vendorHash.text}`) : vendorHash,
    modulesName: [new NixCode(`${nixString(`${name}-go-modules-`).text} + (${digest})`)],
    hashes: [{ derivation: `${name}-go-modules`, ...key }],
  };
}

function checkTarget(target: string): NixCode {
  const word = shellQuote(target);
  return nixConcat([
    '[ -x "', APP, `/bin/"${word} ] || { echo "error: [nix] exec-target: go made no program "${word}". It made:" "$(ls "`, APP,
    `/bin" 2>/dev/null | tr '\\n' ' ')" >&2; exit 1; }`,
  ]);
}
