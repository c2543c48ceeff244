import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nixFailure } from '../../src/nix/nix-failure.ts';

// What the tools said when they were run for this: npm 10, pnpm 10, pip 23, go 1.19, composer 2, bundler 2.3, curl 7.88.
const tools = suite('nix: what the tool of a build step says, in one line of cause and remedy');

const settings = { root: '/srv/hop3', buildTimeout: 3600, buildSilence: 1200, evalTimeout: 120, allowUnsandboxedBuilds: false };

/** A build step that printed this and failed. `behind`: nix repeats the last words behind ">", as it does for a dependency. */
function step(said: string, behind = false, hashes?: []) {
  const drv = `/nix/store/${'0'.repeat(32)}-shop-1.0.drv`;
  const text = behind
    ? `${said}\nerror: builder for '${drv}' failed with exit code 1;\n       last 10 log lines:\n${said.split('\n').map((line) => `       > ${line}`).join('\n')}`
    : `${said}\nerror: builder for '${drv}' failed with exit code 1`;
  return nixFailure({ finished: { code: 100, signal: null }, lines: text.split('\n'), building: true, location: null, packageSet: 'x', settings, hashes });
}

const TEXTS: readonly (readonly [title: string, said: string, code: string, what: string, next: string])[] = [
  ['npm without what it needs', `npm error code ENOTCACHED
npm error request to https://registry.example.org/left-pad/-/left-pad-1.3.0.tgz failed: cache mode is 'only-if-cached' but no cached response is available.
npm error A complete log of this run can be found in: /build/nc/_logs/x-debug-0.log`,
  'HOP3_BUILD_OFFLINE', 'npm wanted https://registry.example.org/left-pad/-/left-pad-1.3.0.tgz, which package-lock.json does not name', 'commit package-lock.json'],
  ['pnpm without what it needs', ` ERR_PNPM_NO_OFFLINE_TARBALL  A package is missing from the store but cannot download it in offline mode. The missing package may be downloaded from https://registry.example.org/left-pad/-/left-pad-1.3.0.tgz.`,
    'HOP3_BUILD_OFFLINE', 'pnpm wanted https://registry.example.org/left-pad/-/left-pad-1.3.0.tgz, which', 'pnpm-lock.yaml'],
  ['a module without a line in go.sum', 'main.go:2:8: missing go.sum entry for module providing package github.com/gorilla/mux (imported by x); to add:\n\tgo get x',
    'HOP3_BUILD_LOCK_FILE', 'go.sum has no line for github.com/gorilla/mux.', 'go mod tidy'],
  ['go with no proxy', 'go: downloading github.com/gorilla/mux v1.8.0\nmain.go:2:8: module lookup disabled by GOPROXY=off', 'HOP3_BUILD_OFFLINE', 'go wanted a module', 'go-vendor-hash'],
  ['go with no network', 'main.go:2:8: github.com/gorilla/mux@v1.8.0: Get "https://proxy.golang.org/github.com/gorilla/mux/@v/v1.8.0.zip": dial tcp: lookup proxy.golang.org on 10.0.0.1:53: dial udp 10.0.0.1:53: connect: network is unreachable',
    'HOP3_BUILD_OFFLINE', 'go wanted a module', 'go mod tidy'],
  ['a Go program without modules', "vendor folder is empty, please set 'vendorHash = null;' in your expression", 'HOP3_BUILD_LOCK_FILE', 'Go has no modules to fetch here.', 'go-vendor-hash = "none"'],
  ['a hash for a committed vendor directory', "vendor folder exists, please set 'vendorHash = null;' in your expression",
    'HOP3_BUILD_LOCK_FILE', 'vendor/ is committed', 'go-vendor-hash = "none"'],
  ['a module of its own below', 'main module (example.org/shop) does not contain package example.org/shop/greet',
    'HOP3_BUILD_FAILED', 'example.org/shop/greet is a module of its own below this one', 'go-sub-packages = ["."]'],
  ['go.mod for a Go to come', './main.go:3:31: undefined: x\nnote: module requires Go 1.99', 'HOP3_BUILD_TOO_OLD', 'go.mod asks for Go 1.99', 'go-version'],
  ['a vendor directory that is not whole', '\tgithub.com/gorilla/mux@v1.8.0: is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt\n\n\tTo sync the vendor directory, run:\n\t\tgo mod vendor',
    'HOP3_BUILD_OFFLINE', 'go wanted a module', 'go mod vendor'],
  ['composer with no network', `In RemoteFilesystem.php line 476:

  The "https://api.github.com/repos/php-fig/log/zipball/fe5ea303b0887d5caefd3
  d431c3e61ad47037001" file could not be downloaded: php_network_getaddresses
  : getaddrinfo for api.github.com failed: Temporary failure in name resoluti
  on`, 'HOP3_BUILD_OFFLINE', 'composer wanted https://api.github.com/repos/php-fig/log/zipball/fe5ea303b0887d5caefd3d431c3e61ad47037001,', 'composer-deps-hash'],
  ['a wheel for another Python', 'ERROR: x-1.0-cp310-cp310-manylinux_2_17_x86_64.whl is not a supported wheel on this platform.',
    'HOP3_BUILD_WHEEL', 'x-1.0-cp310-cp310-manylinux_2_17_x86_64.whl is a wheel for another Python or another system.', 'runtime-package'],
  ['no wheel at all', 'Looking in links: /wheels\nERROR: Could not find a version that satisfies the requirement flask==3.0.0 (from versions: none)\nERROR: No matching distribution found for flask==3.0.0',
    'HOP3_BUILD_WHEEL', 'pip found no wheel of flask==3.0.0 for this Python and this system.', 'runtime-package'],
  ['a lock file without versions', 'ERROR: In --require-hashes mode, all requirements must have their versions pinned with ==. These do not:\n    torch>=2 from file:///x.whl (from -r r3.txt (line 1))',
    'HOP3_BUILD_LOCK_FILE', 'The file of pip-requirements is no lock file', 'pip-compile --generate-hashes'],
  ['a lock file without hashes', 'ERROR: Hashes are required in --require-hashes mode, but they are missing from some requirements. Here is a list of those requirements along with the hashes their downloaded archives actually had.',
    'HOP3_BUILD_LOCK_FILE', 'The file of pip-requirements is no lock file', 'uv export'],
  ['a package that was published again', `ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, please update the hashes.
    torch==2.13.0+cpu from file:///x.whl (from -r r3.txt (line 1)):
        Expected sha256 0000`, 'HOP3_BUILD_LOCK_FILE', 'The package index has another file for torch==2.13.0+cpu than the lock file says.', 'look before you take it'],
  ['a gem that is not there', "Could not find gem 'rack' in cached gems or installed locally.", 'HOP3_BUILD_LOCK_FILE', "bundler: could not find gem 'rack' in cached gems", 'bundix'],
  ['a download that is not there', 'curl: (22) The requested URL returned error: 404\nerror: cannot download x.tar.gz from any mirror', 'HOP3_BUILD_FETCH', 'The server of a download answered 404 (there is no such file).', 'Check the address'],
  ['a server that is not known', 'curl: (6) Could not resolve host: nowhere.invalid', 'HOP3_BUILD_FETCH', 'A download failed: Could not resolve host: nowhere.invalid.', 'way to this address'],
];

