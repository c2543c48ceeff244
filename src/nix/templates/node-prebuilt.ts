import { appIdentity } from '../app-identity.ts';
import { readSource } from '../app-source.ts';
import { Fields } from '../fields.ts';
import { installFiles } from '../install-files.ts';
import { enterRelease, prebuiltView, PREBUILT_SYSTEMS, RELEASE, releasePlace, releaseVersion } from '../prebuilt.ts';
import { NixCode, nixString, shellQuote } from '../quote.ts';
import { refuseUnpacked } from '../source-root.ts';
import { execArgs, packagePath } from '../start-script.ts';
import { linkInto, renderApp } from '../wrapper.ts';
import { writableHome } from '../writable-home.ts';
import type { Template } from './model.ts';

const NODE = new NixCode('hop3_node');

/** A Node.js app whose release brings all its packages. */
export const nodePrebuilt: Template = {
  tier: 3,
  render({ config, appName, tree }) {
    const fields = new Fields('node-prebuilt', config.nix?.keys ?? {});
    const app = appIdentity(fields, config, appName);
    const target = fields.required('exec-target', '"server/index.js"');
    const runtimePackage = packagePath('runtime-package', fields.text('runtime-package', '"nodejs_22"') ?? 'nodejs');
    const source = readSource(fields, app, tree);
    const prelude = writableHome(fields, app.pname, RELEASE);
    refuseUnpacked(fields, source);

    return renderApp({
      fields, app, tree, prelude,
      names: [['nodejs', NODE], ...['pkg', app.id, appName].map((name) => [name, RELEASE] as const)],
      version: releaseVersion(app),
      command: `NODEBIN/node APPDIR/${shellQuote(target)}${execArgs(fields)}`,
      placeholders: () => ({ NODEBIN: [NODE, '/bin'], APPDIR: releasePlace(prelude.length > 0, '') }),
      install: () => [linkInto([RELEASE], 'app')],
      installsFiles: false,
      view: {
        ...prebuiltView(fields, app, source, [
          ...MOVED_INTO_PLACE.before,
          ...enterRelease(fields, app, source, fields.flag('unpack-without-top-level')),
          ...MOVED_INTO_PLACE.after,
          ...installFiles(fields, '.', tree),
          nixString(`hop3_settle_app ${shellQuote(target)}`),
        ]),
        runtimePackage,
        // The interpreter of the release's own scripts.
        buildInputs: new NixCode('hop3_libraries ++ [ hop3_node ]'),
        ignoresMusl: true,
      },
      hashes: source.hashes,
      systems: PREBUILT_SYSTEMS,
      unused: ['executable', ...(source.from === 'tree' ? ['sha256', 'archive', 'strip-components', 'unpack-without-top-level'] : [])],
    });
  },
};

/** Unpacked on the disk where it stays: node_modules can have 100,000 files, and copying them takes longer than all else. */
const MOVED_INTO_PLACE = {
  before: ['mkdir -p "$out/.hop3-release"', 'cd "$out/.hop3-release"'].map(nixString),
  after: ['find . -mindepth 1 -maxdepth 1 -exec mv -t "$out" -- {} +', 'cd "$out"', 'rm -r .hop3-release'].map(nixString),
};
