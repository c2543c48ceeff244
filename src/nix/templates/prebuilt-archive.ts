import { Hop3Error } from '../../errors.ts';
import { appIdentity } from '../app-identity.ts';
import { readSource } from '../app-source.ts';
import { Fields } from '../fields.ts';
import { installFiles } from '../install-files.ts';
import { enterRelease, linkRelease, prebuiltView, PREBUILT_SYSTEMS, RELEASE, releaseVersion, sortedPlaceholders } from '../prebuilt.ts';
import { nixString, shellQuote, type NixCode } from '../quote.ts';
import { refuseUnpacked } from '../source-root.ts';
import { execArgs } from '../start-script.ts';
import { renderApp, shareDirectory } from '../wrapper.ts';
import { writableHome } from '../writable-home.ts';
import type { Template } from './model.ts';

/** Chosen files of an archive that upstream built. */
export const prebuiltArchive: Template = {
  tier: 3,
  render({ config, appName, tree }) {
    const fields = new Fields('prebuilt-archive', config.nix?.keys ?? {});
    const app = appIdentity(fields, config, appName);
    const target = fields.required('exec-target', '"focalboard-server"');
    const source = readSource(fields, app, tree);
    const prelude = writableHome(fields, app.pname, RELEASE);
    refuseUnpacked(fields, source);
    const share = shareDirectory(app);

    return renderApp({
      fields, app, tree, prelude,
      names: ['pkg', app.id, appName].map((name) => [name, RELEASE]),
      version: releaseVersion(app),
      command: `BINDIR/${shellQuote(target)}${execArgs(fields)}`,
      placeholders: () => sortedPlaceholders(app, prelude.length > 0),
      install: () => linkRelease(),
      installsFiles: false,
      view: {
        ...prebuiltView(fields, app, source, [
          ...enterRelease(fields, app, source),
          nixString(`mkdir -p "$out/bin" "$out"/${shellQuote(share)}`),
          ...mappings(fields),
          ...installFiles(fields, share, tree),
          nixString(`hop3_settle "$out/bin/"${shellQuote(target)}`),
        ]),
        ignoresMusl: false,
      },
      hashes: source.hashes,
      systems: PREBUILT_SYSTEMS,
      unused: ['executable', 'runtime-package', ...(source.from === 'tree' ? ['sha256', 'archive', 'strip-components'] : [])],
    });
  },
};

const EXAMPLE = '[[nix.file-mappings]] with source = "bin/server" and destination = "bin/"';

function mappings(fields: Fields): NixCode[] {
  const entries = fields.tables('file-mappings', EXAMPLE);
  if (entries.length === 0) {
    throw new Hop3Error('HOP3_TEMPLATE_FIELD', {
      what: 'The template prebuilt-archive needs [[nix.file-mappings]], and there is none.',
      next: `Say which files of the archive are wanted and where they go: ${EXAMPLE}.`,
    });
  }
  return entries.map((entry) => {
    const words = [entry.required('source', '"bin/server"').replace(/\/+$/, ''), entry.required('destination', '"bin/"')];
    const recursive = !entry.has('recursive') || entry.flag('recursive');
    return nixString(`hop3_copy ${words.map(shellQuote).join(' ')} '${recursive ? 1 : ''}' '${entry.flag('executable') ? 1 : ''}'`);
  });
}
