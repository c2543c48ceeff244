# buildGoModule, and the same with a numbered Go.
{ lib, self }:
let
  module = go: import ./module.nix { inherit lib go; inherit (self) stdenv git cacert makeSetupHook; };
  numbered = minor: lib.nameValuePair "buildGo1${minor}Module" (module self."go_1_${minor}");
in
{ buildGoModule = module self.go; }
// lib.listToAttrs (map numbered (map toString (lib.range 19 28)))
