{ pkgs ? import <nixpkgs> { } }:
let
  node = "${pkgs.nodejs}/bin/node";

  app = pkgs.runCommand "web-and-worker-app" { } ''
    install -D -m 644 ${./web.mjs} $out/web.mjs
    install -D -m 644 ${./worker.mjs} $out/worker.mjs
  '';
in
{
  package = pkgs.writeTextFile {
    name = "web-and-worker-1.0.0";
    destination = "/hop3/runtime.json";
    text = builtins.toJSON {
      workers = {
        web = "${node} ${app}/web.mjs";
        # Any other name is a background worker: no port, no traffic.
        heartbeat = "${node} ${app}/worker.mjs";
      };
    };
  };
}
