# A whole nixpkgs, to evaluate what Hop3 renders against it: `import ./nixpkgs-eval.nix { tree = /path/to/nixpkgs; }`.
#
# A nixpkgs of 2025-11 or later refuses a Nix before 2.18 at its front door, because of what some builds need there. To
# evaluate without building, its inner entry file will do. Programs written in Haskell are made by reading files while
# Nix evaluates, in a way that an older Nix has not: the two that a web application's package may ask for are replaced by
# a small one. The result is fit for a look, not for a build.
{
  tree,
  settings ? { },
}:

let
  recent = builtins.compareVersions builtins.nixVersion "2.18" >= 0;

  withoutHaskell = _: set: {
    pandoc = set.hello // { compiler.bootstrapAvailable = true; };
    shellcheck = set.hello;
    shellcheck-minimal = set.hello // { compiler.bootstrapAvailable = true; };
  };
in
import (if recent then tree else tree + "/pkgs/top-level/impure.nix") {
  config = settings;
  overlays = if recent then [ ] else [ withoutHaskell ];
}
