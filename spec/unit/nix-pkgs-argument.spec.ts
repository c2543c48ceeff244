import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decideGivePkgs, fetchesOwnNixpkgs, pkgsArgument } from '../../src/nix/own-nixpkgs.ts';
import type { PackageSet } from '../../src/nix/model.ts';

const host: PackageSet = { kind: 'host', path: '/x', id: 'host:1', title: 'host' };
const pin: PackageSet = { ...host, kind: 'pin' };
const OWN = '{ pkgs ? import (fetchTarball "https://github.com/NixOS/nixpkgs/archive/50ab.tar.gz") {} }: { }';

const pkgs = suite('nix: whose nixpkgs');

pkgs('the argument pkgs, past comments, strings and nested defaults', () => {
  assert.is(pkgsArgument('{ pkgs ? import <nixpkgs> {} }: { }'), 'optional');
  assert.is(pkgsArgument('# first\n/* { */\nargs@{ lib ? { a = "},"; }, pkgs, ... }: { }'), 'required');
  assert.is(pkgsArgument("{ x ? ''a } ''${b}, pkgs'', pkgs ? 1 } @ args: { }"), 'optional');
  assert.is(pkgsArgument('{ lib, nixpkgs ? 1 }: { }'), 'none');
  assert.is(pkgsArgument('{ pkgs = 1; package = 2; }'), 'none');
  assert.is(pkgsArgument('let pkgs = 1; in { }'), 'none');
  assert.is(pkgsArgument('{ pkgs'), 'none');
  assert.is(pkgsArgument(''), 'none');
});

pkgs('a nixpkgs of its own, in the ways people write it, and not in a comment', () => {
  for (const text of [
    OWN, 'import (builtins.fetchTarball { url = "https://nixos.org/channels/nixos-24.11/nixexprs.tar.xz"; }) {}',
    'import (builtins.fetchGit { url = "https://github.com/nixos/nixpkgs"; }) {}', 'builtins.getFlake "github:NixOS/nixpkgs"',
    'fetchFromGitHub { owner = "NixOS"; repo = "nixpkgs"; }',
  ]) assert.ok(fetchesOwnNixpkgs(text), text);
  for (const text of [
    '# fetchTarball https://github.com/NixOS/nixpkgs\n{ pkgs ? import <nixpkgs> {} }: { }', 'pkgs.fetchurl { url = "https://example.org"; }',
    '{ meta.homepage = "https://github.com/NixOS/nixpkgs"; }',
  ]) assert.not.ok(fetchesOwnNixpkgs(text), text);
});

pkgs('under host it is given ours and told so; under a pin it is left alone and told so', () => {
  assert.equal(decideGivePkgs(OWN, host), { givePkgs: true, notice: 'hop3.nix fetches its own nixpkgs; under HOP3_NIXPKGS=host it is given the host set instead' });
  assert.is(decideGivePkgs(OWN, pin).givePkgs, false);
  assert.match(decideGivePkgs(OWN, pin).notice ?? '', /server's package set is not used/);
});

pkgs('an own nixpkgs without the argument cannot be replaced, and the log says what to add', () => {
  const decision = decideGivePkgs(`let pkgs = ${OWN.slice(9, -7)}; in { }`, host);
  assert.is(decision.givePkgs, false);
  assert.match(decision.notice ?? '', /takes no argument "pkgs"/);
});

pkgs('pkgs without a default is always given; <nixpkgs> needs nothing', () => {
  assert.equal(decideGivePkgs('{ pkgs }: { }', pin), { givePkgs: true, notice: null });
  assert.equal(decideGivePkgs('{ pkgs ? import <nixpkgs> {} }: { }', host), { givePkgs: false, notice: null });
});

pkgs.run();
