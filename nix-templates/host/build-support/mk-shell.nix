# A development shell's place in a file that has one beside its package; building it gives a list of its inputs.
{ lib, stdenv }:
{ name ? "nix-shell", packages ? [ ], inputsFrom ? [ ], nativeBuildInputs ? [ ], buildInputs ? [ ], shellHook ? "", ... }@args:
stdenv.mkDerivation (builtins.removeAttrs args [ "packages" "inputsFrom" ] // {
  inherit name shellHook;
  nativeBuildInputs = packages ++ nativeBuildInputs ++ lib.concatMap (drv: drv.nativeBuildInputs or [ ]) inputsFrom;
  buildInputs = buildInputs ++ lib.concatMap (drv: drv.buildInputs or [ ]) inputsFrom;
  buildCommand = "echo \"$nativeBuildInputs $buildInputs\" > \"$out\"";
})
