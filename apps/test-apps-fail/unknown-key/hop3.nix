{ pkgs ? import <nixpkgs> { } }:
let
  site = pkgs.writeTextDir "index.html" "hello\n";
in
{
  package = pkgs.writeTextDir "hop3/runtime.json" (builtins.toJSON { workers.static = "${site}"; });
}
