# A package whose only content is shell text that its users' builders source.
{ lib, runCommand }:
{
  makeSetupHook = { name, substitutions ? { }, propagatedBuildInputs ? [ ], meta ? { }, passthru ? { } }: script:
    runCommand name { inherit propagatedBuildInputs meta passthru; } ''
      mkdir -p "$out/nix-support"
      substitute ${script} "$out/nix-support/setup-hook" \
        ${lib.concatStringsSep " " (lib.mapAttrsToList (key: value: "--subst-var-by ${key} ${lib.escapeShellArg value}") substitutions)}
      recordPropagatedInputs
    '';
}
