import type { TemplateName } from './model.ts';

/** What each template is for, in a few words; the reference page, the guide and editors show it. */
export const TEMPLATE_ABOUT: Readonly<Record<TemplateName, string>> = {
  'nixpkgs-wrapper': 'a start script around a package of nixpkgs',
  'python-venv': 'Python packages from a hash-pinned lock file, in a virtual environment',
  'php-app': "PHP, with its extensions and composer's packages",
  'ruby-bundler': 'a Gemfile with its lock file and `gemset.nix`; no keys of its own',
  'java-war': 'a WAR file of the upstream project',
  'node-prebuilt': 'a tarball that Node.js runs',
  'prebuilt-binary': 'one program, downloaded',
  'prebuilt-archive': 'files of a downloaded archive',
  'go-source': 'Go, built from source, with a frontend where there is one',
  'node-pnpm-install': 'Node.js packages from a pnpm lock file',
  'java-gradle': 'Java or Kotlin, built offline by Gradle',
};
