{ pkgs ? import <nixpkgs> { } }:
let
  start = pkgs.writeShellScript "never-answers" ''
    echo "started, and listening nowhere"
    exec ${pkgs.coreutils}/bin/sleep infinity
  '';
in
{
  package = pkgs.writeTextDir "hop3/runtime.json" (builtins.toJSON { workers.web = "${start}"; });
}
