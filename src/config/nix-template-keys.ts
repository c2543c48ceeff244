import type { TSchema } from 'typebox';
import type { About } from '../json-schema.ts';
import type { TemplateName } from './model.ts';
import type { NixKey } from './nix-keys.ts';
import { attribute, code, fileMapping, nixName, nixNames, sha256, vendorHash } from './nix-shapes.ts';
import { filledText, flag, oneOf, tables, text, textList, treePath, variables } from './shapes.ts';

const only = (template: TemplateName) => (schema: TSchema, meaning: string, more: Omit<About, 'meaning'> = {}): NixKey =>
  ({ schema, templates: [template], about: { meaning, ...more } });

const wrapper = only('nixpkgs-wrapper');
const python = only('python-venv');
const php = only('php-app');
const war = only('java-war');
const node = only('node-prebuilt');
const binary = only('prebuilt-binary');
const archive = only('prebuilt-archive');
const go = only('go-source');
const pnpm = only('node-pnpm-install');
const gradle = only('java-gradle');

const nix = { expander: 'Nix' } as const;
const HASH = 'Where it is missing, the push says what it is.';

/** The keys that one template reads. */
export const TEMPLATE_KEYS: Readonly<Record<string, NixKey>> = {
  'nixpkgs-package': wrapper(attribute(), 'Required. The package, with or without `pkgs.`.', { example: 'miniflux' }),
  'nixpkgs-overrides': wrapper(variables(nixName, nixNames), "Arguments of the package's `override`, as Nix.", { ...nix, example: { withMySQL: 'true' } }),
  'let-extra': wrapper(variables(nixName, nixNames), 'More Nix variables, as Nix.', { ...nix, example: { jdk: 'pkgs.jdk21_headless' } }),
  'env-exports-raw': wrapper(variables(), 'Like `env-exports`, expanded by Nix.', { ...nix, example: { JAVA_HOME: '${jdk}' } }),
  'install-extra': wrapper(code(), 'Shell lines at the end of the build.', { ...nix, example: 'cp -r ${pkg}/share $out/share' }),
  'exec-prefix': wrapper(filledText(), 'Directory of `exec-target`.', { ...nix, otherwise: "the package's `bin`", example: '$out/home/bin' }),

  'pip-requirements': python(treePath(), 'Lock file with a hash for every package (`pip-compile --generate-hashes`, `uv export`).', { example: 'requirements.txt' }),
  'pip-deps-hash': python(sha256(), `Hash of all fetched packages. ${HASH}`),
  'pip-packages': python(textList(filledText()), 'Packages without hashes.', {
    retired: 'Its packages have no hashes, so the build cannot be repeated; write a hash-pinned lock file and name it in pip-requirements.',
  }),

  'php-version': php(attribute(), 'The PHP of the app.', { otherwise: "the package set's own", example: 'php83' }),
  'php-extensions': php(textList(attribute()), 'Extensions besides those that nixpkgs turns on.', { example: ['pdo_pgsql', 'redis'] }),
  'needs-composer': php(flag(), "Fetches the packages of `composer.lock` with composer.", { default: false }),
  'composer-deps-hash': php(sha256(), `Hash of composer's packages. ${HASH}`),
  'composer-strict-validation': php(flag(), "Lets composer's own warnings about composer.json fail the build.", { default: false }),
  'composer-extra-flags': php(textList(), 'More arguments of `composer install`.', { example: ['--ignore-platform-reqs'] }),
  'serve-mode': php(oneOf(['builtin', 'artisan', 'custom']), "What serves the app: PHP's own server, `artisan serve`, or `exec-target` with `exec-args`.", { default: 'builtin' }),
  'web-root': php(text(), 'Directory that is served.', { otherwise: 'the whole app', example: 'public' }),
  'post-install-dirs': php(textList(treePath()), 'Directories to make in the app.', { example: ['storage'] }),
  'single-file': php(flag(), 'The download is one PHP file.', { default: false }),
  'skip-source-copy': php(flag(), 'Installs nothing of the source but what `install-files` names.', { default: false }),
  'needs-writable-dir': php(flag(), 'Runs from a writable copy in the data directory.', { default: false }),
  'extra-native-build-inputs': php(textList(attribute()), 'More tools for the build.', { example: ['unzip'] }),

  'war-file': war(filledText(), 'The WAR: its path in the tree or the archive. One that is fetched alone gets this name.', { expander: 'Hop3', example: 'jenkins.war' }),
  'jvm-default-opts': war(text(), 'Options for java, before those of `$JAVA_OPTS`.', { expander: 'the shell', example: '-Xmx512m' }),

  'unpack-without-top-level': node(flag(), 'The tarball has no directory of its own.', { default: false }),

  'binary-name': binary(filledText(), 'Name of the program; of an archive, its path there.', { otherwise: 'the id of the app', example: 'gitea' }),

  'file-mappings': archive(tables('nix.file-mappings', fileMapping()), 'Required. Which files of the archive are installed, and where.'),

  'go-vendor-hash': go(vendorHash(), `Hash of the Go modules; \`"none"\` where there are none or vendor/ is committed. ${HASH}`),
  'go-sub-packages': go(textList(filledText()), 'Commands to build.', { otherwise: 'every one of the module', example: ['cmd/server'] }),
  'go-ldflags': go(textList(), 'Flags for the linker.', { expander: 'Hop3', example: ['-s', '-X main.version=${version}'] }),
  'go-proxy-vendor': go(flag(), 'Fetches modules through the module cache; for names that differ only in upper and lower case.', { default: false }),
  'go-version': go(attribute(), 'The Go to build with.', { otherwise: '`go`', example: 'go_1_25' }),
  'go-static-dirs': go(textList(treePath()), 'Directories of the source that the program reads from the disk, at `$HOP3_GO_FRONTEND`.', { example: ['static'] }),
  'go-frontend-build': go(filledText('a command in quotes', 'command'), 'Builds the frontend before Go.', { example: 'npm run build' }),
  'go-frontend-output': go(treePath(), 'Directory of its result.', { default: 'public', example: 'dist' }),
  'go-frontend-source-root': go(filledText(), 'Its directory in the source.', { expander: 'Hop3', otherwise: 'all of it', example: 'frontend' }),
  'go-frontend-pnpm': go(flag(), 'pnpm in place of npm.', { default: false }),
  'go-frontend-node-package': go(attribute(), 'The Node.js that builds it.', { otherwise: '`nodejs`', example: 'nodejs_22' }),
  'go-frontend-embed-path': go(treePath(), 'Where the Go source embeds the result (go:embed). Without it the program reads the pages from `$HOP3_GO_FRONTEND`.', { example: 'internal/web/dist' }),
  'go-npm-deps-hash': go(sha256(), `Hash of the frontend's npm packages. ${HASH}`),
  'go-pnpm-deps-hash': go(sha256(), `Hash of the frontend's pnpm packages. ${HASH}`),
  'go-pnpm-package': go(attribute(), 'The pnpm of the frontend.', { default: 'pnpm_10', example: 'pnpm_10' }),

  'npm-package': pnpm(filledText(), 'The package that is the app; of the tree only package.json and the lock file are taken.', { otherwise: 'the pushed tree', example: 'directus@11.1.0' }),
  'node-manifest': pnpm(treePath(), 'The package.json of the app.', { otherwise: '`package.json`' }),
  'node-lockfile': pnpm(treePath(), 'The pnpm lock file.', { otherwise: '`pnpm-lock.yaml`' }),
  'node-deps-hash': pnpm(sha256(), `Hash of all packages. ${HASH}`),
  'node-pnpm-package': pnpm(attribute(), 'The pnpm to install with.', { default: 'pnpm_10', example: 'pnpm_10' }),
  'node-native-packages': pnpm(textList(filledText()), 'Packages to compile.', { example: ['better-sqlite3'] }),

  'gradle-deps-json': gradle(treePath(), "Lock file of the dependencies, as nixpkgs' Gradle has it.", { otherwise: '`deps.json`' }),
  'gradle-patches': gradle(textList(treePath()), 'Patches for the source.', { example: ['no-timestamp.patch'] }),
  'gradle-flags': gradle(textList(), 'More arguments of gradle.', { example: ['-x', 'test'] }),
  'gradle-jar-glob': gradle(filledText(), 'Required. The jar that was built, of which there must be one.', { expander: 'Hop3', example: 'build/libs/*-all.jar' }),
  'gradle-jar-name': gradle(filledText(), 'Its installed name.', { otherwise: "the app's id", expander: 'Hop3', example: 'app.jar' }),
};
