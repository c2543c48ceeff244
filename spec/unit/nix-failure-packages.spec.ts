import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nixFailure } from '../../src/nix/nix-failure.ts';

// The texts are those of Nix 2.8 evaluating a nixpkgs of July 2026, or as nixpkgs had them up to 25.05 where that is said.
const packages = suite('nix: packages that nixpkgs does not have or does not give');

const settings = { root: '/srv/hop3', buildTimeout: 3600, buildSilence: 1200, evalTimeout: 120, allowUnsandboxedBuilds: false };
const evaluating = (text: string, location: string | null = null) =>
  nixFailure({ finished: { code: 1, signal: null }, lines: text.split('\n'), building: false, location, packageSet: 'nixos-26.05', settings });

packages('end of life, told by nixpkgs: its own words, and what took the place', () => {
  const texts: [text: string, next: string][] = [
    ['error: php81 is EOL', 'It has reached its end of life. Use php82, php83 or php84 in its place.'],
    ['error: Node.js 25 support was removed given upstream End-of-Life on 2026-06-01', 'It has reached its end of life. Use nodejs_22 or nodejs_24 in its place.'],
    ['error: ruby_3_1 has been removed, as it is has reached end‐of‐life upstream', 'It has reached its end of life. Use ruby_3_3 or ruby_3_4 in its place.'],
    ['error: OpenJDK 24 was removed as it has reached its end of life', 'Only the releases with long support stay. Use jdk21 or jdk17 in its place.'],
    ["error: Go 1.23 is end-of-life and 'go_1_23' has been removed. Please use a newer Go toolchain.", 'Go keeps its last two releases; a newer one builds older modules too. Use go in its place.'],
    ['error: postgresql_13 has been removed since it reached its EOL upstream', 'It has reached its end of life. Use postgresql_16 or postgresql_17 in its place.'],
    ["error: 'mysql80' reached end of life on 2026-04-30 and has been removed.", 'It has reached its end of life. Use mariadb in its place.'],
    ['error: nodePackages has been removed. Many packages are now available at the top level (e.g. `pkgs.package-name`). Check on https://search.nixos.org to see if the package is still available.',
      'Most of its packages are at the top now: pkgs.pnpm in place of pkgs.nodePackages.pnpm.'],
    ['error:\n           Nextcloud v31 has been removed from `nixpkgs` as the support for is dropped\n           by upstream in 2025-09. Please upgrade to at least Nextcloud v32 by declaring',
      'It has reached its end of life. Nextcloud takes one version at a time: go through each. Use nextcloud32 or nextcloud33 in its place.'],
  ];
  for (const [text, next] of texts) {
    const error = evaluating(`${text}\n(use '--show-trace' to show detailed location information)`, 'hop3.nix:9:3');
    assert.is(error.code, 'HOP3_EVAL_REMOVED', text);
    assert.ok(error.what.startsWith('hop3.nix:9:3: '), error.what);
    assert.match(error.why ?? '', text.split('\n')[0]!);
    assert.is(error.next, next);
  }
});

packages('gone without a word: the successor is known all the same', () => {
  const missing = (name: string) => evaluating(`error: attribute '${name}' missing\n\n       at hop3.nix:1:78:\n`, 'hop3.nix:1:78');
  for (const [name, next] of [
    ['nodejs_18', 'nodejs_22 or nodejs_24'], ['nodejs-18_x', 'nodejs_22 or nodejs_24'], ['python310', 'python312 or python313'], ['python39Packages', 'python312Packages or python313Packages'],
    ['php80', 'php82, php83 or php84'], ['php81Packages', 'php82Packages, php83Packages or php84Packages'], ['ruby_3_0', 'ruby_3_3 or ruby_3_4'], ['jdk18', 'jdk21 or jdk17'],
    ['gradle_6', 'Use gradle_8'], ['go_1_22', 'Use go in'], ['go_1_24', 'Use go in'], ['pnpm_7', 'Use pnpm_10'], ['postgresql_12', 'postgresql_16 or postgresql_17'], ['composer', 'php83Packages.composer'],
    ['opcache', 'PHP 8.5 has it built in: take it out of php-extensions.'], ['json', 'since 8.0: take it out of php-extensions.'],
  ] as const) {
    const error = missing(name);
    assert.is(error.code, 'HOP3_EVAL_MISSING');
    assert.match(error.next ?? '', next, name);
  }
  for (const name of ['php83', 'nodejs_22', 'nodejs_24', 'python312', 'python3', 'ruby_3_4', 'jdk21', 'jdk17', 'gradle_8', 'go', 'go_1_25', 'pnpm_10', 'postgresql_17']) {
    assert.match(missing(name).next ?? '', 'does not have it under this name (nixos-26.05)', `${name} is not old`);
  }
});

packages("a name that is nearly right: nix's guess", () => {
  const error = evaluating("error: attribute 'flaskx' missing\n\n       at hop3.nix:1:78:\n\n            1| x\n       Did you mean one of flask, flaky or flax?");
  assert.is(error.next, "If it is a package: this server's package set does not have it under this name (nixos-26.05). It has flask, flaky or flax.");
});

const insecure = (name: string, file: string, issue: string) => `error: Refusing to evaluate package '${name}' in /nix/store/x/${file} because it is marked as insecure

       Known issues:
        - ${issue}

       You can install it anyway by allowing this package, using the
       following methods:

       a) To temporarily allow all insecure packages, you can use an environment
          variable for a single invocation of the nix tools:

            $ export NIXPKGS_ALLOW_INSECURE=1`;

