# What packages an app of Node.js: npm's and pnpm's lock files, offline.
{ lib, self }:
let
  hooksFor = { nodejs }: {
    npmConfigHook = self.makeSetupHook { name = "npm-config-hook-host"; substitutions = { nodejs = "${nodejs}"; npmLock = "${./npm-lock.mjs}"; }; } ./npm-config-hook.sh;
    npmBuildHook = self.makeSetupHook { name = "npm-build-hook-host"; } ./npm-build-hook.sh;
    npmInstallHook = self.makeSetupHook { name = "npm-install-hook-host"; substitutions.nodejs = "${nodejs}"; } ./npm-install-hook.sh;
  };
in
{
  npmHooks = lib.makeOverridable hooksFor { inherit (self) nodejs; };
  fetchNpmDeps = lib.makeOverridable (import ./npm-deps.nix { inherit lib; inherit (self) stdenvNoCC nodejs curl; });
  buildNpmPackage = import ./npm-package.nix { inherit lib; inherit (self) stdenv fetchNpmDeps npmHooks nodejs; };
  importNpmLock = import ./npm-import-lock.nix { inherit lib; inherit (self) runCommand fetchurl npmHooks; };
  fetchPnpmDeps = lib.makeOverridable (import ./pnpm-deps.nix { inherit lib; inherit (self) stdenvNoCC pnpm nodejs; });
  pnpmConfigHook = self.makeSetupHook { name = "pnpm-config-hook-host"; } ./pnpm-hook.sh;
}
