# runCommand and its kin: a derivation that is one script.
{ lib, stdenv, stdenvNoCC }:
rec {
  runCommand = name: env: runCommandWith { stdenv = stdenvNoCC; runLocal = false; inherit name; derivationArgs = env; };
  runCommandLocal = name: env: runCommandWith { stdenv = stdenvNoCC; runLocal = true; inherit name; derivationArgs = env; };
  runCommandCC = name: env: runCommandWith { inherit stdenv name; derivationArgs = env; };
  runCommandWith =
    let defaultStdenv = stdenv; in
    { stdenv ? defaultStdenv, runLocal ? false, derivationArgs ? { }, name }: buildCommand:
    stdenv.mkDerivation (
      { enableParallelBuilding = true; inherit buildCommand name; }
      // lib.optionalAttrs runLocal { preferLocalBuild = true; allowSubstitutes = false; }
      // builtins.removeAttrs derivationArgs [ "passAsFile" ]
      // { passAsFile = [ "buildCommand" ] ++ (derivationArgs.passAsFile or [ ]); }
    );
}
