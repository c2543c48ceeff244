{ lib, system, stdenv, alternatives }:
let
  # Attributes that Nix code reads and the builder does not.
  notForBuilder = [ "meta" "passthru" "pos" "env" "builder" "args" "strictDeps" "__structuredAttrs" ];
  inputLists = [
    "nativeBuildInputs"
    "buildInputs"
    "propagatedNativeBuildInputs"
    "propagatedBuildInputs"
    "depsBuildBuild"
    "nativeCheckInputs"
    "checkInputs"
    "nativeInstallCheckInputs"
    "installCheckInputs"
  ];

  nameOf = attrs:
    lib.strings.sanitizeDerivationName (
      attrs.name or (
        if attrs ? pname && attrs ? version then "${attrs.pname}-${attrs.version}"
        else throw "mkDerivation: give `name`, or `pname` and `version`"
      )
    );

  # Nested lists and nulls are allowed among inputs.
  plainInputs = list: builtins.filter (x: x != null) (lib.flatten list);

  checked = attrs:
    if attrs.__structuredAttrs or false then
      throw "mkDerivation: the host package set has no __structuredAttrs (Nix 2.8 cannot build with them); use a real nixpkgs"
    else
      attrs;

  # The environment that the builder gets.
  builderAttrs = given:
    let
      attrs = checked given;
      overlap = builtins.attrNames (builtins.intersectAttrs (attrs.env or { }) (builtins.removeAttrs attrs [ "env" ]));
    in
    if overlap != [ ] then
      throw "mkDerivation: `env` and the derivation both set ${lib.concatStringsSep ", " overlap}"
    else
      builtins.removeAttrs attrs notForBuilder
      // attrs.env or { }
      // builtins.mapAttrs (_: plainInputs) (lib.getAttrs (builtins.filter (list: attrs ? ${list}) inputLists) attrs)
      // {
        name = nameOf attrs;
        inherit system;
        builder = if attrs ? args then attrs.builder or "/bin/bash" else "/bin/bash";
        args = attrs.args or [ "${stdenv}/build" ];
        customBuilder = if attrs ? args then null else attrs.builder or null;
        stdenv = "${stdenv}";
        hostAlternatives = alternatives;
        __ignoreNulls = true;
      }
      // lib.optionalAttrs (attrs ? buildCommand) {
        passAsFile = lib.unique ((attrs.passAsFile or [ ]) ++ [ "buildCommand" ]);
      };

  # `given` is a function of the final attributes, so that overrideAttrs reaches into them.
  make = given:
    let
      final = given (final // { finalPackage = package; });
      package = builtins.derivation (builderAttrs final) // {
        inherit system;
        name = nameOf final;
        meta = (final.meta or { }) // { name = nameOf final; available = true; outputsToInstall = [ (builtins.head (final.outputs or [ "out" ])) ]; };
        passthru = final.passthru or { };
        overrideAttrs = change: make (lib.extends (lib.toExtension change) given);
        stdenv = stdenv;
      }
      // lib.getAttrs (builtins.filter (name: final ? ${name}) [ "pname" "version" "src" ]) final
      // final.passthru or { };
    in
    package;
in
attrsOrFunction: make (if lib.isFunction attrsOrFunction then attrsOrFunction else _: attrsOrFunction)
