{ pkgs ? import <nixpkgs> { } }:
let
  app = pkgs.runCommand "node-http-app" { } ''
    install -D -m 644 ${./server.mjs} $out/server.mjs
  '';
in
{
  package = pkgs.writeTextFile {
    name = "node-http-1.0.0";
    destination = "/hop3/runtime.json";
    text = builtins.toJSON {
      workers.web = "${pkgs.nodejs}/bin/node ${app}/server.mjs";
      env.NODE_ENV = "production";
    };
  };
}
