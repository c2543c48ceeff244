import { attribute, conditionalVariable, configFile, nixpkgsHash, nixpkgsRevision, sha256, url } from './nix-shapes.ts';
import type { NixKey } from './nix-keys.ts';
import type { About } from '../json-schema.ts';
import type { TSchema } from 'typebox';
import { TEMPLATES } from './model.ts';
import { TEMPLATE_ABOUT } from './template-about.ts';
import { filledText, flag, oneOf, tables, textList, treePath, variableName, variables, whole } from './shapes.ts';

const core = (schema: TSchema, meaning: string, more: Omit<About, 'meaning'> = {}): NixKey => ({ schema, templates: 'any', about: { meaning, ...more } });

const nix = { expander: 'Nix' } as const;
const shell = { expander: 'the shell' } as const;

/** The keys that every template reads, or says that it has no use for. */
export const CORE_KEYS: Readonly<Record<string, NixKey>> = {
  template: core(oneOf(TEMPLATES, { published: { 'x-taplo': { docs: { enumValues: TEMPLATES.map((name) => TEMPLATE_ABOUT[name]) } } } }),
    'Required. How the app is built.', { example: 'nixpkgs-wrapper' }),
  url: core(url(), 'What to fetch. Without it the pushed tree is the app.', { expander: 'Hop3', example: 'https://example.org/a-${version}.tar.gz' }),
  sha256: core(sha256(), 'Hash of what `url` names. Where it is missing, the push says what it is.', { example: 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' }),
  archive: core(oneOf(['tar-gz', 'tar-bz2', 'tar-xz', 'zip']), 'How it is packed.', { otherwise: 'by the ending of `url`', example: 'zip' }),
  executable: core(flag(), 'The fetched file is a program. `prebuilt-binary` needs no telling.', { example: true }),
  version: core(filledText(), 'The version, where `[metadata]` gives none.', { example: '2.1' }),
  'source-root': core(filledText(), 'Directory of the source that holds the app.', { expander: 'Hop3', otherwise: 'all of it', example: 'app-${version}' }),
  'strip-components': core(whole(0, 100), 'Leading directories of the archive to drop.', { otherwise: 'the one directory at its top', example: 0 }),
  'runtime-package': core(attribute(), 'What runs the app.', { otherwise: 'per template: `python3`, `nodejs`, `ruby`, `jdk`, `jre`', example: 'nodejs_22' }),
  'nixpkgs-rev': core(nixpkgsRevision(), "Builds this app with another revision of nixpkgs than the server's; `nixpkgs-sha256` must stand beside it.",
    { example: 'ac62194c3917d5f474c1a844b6fd6da2db95077d' }),
  'nixpkgs-sha256': core(nixpkgsHash(), 'Hash of that revision, unpacked: `nix-prefetch-url --unpack` prints it.', { example: '0v6bd1xk8a2aal83karlvc853x44dg1n4nk08jg3dajqyy0s98np' }),
  'exec-target': core(filledText(), 'The program to start. Most templates cannot do without.', { example: 'gitea' }),
  'exec-args': core(textList(), 'Its arguments: shell text, joined with spaces.', { ...shell, example: ['--port', '"${PORT:-8080}"'] }),
  'local-vars': core(variables(), 'Shell variables of the start script.', { ...shell, example: { PORT: '${PORT:-8080}' } }),
  'env-exports': core(variables(), 'Variables that the start script exports.', { ...shell, example: { APP_HOME: '$PWD' } }),
  'conditional-env': core(tables('nix.conditional-env', conditionalVariable()), 'Variables that the start script exports where another is not set.', shell),
  'config-files': core(tables('nix.config-files', configFile()), 'Files that the start script writes before `pre-exec` runs.', shell),
  'pre-exec': core(textList(), 'Shell lines that run before the program.', { ...shell, example: ['mkdir -p data'] }),
  'runtime-env': core(variables(), 'Variables as they stand; only `${lower_case}` names are expanded, by Nix.', { expander: 'nobody', example: { LANG: 'C.UTF-8' } }),
  'extra-paths': core(textList(), 'Directories in front of PATH.', { ...nix, example: ['${gitea}/bin'] }),
  'nix-runtime-libs': core(textList(filledText('text in quotes, not empty', 'package name')), 'Packages whose libraries the program finds at run time.', { ...nix, example: ['postgresql.lib'] }),
  'writable-home-at-runtime': core(flag(), 'Copies the package to a writable place at the first start.', { default: false, example: true }),
  'writable-home-env-var': core(variableName(), 'The variable that tells the program that place.', { example: 'KC_HOME_DIR' }),
  'install-files': core(textList(treePath()), 'Files of the pushed tree to put beside the app, for an app that is fetched.', { example: ['wp-config.php'] }),
};