packages('insecure: what to use, or how to allow it; not the advice for machines of one\'s own', () => {
  const node = evaluating(insecure('nodejs-20.20.2', 'pkgs/development/web/nodejs/nodejs.nix:710', 'This NodeJS release has reached its end of life.'));
  assert.is(node.code, 'HOP3_EVAL_INSECURE');
  assert.is(node.what, 'nixpkgs refuses nodejs-20.20.2: it has known security holes, or nobody mends them any more.');
  assert.match(node.next ?? '', 'Use nodejs_22 or nodejs_24 in its place.');
  assert.match(node.why ?? '', '- This NodeJS release has reached its end of life.');
  assert.not.match(node.why ?? '', /install it anyway|NIXPKGS_ALLOW_INSECURE/);
  assert.match(evaluating(insecure('pnpm-9.15.9', 'x.nix:1', 'CVE-2026-48995')).next ?? '', 'Use pnpm_10 in its place.');
  assert.match(evaluating(insecure('gradle-7.6.6', 'x.nix:1', 'x')).next ?? '', 'Use gradle_8 in its place.');
  const minio = evaluating(insecure('minio-2025-10-15T17-29-55Z', 'x.nix:69', 'CVE-2026-40344: MinIO has an Unauthenticated Object Write'));
  assert.match(minio.next ?? '', 'hop3 nix eject, and in hop3.nix write pkgs ? import <nixpkgs> { config.permittedInsecurePackages = [ "minio-2025-10-15T17-29-55Z" ]; }');
  // Up to 25.05.
  const old = evaluating('error: Package ‘figma-linux-0.10.0’ in /nix/store/x-source/pkgs/applications/graphics/figma-linux/default.nix:72 is marked as insecure, refusing to evaluate.');
  assert.is(old.code, 'HOP3_EVAL_INSECURE');
  assert.match(old.what, 'figma-linux-0.10.0');
});

packages('unfree, in both wordings', () => {
  for (const text of [
    "error: Refusing to evaluate package 'outline-1.8.1' in /nix/store/x/pkgs/by-name/ou/outline/package.nix:79 because it has an unfree license (‘bsl11’)\n       a) To temporarily allow unfree packages, you can use an environment variable\n            $ export NIXPKGS_ALLOW_UNFREE=1",
    'error: Package ‘outline-1.8.1’ in /nix/store/x-source/pkgs/outline/default.nix:83 has an unfree license (‘bsl11’), refusing to evaluate.\n\n       a) To temporarily allow unfree packages, you can use an environment variable',
  ]) {
    const error = evaluating(text);
    assert.is(error.code, 'HOP3_EVAL_UNFREE');
    assert.is(error.what, 'outline-1.8.1 is not free software (license bsl11), and nixpkgs gives out free software only.');
    assert.match(error.next ?? '', 'config.allowUnfree = true');
    assert.not.match(error.why ?? '', 'To temporarily allow');
  }
});

packages('broken, in both wordings', () => {
  for (const text of [
    "error: Refusing to evaluate package 'screen-pipe-0.1.48' in /nix/store/x/pkgs/by-name/sc/screen-pipe/package.nix:66 because it has problems:\n       - broken: This package is broken.\n\n       See also https://nixos.org/manual/nixpkgs/unstable#sec-problems",
    'error: Package ‘dhall-lsp-server-1.1.3’ in /nix/store/x-source/pkgs/development/haskell-modules/hackage-packages.nix:84957 is marked as broken, refusing to evaluate.',
  ]) {
    const error = evaluating(text);
    assert.is(error.code, 'HOP3_EVAL_BROKEN', error.what);
    assert.match(error.what, 'nixpkgs marks it as broken');
  }
});

packages('for another system', () => {
  const error = evaluating(`error: Refusing to evaluate package 'xcodes-1.6.2' in /nix/store/x/pkgs/by-name/xc/xcodes/package.nix:47 because it is not available on the requested hostPlatform:
         hostPlatform.system = "x86_64-linux"
         package.meta.platforms = [
           "x86_64-darwin"
           "aarch64-darwin"
         ]
         package.meta.badPlatforms = [ ]

       a) To temporarily allow packages that are unsupported for this system, you can use an environment variable`);
  assert.is(error.code, 'HOP3_EVAL_PLATFORM');
  assert.is(error.what, "xcodes-1.6.2 is not made for this server's system (x86_64-linux).");
  assert.match(error.why ?? '', '"aarch64-darwin"');
});

packages('a nixpkgs that is too new for the Nix of the server', () => {
  const error = evaluating(`error: evaluation aborted with the following error message: '
       This version of Nixpkgs requires an implementation of Nix with the following features:
       - \`builtins.nixVersion\` reports at least 2.18

       You are evaluating with Nix 2.8.0, please upgrade:
`);
  assert.is(error.code, 'HOP3_EVAL_NIX_VERSION');
  assert.is(error.what, 'This nixpkgs needs Nix 2.18 or later; the server has 2.8.0.');
});

packages("an app's own throw keeps its words", () => {
  assert.is(evaluating('error: no such region', 'hop3.nix:2:1').what, 'hop3.nix:2:1: no such region.');
  const removed = evaluating('error: the old frontend was removed, use frontend/', 'hop3.nix:2:1');
  assert.is(removed.what, 'hop3.nix:2:1: the old frontend was removed, use frontend/.');
  assert.match(removed.next ?? '', "If this is nixpkgs' word about a package");
});

packages.run();
