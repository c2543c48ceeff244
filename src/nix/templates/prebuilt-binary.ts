import { appIdentity, type AppIdentity } from '../app-identity.ts';
import { readSource, type AppSource } from '../app-source.ts';
import { Fields } from '../fields.ts';
import { installFiles } from '../install-files.ts';
import { enterRelease, isSingleFile, linkRelease, prebuiltView, PREBUILT_SYSTEMS, RELEASE, releaseVersion, sortedPlaceholders } from '../prebuilt.ts';
import { nixString, shellQuote, type NixCode } from '../quote.ts';
import { execArgs } from '../start-script.ts';
import { checkTreePath } from '../tree.ts';
import { renderApp, shareDirectory } from '../wrapper.ts';
import { writableHome } from '../writable-home.ts';
import type { Template } from './model.ts';

/** One program that upstream built: the download itself, or a file of an archive. */
export const prebuiltBinary: Template = {
  tier: 3,
  render({ config, appName, tree }) {
    const fields = new Fields('prebuilt-binary', config.nix?.keys ?? {});
    const app = appIdentity(fields, config, appName);
    const name = checkTreePath('binary-name', fields.text('binary-name', '"gitea"') ?? app.pname);
    const target = fields.text('exec-target', '"gitea"') ?? fileName(name);
    const source = readSource(fields, app, tree);
    const prelude = writableHome(fields, app.pname, RELEASE);

    return renderApp({
      fields, app, tree, prelude,
      names: ['pkg', app.id, appName].map((bound) => [bound, RELEASE]),
      version: releaseVersion(app),
      command: `BINDIR/${shellQuote(target)}${execArgs(fields)}`,
      placeholders: () => sortedPlaceholders(app, prelude.length > 0),
      install: () => linkRelease(),
      installsFiles: false,
      view: {
        ...prebuiltView(fields, app, source, [
          ...installProgram(fields, app, source, name),
          ...installFiles(fields, shareDirectory(app), tree),
          nixString(`hop3_settle "$out/bin/"${shellQuote(target)}`),
        ]),
        ignoresMusl: false,
      },
      hashes: source.hashes,
      systems: PREBUILT_SYSTEMS,
      unused: ['runtime-package', ...unused(source)],
    });
  },
};

function installProgram(fields: Fields, app: AppIdentity, source: AppSource, name: string): NixCode[] {
  const to = `"$out"/bin/${shellQuote(fileName(name))}`;
  // A file of its own mode: `executable` of fetchurl would make the hash another than the published one.
  if (isSingleFile(source)) return [nixString(`install -D -m 755 "$src" ${to}`)];
  return [
    ...enterRelease(fields, app, source),
    nixString(`hop3_program="$(hop3_find ${shellQuote(name)})"`),
    nixString(`install -D -m 755 -- "$hop3_program" ${to}`),
  ];
}

/** `binary-name` may be a path in the archive. */
function fileName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

function unused(source: AppSource): string[] {
  if (source.from === 'tree') return ['sha256', 'archive', 'executable', 'strip-components'];
  return isSingleFile(source) ? ['source-root', 'strip-components'] : ['executable'];
}
