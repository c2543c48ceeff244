import { appIdentity, storeVersion, type AppIdentity } from '../app-identity.ts';
import { appRoot } from '../app-root.ts';
import { readSource, type AppSource } from '../app-source.ts';
import { Fields } from '../fields.ts';
import { installFiles } from '../install-files.ts';
import { nixConcat, type Piece } from '../live-text.ts';
import { indented, NixCode, nixPath, nixString, shellQuote } from '../quote.ts';
import { execArgs, packagePath } from '../start-script.ts';
import { treeFile, type TreePlace } from '../tree.ts';
import { unpackSource } from '../unpack.ts';
import { linkInto, renderApp } from '../wrapper.ts';
import { writableHome } from '../writable-home.ts';
import type { Template } from './model.ts';

const GEMS = new NixCode('hop3_gems');
const RUBY = new NixCode('hop3_gems.wrappedRuby');
const APP = new NixCode('hop3_app');
const GEMS_BIN: readonly Piece[] = [GEMS, '/bin'];
const RUBY_BIN: readonly Piece[] = [RUBY, '/bin'];
/** Ruby's own programs, which no gem brings: those of the wrapped Ruby see the gems. */
const RUBY_PROGRAMS = new Set(['ruby', 'bundle', 'bundler', 'gem', 'irb', 'erb']);

/** The gems of a Gemfile.lock, each under its hash of gemset.nix, and the app's own files run by one of their programs. */
export const rubyBundler: Template = {
  tier: 2,
  render({ config, appName, tree }) {
    const fields = new Fields('ruby-bundler', config.nix?.keys ?? {});
    const app = appIdentity(fields, config, appName);
    const target = fields.required('exec-target', '"puma"');
    const source = readSource(fields, app, tree);
    const home = writableHome(fields, app.pname, APP);

    return renderApp({
      fields, app, tree,
      version: nixString(storeVersion(app)),
      names: [['pkg', APP], ['app', APP], ['gems', GEMS], ['ruby', RUBY], [app.id, APP], [appName, APP]],
      placeholders: () => ({ GEMSBIN: GEMS_BIN, RUBYBIN: RUBY_BIN, APPDIR: home.length > 0 ? ['$HOME_DIR'] : [APP] }),
      // Rails and its like resolve paths against the working directory.
      prelude: home.length > 0 ? [...home, '\ncd "$HOME_DIR"'] : [],
      command: `${RUBY_PROGRAMS.has(target) ? 'RUBYBIN' : 'GEMSBIN'}/${shellQuote(target)}${execArgs(fields)}`,
      // Without it "bundler/setup" looks for the gems of these groups, too, which are not there.
      runtime: { env: { BUNDLE_WITHOUT: ['development:test'] }, path: [GEMS_BIN, RUBY_BIN] },
      install: () => [CHECK_GEMS, checkTarget(target), linkInto([APP], 'app'), linkInto([GEMS], 'gems')],
      installsFiles: false,
      view: {
        ruby: packagePath('runtime-package', fields.text('runtime-package', '"ruby_3_4"') ?? 'ruby'),
        // Each file alone, so that no other change builds the gems anew.
        gemfile: treeFile(tree, 'Gemfile', 'Gemfile'), lockfile: treeFile(tree, 'Gemfile.lock', 'Gemfile.lock'),
        gemset: nixPath(tree === 'beside' ? './source/gemset.nix' : './gemset.nix'),
        tree: new NixCode(tree === 'beside' ? './source' : './.'),
        gemsName: `${app.pname}-gems`, appFilesName: `${app.pname}-app`,
        ...appFiles(fields, app, source, tree),
      },
      hashes: source.hashes,
      unused: source.from === 'tree' ? ['sha256', 'archive', 'executable', 'strip-components'] : ['executable'],
    });
  },
};

/** The app's own files: the pushed tree, or the archive of `url`, with install-files put into it. */
function appFiles(fields: Fields, app: AppIdentity, source: AppSource, tree: TreePlace) {
  const root = appRoot(fields, app);
  const unpack = unpackSource(source, root.strip);
  const lines = [...unpack.lines, ...root.check, `mv ${root.directory} "$out"`].map((line) => nixConcat([line]));
  // Of a published app the gems are those of the pushed Gemfile.lock; Bundler refuses to start with another beside the app.
  const gemFiles = source.from === 'url'
    ? [nixConcat(['cp ', new NixCode('hop3_gemfile'), ' "$out/Gemfile"']), nixConcat(['cp ', new NixCode('hop3_lockfile'), ' "$out/Gemfile.lock"'])]
    : [];
  return { source: indented(source.code), unpack: [...lines, ...gemFiles], unpackInputs: unpack.nativeBuildInputs, appFiles: installFiles(fields, '.', tree) };
}

/** Bundler's own look at Gemfile, Gemfile.lock and the gems: what it refuses is told now, and not when the app starts. */
const CHECK_GEMS = nixConcat(['HOME="$TMPDIR" BUNDLE_WITHOUT=development:test ', RUBY, '/bin/ruby -r bundler/setup -e ""']);

/** A command that no gem brings is told at the build, with those that there are. */
function checkTarget(target: string): NixCode {
  if (RUBY_PROGRAMS.has(target)) return nixConcat(['[ -x "', RUBY, `/bin/${target}" ]`]);
  const word = shellQuote(target);
  return nixConcat([
    '[ -x "', GEMS, '"/bin/', word, ' ] || { echo "error: no gem of Gemfile.lock has the program "', word, '". They have:" "$(cd "', GEMS,
    '"/bin && ls | tr "\\n" " ")" >&2; exit 1; }',
  ]);
}
