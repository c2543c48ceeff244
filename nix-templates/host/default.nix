# The `host` package set: a small look-alike of nixpkgs for machines that have no way to it, made of the programs that the
# distribution has under /usr. Same attribute names, same signatures; see docs/host-package-set.md for what it promises.
{ system ? builtins.currentSystem
, localSystem ? system
, config ? { }
, overlays ? [ ]
, ...
}:
let
  lib = import ./lib;
  platform = if builtins.isString localSystem then localSystem else localSystem.system;

  base = self: {
    inherit lib;
    config = { allowUnfree = false; } // (if lib.isFunction config then config { pkgs = self; } else config);
    overlays = overlays;
    path = ./.;
    system = platform;
    # How a file can tell where it is, should it ever have to.
    isHostPackageSet = true;
    pkgs = self;

    callPackage = lib.callPackageWith self;
    callPackages = lib.callPackagesWith self;
    newScope = extra: lib.callPackageWith (self // extra);
    extend = overlay: lib.fix (lib.extends overlay packages);
    appendOverlays = more: lib.fix (lib.extends (lib.composeManyExtensions more) packages);

    inherit (import ./stdenv { inherit lib self; system = platform; alternatives = import ./stdenv/alternatives.nix { system = platform; }; })
      stdenv stdenvNoCC;
    inherit (self.stdenv) hostPlatform buildPlatform targetPlatform;
    runtimeShell = "${self.bash}/bin/bash";
  }
  // import ./build-support { inherit lib self; }
  // import ./programs {
    inherit lib self;
    inherit (self) runCommand;
    system = platform;
    distribution = import ./distribution.nix;
  }
  // import ./aliases.nix self;

  packages = lib.extends (lib.composeManyExtensions overlays) base;
in
lib.fix packages
