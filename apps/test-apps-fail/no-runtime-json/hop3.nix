{ pkgs ? import <nixpkgs> { } }:
{
  package = pkgs.writeTextDir "index.html" "A page, and nothing that says how to serve it.\n";
}
