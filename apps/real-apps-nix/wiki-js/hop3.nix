# Wiki.js from nixpkgs, which has the application's files and no program to start them.
{ pkgs ? import <nixpkgs> { } }:
let
  # Wiki.js itself puts the variables in, $(NAME) or $(NAME:otherwise), at most one in a line.
  config = pkgs.writeText "wiki-js.yml" ''
    port: $(PORT)
    bindIP: $(BIND_ADDRESS:127.0.0.1)
    db:
      type: postgres
      host: "$(PGHOST)"
      port: $(PGPORT:5432)
      user: "$(PGUSER)"
      pass: "$(PGPASSWORD)"
      db: "$(PGDATABASE)"
      ssl: false
    logLevel: info
    dataPath: ./data
  '';

  # It looks for its own parts in the directory that it is started in, which is the app's data directory.
  start = pkgs.writeShellScript "wiki-js-start" ''
    set -eu
    mkdir -p data
    for part in server assets package.json; do
      ln -sfn ${pkgs.wiki-js}/"$part" "$part"
    done
    exec ${pkgs.nodejs_22}/bin/node server
  '';
in
{
  package = pkgs.writeTextFile {
    name = "wiki-js-${pkgs.wiki-js.version}";
    destination = "/hop3/runtime.json";
    text = builtins.toJSON {
      workers.web = "${start}";
      env = {
        CONFIG_FILE = "${config}";
        NODE_ENV = "production";
      };
      # For pages that are kept in a git repository, too.
      path = [ "${pkgs.git}/bin" "${pkgs.openssh}/bin" ];
    };
  };
}
