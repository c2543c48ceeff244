{ pkgs ? import <nixpkgs> { } }:
let
  start = pkgs.writeShellScript "dies-at-start" ''
    echo "cannot reach the database at db.example.org:5432: connection refused" >&2
    exit 3
  '';
in
{
  package = pkgs.writeTextDir "hop3/runtime.json" (builtins.toJSON { workers.web = "${start}"; });
}
