# Debian's composer for a PHP of this set, and nixpkgs' two functions that build a project with it: the packages of
# composer.lock are fetched under one hash (mkComposerVendor), the project is built from them without a network.
{ lib, self, runCommand, php }:
let
  composer = runCommand "composer-host"
    {
      preferLocalBuild = true;
      allowSubstitutes = false;
      passthru = { inherit php; };
      meta.mainProgram = "composer";
    } ''. ${./php-composer.sh} ${php}'';

  # Attributes that both derivations share, with nixpkgs' defaults.
  common = args: {
    composerNoDev = args.composerNoDev or true;
    composerNoPlugins = args.composerNoPlugins or true;
    composerNoScripts = args.composerNoScripts or true;
    composerStrictValidation = args.composerStrictValidation or true;
    doCheck = args.doCheck or true;
    dontCheckForBrokenSymlinks = args.dontCheckForBrokenSymlinks or true;
    nativeBuildInputs = (args.nativeBuildInputs or [ ]) ++ [ (args.composer or composer) (args.php or php) self.cacert ];
    buildInputs = (args.buildInputs or [ ]) ++ [ (args.php or php) ];
  };
  # Attributes that are for these functions alone.
  forBuilder = args: builtins.removeAttrs args [ "php" "composer" "composerLock" ];

  phase = name: text: "runHook pre${name}\n. ${./php-composer-phases.sh}\n${text}\nrunHook post${name}\n";
  phases = args: all: builtins.mapAttrs (name: text: args.${"${name}Phase"} or (phase (upper name) text)) all;
  upper = name: lib.toUpper (builtins.substring 0 1 name) + builtins.substring 1 (-1) name;
  withPhases = args: all: lib.mapAttrs' (name: text: lib.nameValuePair "${name}Phase" text) (phases args all);

  given = what: args: names:
    let absent = builtins.filter (name: !(args ? ${name})) names; in
    if absent == [ ] then args else throw "${what} expects ${builtins.head absent} argument.";
  final = f: if lib.isFunction f then f else _: f;

  mkComposerVendor = attrs: self.stdenvNoCC.mkDerivation (finalAttrs:
    let args = given "mkComposerVendor" (final attrs finalAttrs) [ "pname" "version" "src" ]; hash = args.vendorHash or ""; in
    forBuilder args // common args // withPhases args {
      configure = "useLockFile";
      build = "fetchPackages";
      check = "validateComposerFiles";
      install = "installPackages";
    } // {
      name = "${args.pname}-composer-vendor-${args.version}";
      composerLock = args.composerLock or null;
      # References to the store are not allowed in what is fetched.
      dontPatchShebangs = args.dontPatchShebangs or true;
      outputHashMode = "recursive";
      outputHashAlgo = if hash == "" then "sha256" else null;
      outputHash = hash;
    });

  buildComposerProject2 = attrs: self.stdenvNoCC.mkDerivation (finalAttrs:
    let args = given "buildComposerProject2" (final attrs finalAttrs) [ "pname" "version" "src" ]; in
    forBuilder args // common args // withPhases args {
      configure = "useFetchedLockFile";
      build = "restorePackages";
      check = "validateComposerFiles";
      install = "installProject";
    } // {
      doInstallCheck = args.doInstallCheck or true;
      installCheckPhase = args.installCheckPhase or "runHook preInstallCheck\nrunHook postInstallCheck\n";
      composerVendor = args.composerVendor or (mkComposerVendor ({
        inherit (finalAttrs) pname version src;
        vendorHash = args.vendorHash or "";
      } // lib.getAttrs (builtins.filter (name: args ? ${name}) [
        "php" "composer" "composerLock" "composerNoDev" "composerNoPlugins" "composerNoScripts" "composerStrictValidation"
        "dontCheckForBrokenSymlinks"
      ]) args));
    });
in
{
  inherit composer;
  builders = { inherit mkComposerVendor buildComposerProject2; };
}