for (const [title, said, code, what, next] of TEXTS) {
  tools(title, () => {
    for (const behind of [false, true]) {
      const error = step(said, behind);
      assert.is(error.code, code, error.what);
      assert.match(error.what, what, error.what);
      assert.match(error.next ?? '', next);
      assert.match(error.why ?? '', "error: builder for '/nix/store/");
    }
  });
}

tools('a key that names something that is not there', () => {
  const error = step('Running phase: installPhase\nerror: [nix] web-root: the app has no directory htdocs\nerror: installPhase failed with exit code 1');
  assert.is(error.code, 'HOP3_TEMPLATE_FIELD');
  assert.is(error.what, 'Building shop-1.0 failed with exit code 1: [nix] web-root: the app has no directory htdocs.');
});

tools("a template's step that gives up says why; so does no other", () => {
  const said = 'error: gradle-jar-glob should name one jar, and these are there:\n  build/libs/a.jar\nerror: installPhase failed with exit code 1';
  assert.is(step(said, false, []).what, 'Building shop-1.0 failed with exit code 1: gradle-jar-glob should name one jar, and these are there:');
  assert.is(step(said).what, 'Building shop-1.0 failed with exit code 1.');
});

tools('a file that a step does not find', () => {
  const error = step("cp: cannot stat 'dist': No such file or directory\nerror: installPhase failed with exit code 1");
  assert.is(error.what, 'Building shop-1.0 failed with exit code 1: there is no dist where the step runs.');
  assert.match(error.next ?? '', 'Is it committed');
});

tools('words that no tool says are left as they are', () => {
  const error = step('make: *** [Makefile:3: all] Error 2');
  assert.is(error.code, 'HOP3_BUILD_FAILED');
  assert.is(error.what, 'Building shop-1.0 failed with exit code 1.');
  assert.is(error.next, undefined);
});

tools('a full disk is told before the tool that met it', () => {
  const error = step('curl: (23) Failed writing body\ncp: error writing x: No space left on device\ncurl: (6) Could not resolve host: x');
  assert.match(error.next ?? '', 'The disk is full.');
});

tools.run();
