# The standard environment: bash, the phases of shell/, and the distribution's tools from /usr.
{ lib, self, system, alternatives }:
let
  # One copy in the store; every derivation refers to it as $stdenv.
  shell = builtins.path { path = ./shell; name = "host-stdenv"; };
  platform = lib.systems.elaborate system;

  make = extra:
    let
      stdenv = {
        outPath = "${shell}";
        name = "stdenv-host";
        shell = "/bin/bash";
        inherit system;
        hostPlatform = platform;
        buildPlatform = platform;
        targetPlatform = platform;
        inherit (platform) isLinux isDarwin isx86_64 isAarch64 is64bit;
        hasCC = true;
        # nixpkgs' names for the parts of the compiler that a program needs when it runs.
        cc = self.gcc // {
          cc = self.gcc-unwrapped;
          libc = self.glibc;
          bintools.dynamicLinker = "${self.glibc}/lib/${self.glibc.dynamicLinker}";
        };
        mkDerivation = import ./make-derivation.nix { inherit lib system stdenv alternatives; };
        override = _: stdenv;
      } // extra;
    in
    stdenv;
in
{
  stdenv = make { };
  stdenvNoCC = make { hasCC = false; };
}
