import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkPackage } from '../../src/nix/check-package.ts';
import type { PackageSet } from '../../src/nix/model.ts';
import { readSettings } from '../../src/settings.ts';
import { caught } from '../caught.ts';
import { nixAnswers, NixWorld } from './nix-world.ts';

process.env['NIX_REMOTE'] ??= 'daemon';

/** A package set with one package of each kind that nixpkgs has. */
const SET = `{ config ? { }, overlays ? [ ] }:
let
  package = name: attributes: derivation { inherit name; system = builtins.currentSystem; builder = "/bin/sh"; } // attributes;
in
rec {
  butler = package "butler-1.2" { version = "1.2"; meta = { description = "Serves"; mainProgram = "butler-cli"; license = { spdxId = "MIT"; }; }; };
  plain = package "plain-1" { meta = { license = [ { fullName = "A licence of its own"; } { shortName = "other"; } ]; }; };
  bare = package "bare-1" { };
  closed = package "closed-1" { meta.unfree = true; } // { outPath = throw "Package closed-1 has an unfree license, refusing to evaluate."; };
  leaky = package "leaky-1" { meta = { insecure = true; knownVulnerabilities = [ "CVE-1: leaks" ]; }; };
  defect = package "defect-1" { meta = { broken = true; unsupported = true; sourceProvenance = [ { shortName = "binaryBytecode"; isSource = false; } { shortName = "fromSource"; isSource = true; } ]; }; };
  odd = package "odd-1" { version = throw "not today"; meta = throw "nor this"; };
  php81 = throw "php81 has been removed as it is end of life";
  old = throw "old was renamed to new";
  inner.pythonic = package "pythonic-3" { };
  with-more = package "with-more-1" { webvault = package "webvault-2" { version = "2"; }; };
  fetch = { __functor = _: x: x; };
  make = x: x;
  number = 3;
  endless = endless;
  reads = builtins.readFile "/etc/passwd";
}
`;

const test = suite<{ world: NixWorld; set: PackageSet; check: (name: string) => ReturnType<typeof checkPackage> }>('what the package set says of a package');

test.before.each((context) => {
  context.world = new NixWorld();
  const path = join(context.world.root, 'packages');
  mkdirSync(path);
  writeFileSync(join(path, 'default.nix'), SET);
  context.set = { kind: 'path', path, id: 'spec', title: 'made-up set' };
  context.check = (name) => checkPackage(name, context.set, readSettings({ HOP3_ROOT: context.world.root, HOP3_NIXPKGS: 'host' }));
});
test.after.each(({ world }) => world.end());

test('its version, program and licence, and nothing that it does not say', async ({ check }) => {
  assert.equal(await check('pkgs.butler'), {
    path: 'butler', name: 'butler-1.2', version: '1.2', description: 'Serves', mainProgram: 'butler-cli', programs: null, broken: false, insecure: false,
    unfree: false, unsupported: false, vulnerabilities: [], licenses: ['MIT'], prebuilt: [],
  });
  assert.equal((await check('plain')).licenses, ['A licence of its own', 'other']);
  assert.equal([(await check('bare')).mainProgram, (await check('bare')).licenses], [null, []]);
  assert.is((await check('with-more.webvault')).version, '2');
  assert.is((await check('inner.pythonic')).name, 'pythonic-3');
});

test('what nixpkgs refuses to build is told, not refused here', async ({ check }) => {
  assert.is((await check('closed')).unfree, true);
  const leaky = await check('leaky');
  assert.equal([leaky.insecure, leaky.vulnerabilities], [true, ['CVE-1: leaks']]);
  const defect = await check('defect');
  assert.equal([defect.broken, defect.unsupported, defect.prebuilt], [true, true, ['binaryBytecode']]);
  const odd = await check('odd');
  assert.equal([odd.name, odd.version, odd.mainProgram], ['odd-1', null, null], 'a field that throws is one that is not given');
});

test('one that was given up is told in the words of the set, with what took its place', async ({ check }) => {
  const php = await caught(check('php81'));
  assert.is(php.code, 'HOP3_NO_PACKAGE');
  assert.is(php.what, 'The package set (made-up set) does not give "php81": php81 has been removed as it is end of life.');
  assert.match(php.next ?? '', 'php84');
  assert.match((await caught(check('old'))).what, 'old was renamed to new.');
});

test('one that is not there, and what is no package', async ({ check }) => {
  const near = await caught(check('buttler'));
  assert.equal([near.code, near.what, near.next], ['HOP3_NO_PACKAGE', 'The package set has no "buttler" (made-up set).', 'Near it: butler.']);
  assert.is((await caught(check('inner.pythonik'))).next, 'Near it: inner.pythonic.');
  assert.is((await caught(check('inner.deep.deeper'))).what, 'The package set has no "inner.deep" (made-up set).');
  assert.is((await caught(check('number.x'))).what, 'The package set has no "number.x" (made-up set).');
  assert.match((await caught(check('inner'))).what, '"inner" is a set of names (1), and no package.');
  for (const name of ['fetch', 'make']) assert.is((await caught(check(name))).what, `"${name}" is a function, and no package.`);
  assert.is((await caught(check('number'))).what, '"number" is a value (int), and no package.');
});

test('neither a loop nor a file of the server comes out', async ({ check }) => {
  assert.is((await caught(check('endless'))).code, 'HOP3_EVAL_FAILED');
  const reads = await caught(check('reads'));
  assert.is(reads.code, 'HOP3_EVAL_FAILED');
  assert.not.match(`${reads.what}${reads.why}`, 'root:');
});

if (nixAnswers()) test.run();
