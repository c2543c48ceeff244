{ pkgs ? import <nixpkgs> { } }:
let
  inherit (pkgs) lib;

  python = pkgs.python3.withPackages (ps: [ ps.flask ps.gunicorn ps.psycopg2 ]);

  app = pkgs.runCommand "notes-postgres-app" { } ''
    install -D -m 644 ${./notes.py} $out/notes.py
    install -D -m 644 ${./migrate.py} $out/migrate.py
    cp -r ${./migrations} $out/migrations
  '';

  # A command of its own, so that hop3.toml can name it: before-run finds the programs of `path`.
  migrate = pkgs.writeShellScriptBin "notes-migrate" ''
    exec ${python}/bin/python3 ${app}/migrate.py ${app}/migrations
  '';

  web = lib.concatStringsSep " " [
    "${python}/bin/gunicorn"
    "--pythonpath ${app}"
    "--bind $BIND_ADDRESS:$PORT"
    "--workers 2 --threads 4 --keep-alive 75"
    "notes:app"
  ];
in
{
  package = pkgs.writeTextFile {
    name = "notes-postgres-1.0.0";
    destination = "/hop3/runtime.json";
    text = builtins.toJSON {
      workers = { inherit web; };
      path = [ "${migrate}/bin" ];
      env.PYTHONUNBUFFERED = "1";
    };
  };
}
