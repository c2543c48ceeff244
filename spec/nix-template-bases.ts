import type { TemplateName } from '../src/config/model.ts';

/** A hop3.toml of one template that renders, and that further keys can be put into. */
export interface Base {
  /** Empty for the only one of its template; else what is special about it. */
  readonly name: string;
  readonly nix: Readonly<Record<string, unknown>>;
  /** Places whose text is not kept to the letter in this one, on purpose. */
  readonly changed?: readonly string[];
  /** Places whose text is kept, and stands in another form as well. */
  readonly both?: readonly string[];
  /** Places whose text is a part of the shell's script here. */
  readonly shell?: readonly string[];
}

const HASH = `sha256-${'A'.repeat(43)}=`;
const file = { url: 'https://example.org/app-${version}', sha256: HASH };
const archive = { ...file, archive: 'tar-gz' };

/** One or more for every template: between them every key of the template has an effect. */
export const BASES: Readonly<Record<TemplateName, readonly Base[]>> = {
  'nixpkgs-wrapper': [
    { name: '', nix: { 'nixpkgs-package': 'python3', 'exec-target': 'python3' } },
    { name: 'writable home', nix: { 'nixpkgs-package': 'python3', 'exec-target': 'python3', 'writable-home-at-runtime': true } },
  ],
  'python-venv': [
    { name: '', nix: { 'exec-target': 'gunicorn', 'pip-requirements': 'requirements.txt', 'pip-deps-hash': HASH } },
  ],
  'php-app': [
    { name: 'builtin', nix: { ...archive } },
    { name: 'writable', nix: { ...archive, 'needs-writable-dir': true } },
    { name: 'single file', nix: { ...file, 'single-file': true } },
    { name: 'composer', nix: { ...archive, 'needs-composer': true, 'composer-deps-hash': HASH, 'serve-mode': 'artisan' } },
    { name: 'custom', nix: { 'serve-mode': 'custom', 'exec-target': 'php' }, shell: ['exec-target'] },
  ],
  'ruby-bundler': [{ name: '', nix: { 'exec-target': 'rackup' } }],
  'java-war': [
    // The link's name alone, which is made a plain one.
    { name: '', nix: { ...file, 'war-file': 'app.war' }, changed: ['war-file'] },
    // The link to it has a plain name here too.
    { name: 'in an archive', nix: { ...archive, 'war-file': 'app.war' }, both: ['war-file'] },
  ],
  'node-prebuilt': [{ name: '', nix: { ...archive, 'exec-target': 'server.js' } }],
  'prebuilt-binary': [
    // Of a file that is fetched alone the last part of the name is its name.
    { name: '', nix: { ...file, 'exec-target': 'app' }, changed: ['binary-name'] },
    { name: 'in an archive', nix: { ...archive, 'binary-name': 'app' } },
  ],
  'prebuilt-archive': [{ name: '', nix: { ...archive, 'exec-target': 'app', 'file-mappings': [{ source: 'app', destination: 'bin/' }] } }],
  'go-source': [
    { name: '', nix: { ...archive, 'exec-target': 'app', 'go-vendor-hash': HASH }, shell: ['go-frontend-build'] },
    { name: 'npm frontend', nix: { ...archive, 'exec-target': 'app', 'go-vendor-hash': HASH, 'go-frontend-build': 'npm run build', 'go-frontend-output': 'dist', 'go-npm-deps-hash': HASH }, shell: ['go-frontend-build'] },
    { name: 'pnpm frontend', nix: { ...archive, 'exec-target': 'app', 'go-vendor-hash': HASH, 'go-frontend-build': 'pnpm run build', 'go-frontend-output': 'dist', 'go-frontend-pnpm': true, 'go-pnpm-deps-hash': HASH }, shell: ['go-frontend-build'] },
  ],
  'node-pnpm-install': [{ name: '', nix: { 'npm-package': 'app@1.0.0', 'exec-target': 'app', 'node-deps-hash': HASH } }],
  'java-gradle': [{ name: '', nix: { ...archive, 'exec-target': 'app', 'gradle-deps-json': 'deps.json', 'gradle-jar-glob': 'build/libs/app.jar' } }],
};

/** What lies in the pushed tree for them. */
export const BASE_FILES: Readonly<Record<string, string>> = {
  'requirements.txt': `flask==3.0.0 --hash=sha256:${'0'.repeat(64)}\n`,
  Gemfile: "source 'https://rubygems.org'\ngem 'rack'\n",
  'Gemfile.lock': 'GEM\n  remote: https://rubygems.org/\n  specs:\n    rack (3.0.0)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  rack\n\nBUNDLED WITH\n   2.3.0\n',
  'gemset.nix': `{ rack = { groups = [ "default" ]; platforms = [ ]; version = "3.0.0"; source = { type = "gem"; remotes = [ "https://rubygems.org" ]; sha256 = "${'0'.repeat(52)}"; }; }; }\n`,
  'package.json': '{ "name": "app", "version": "1.0.0" }\n',
  'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
  'deps.json': '{ "!version": 1 }\n',
};
