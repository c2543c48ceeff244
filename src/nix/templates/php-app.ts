import { appIdentity } from '../app-identity.ts';
import { readSource } from '../app-source.ts';
import { Fields } from '../fields.ts';
import type { Piece } from '../live-text.ts';
import { NixCode, nixString, shellQuote } from '../quote.ts';
import { phpComposer } from '../php/composer.ts';
import { phpInterpreter } from '../php/interpreter.ts';
import { phpServing } from '../php/serving.ts';
import { phpTree } from '../php/tree.ts';
import { linkInto, renderApp } from '../wrapper.ts';
import { writableTree } from '../writable-tree.ts';
import type { Template } from './model.ts';

const PHP = new NixCode('hop3_php');
const APP = new NixCode('hop3_app');

/** Core keys that a PHP app has no use for. */
const UNUSED = ['executable', 'runtime-package', 'writable-home-at-runtime', 'writable-home-env-var'];

/** An application in PHP, served by PHP's own server from the store or from a writable copy. */
export const phpApp: Template = {
  tier: 2,
  render({ config, appName, tree }) {
    const fields = new Fields('php-app', config.nix?.keys ?? {});
    const app = appIdentity(fields, config, appName);
    const source = readSource(fields, app, tree);
    const interpreter = phpInterpreter(fields);
    const files = phpTree(fields, app, source, tree);
    const composer = phpComposer(fields, app, source, tree);
    const appDir = composer === null ? [APP, '/app'] : [APP, `/share/php/${app.pname}`];
    const writable = fields.flag('needs-writable-dir');
    const serving = phpServing(fields, writable ? ['$hop3_data'] : appDir, writable);

    return renderApp({
      fields, app, tree,
      version: nixString(files.version),
      names: [['php', PHP], ['composer', new NixCode('hop3_php.packages.composer')], ['app', APP], ['pkg', APP], [app.id, APP], [appName, APP]],
      placeholders: () => ({ PHPBIN: [PHP, '/bin'], APPDIR: appDir, ...serving.placeholders }),
      prelude: [...SCAN_DIR, ...(writable ? writableCopy(fields, appDir) : []), ...serving.prelude],
      command: serving.command,
      runtime: { path: [[PHP, '/bin']] },
      install: () => [linkInto(appDir, 'app')],
      installsFiles: false,
      view: {
        php: interpreter.code, plain: composer === null ? [files.plain] : [], composer: composer === null ? [] : [{ ...files.forComposer, ...composer.view }],
        ...serving.view,
      },
      hashes: [...files.hashes, ...(composer?.hashes ?? [])],
      notices: [...interpreter.notices, ...files.notices, ...scanDirNotices(fields)],
      unused: [...UNUSED, ...files.unused, ...serving.unused, ...(composer === null ? ['composer-deps-hash', 'composer-strict-validation', 'composer-extra-flags'] : [])],
    });
  },
};

/** The data directory holds the app's files, before config-files are written there. PHP would find the store behind a link. */
function writableCopy(fields: Fields, appDir: readonly Piece[]): Piece[] {
  const directories = fields.list('post-install-dirs', '["storage"]').map(shellQuote);
  return [...writableTree(appDir, '"$PWD"', 'keep'), '\n', ...(directories.length === 0 ? [] : [`mkdir -p ${directories.join(' ')}\n`]), '\n'];
}

/** nixpkgs' PHP finds its extensions by this variable. One of the app's own would take their place; so it comes behind. */
const SCAN_DIR: readonly Piece[] = ['if [ -n "${PHP_INI_SCAN_DIR:-}" ]; then export PHP_INI_SCAN_DIR="', PHP, '/lib:$PHP_INI_SCAN_DIR"; fi\n\n'];

function scanDirNotices(fields: Fields): string[] {
  const value = fields.variables('env-exports')['PHP_INI_SCAN_DIR'];
  if (value === undefined || value.includes('PHPBIN')) return [];
  return ['[nix.env-exports] PHP_INI_SCAN_DIR takes the place of PHP\'s list of extensions: begin its value with PHPBIN/../lib:'];
}
