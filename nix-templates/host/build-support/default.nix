# The functions beside packages.
{ lib, self }:
let
  commands = import ./run-command.nix { inherit lib; inherit (self) stdenv stdenvNoCC; };
  inherit (commands) runCommand;
  texts = import ./write-text.nix { inherit lib runCommand; inherit (self) runtimeShell stdenv; };
  hooks = import ./setup-hook.nix { inherit lib runCommand; };
  wrapper = name: hooks.makeSetupHook { inherit name; substitutions.shell = self.runtimeShell; } ./make-wrapper.sh;
in
commands
// builtins.removeAttrs texts [ "checkShellSyntax" ]
// import ./join.nix { inherit lib runCommand; }
// import ./fetch.nix { inherit lib; inherit (self) stdenvNoCC; }
// hooks
// import ../go { inherit lib self; }
// import ../node { inherit lib self; }
// {
  makeWrapper = wrapper "make-wrapper-host";
  makeShellWrapper = wrapper "make-wrapper-host";
  makeBinaryWrapper = wrapper "make-wrapper-host";
  autoPatchelfHook = hooks.makeSetupHook
    {
      name = "auto-patchelf-hook-host";
      substitutions = { readElf = "${./read-elf.sh}"; inherit (self.stdenv.cc.bintools) dynamicLinker; };
    } ./auto-patchelf.sh;
  formats = import ./formats.nix { inherit lib; inherit (self) writeText; };
  mkShell = import ./mk-shell.nix { inherit lib; inherit (self) stdenv; };
  mkShellNoCC = self.mkShell;

  # Trees that need nothing done.
  emptyFile = runCommand "empty-file" { } ''touch "$out"'';
  emptyDirectory = runCommand "empty-directory" { } ''mkdir "$out"'';
  srcOnly = attrs: runCommand "${attrs.name or "source"}-source" { inherit (attrs) src; } ''
    unpackPhase
    cp -r "$sourceRoot" "$out"
  '';
}
