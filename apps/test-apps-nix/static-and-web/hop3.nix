{ pkgs ? import <nixpkgs> { } }:
let
  # Served by nginx itself; a path that is no file here goes to the web worker.
  public = builtins.path { path = ./public; name = "static-and-web-public"; };

  api = pkgs.runCommand "static-and-web-api" { } ''
    install -D -m 644 ${./api.mjs} $out/api.mjs
  '';
in
{
  package = pkgs.writeTextFile {
    name = "static-and-web-1.0.0";
    destination = "/hop3/runtime.json";
    text = builtins.toJSON {
      workers = {
        static = "${public}";
        web = "${pkgs.nodejs}/bin/node ${api}/api.mjs";
      };
    };
  };
}
