import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shortenPaths } from '../../src/nix/nix-command.ts';
import { findLocation, nixFailure, type NixFailure } from '../../src/nix/nix-failure.ts';

const settings = { root: '/srv/hop3', buildTimeout: 3600, buildSilence: 1200, evalTimeout: 120, allowUnsandboxedBuilds: false };
const failing = (text: string, more: Partial<NixFailure> = {}) =>
  nixFailure({ finished: { code: 1, signal: null }, lines: text.split('\n'), building: true, location: null, packageSet: 'nixos-25.05', settings, ...more });

const failures = suite('nix: what a failure means');

failures('a full disk, wherever it shows', () => {
  const builder = `error: builder for '/nix/store/${'0'.repeat(32)}-shop-1.0.drv' failed with exit code 1;\n       last 2 log lines:\n       > cp: error writing 'x': Disk quota exceeded`;
  assert.is(failing("error: writing to file: No space left on device").code, 'HOP3_BUILD_DISK');
  assert.is(failing("error: opening file '/nix/var/nix/db/x': No space left on device", { building: false }).code, 'HOP3_BUILD_DISK');
  // A build step that fails stays a build step that fails; its last words are there to read.
  assert.is(failing(builder).what, 'Building shop-1.0 failed with exit code 1.');
  assert.match(failing(builder).why ?? '', 'Disk quota exceeded');
  assert.match(failing(builder).next ?? '', 'The disk is full.');
});

failures('a sandbox that cannot be made', () => {
  assert.is(failing('error: cloning builder process: Operation not permitted').code, 'HOP3_BUILD_SANDBOX');
  assert.is(failing("error: this system does not support the kernel namespaces that are required for sandboxing; use '--no-sandbox' to disable sandboxing").code, 'HOP3_BUILD_SANDBOX');
});

failures('a builder that was killed', () => {
  const error = failing(`error: builder for '/nix/store/${'0'.repeat(32)}-shop.drv' failed due to signal 9 (Killed)`);
  assert.is(error.what, 'Building shop was ended by signal 9 (Killed).');
  assert.match(error.next ?? '', 'out of memory');
});

failures('an evaluator that was killed', () => {
  const error = failing('', { building: false, finished: { code: null, signal: 'SIGKILL' } });
  assert.is(error.code, 'HOP3_EVAL_MEMORY');
  assert.match(error.what, 'Nix was ended by SIGKILL');
});

failures('a user without a daemon', () => {
  for (const line of [
    "error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket': Connection refused", "error: cannot connect to daemon at 'x': y",
    "error: opening lock file '/nix/var/nix/db/big-lock': Permission denied", "error: creating directory '/nix/var/nix/profiles': Permission denied",
  ]) assert.is(failing(line, { building: false }).code, 'HOP3_NIX_DAEMON', line);
});

failures('a nixpkgs of its own that could not be fetched', () => {
  assert.is(failing("error: unable to download 'https://github.com/NixOS/nixpkgs/x.tar.gz': Couldn't resolve host name (6)", { building: false }).code, 'HOP3_EVAL_FETCH');
});

failures('words of a build step are not taken for nix\'s own', () => {
  const text = `error: undefined variable 'x'\nerror: syntax error, no\nerror: builder for '/nix/store/${'0'.repeat(32)}-a.drv' failed with exit code 2;`;
  assert.is(failing(text).code, 'HOP3_BUILD_FAILED');
});

failures('a build that nix would not begin says why', () => {
  const error = failing("these 2 derivations will be built:\nerror: derivation '/nix/store/x.drv' requested impure path '/etc', but it was not in allowed-impure-host-deps");
  assert.is(error.code, 'HOP3_BUILD_FAILED');
  assert.is(error.what, "The build failed: derivation '/nix/store/x.drv' requested impure path '/etc', but it was not in allowed-impure-host-deps.");
  assert.is(failing('').what, 'The build failed.');
});

failures('an attribute that is missing: the package set is named by its title', () => {
  assert.is(failing("error: attribute 'htop' missing", { building: false }).next, "If it is a package: this server's package set does not have it under this name (nixos-25.05).");
});

failures('what no rule knows keeps nix\'s words', () => {
  const error = failing('warning: x\nerror: something quite new\n       at hop3.nix:1:2:', { building: false, location: 'hop3.nix:1:2' });
  assert.is(error.code, 'HOP3_EVAL_FAILED');
  assert.is(error.what, 'hop3.nix:1:2: something quite new.');
});

failures('a place in an expression that a template made: how to see it', () => {
  const text = "error: attribute 'htop' missing";
  const more = { building: false, location: 'hop3.nix:9:3' };
  assert.match(failing(text, { ...more, hashes: [] }).next ?? '', /\nhop3\.nix is what the template makes of hop3\.toml: hop3 nix generate prints it\.$/);
  assert.not.match(failing(text, more).next ?? '', 'hop3 nix generate');
});

failures('places: the first in the app\'s own files; the server\'s directories are left out', () => {
  const request = { expression: '/srv/hop3/checkouts/x/hop3.nix', sourceDir: '/srv/hop3/checkouts/x/source' };
  assert.is(shortenPaths('at /srv/hop3/checkouts/x/hop3.nix:1:2:', request), 'at hop3.nix:1:2:');
  assert.is(shortenPaths('at /srv/hop3/checkouts/x/source/nix/lib.nix:1:2:', request), 'at nix/lib.nix:1:2:');
  assert.is(findLocation(['  at /nix/store/abc/x.nix:9:9:', '       at nix/lib.nix:3:4:', ' at hop3.nix:1:1:']), 'nix/lib.nix:3:4');
  assert.is(findLocation(['nothing']), null);
});

failures.run();
