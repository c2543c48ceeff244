{ pkgs ? import <nixpkgs> { } }:
{
  package = pkgs.writeTextDir "hop3/runtime.json" (builtins.toJSON { workers.static = "/etc"; });
}
