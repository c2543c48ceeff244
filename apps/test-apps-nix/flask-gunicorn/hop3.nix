{ pkgs ? import <nixpkgs> { } }:
let
  inherit (pkgs) lib;

  python = pkgs.python3.withPackages (ps: [ ps.flask ps.gunicorn ]);

  app = pkgs.runCommand "flask-gunicorn-app" { } ''
    install -D -m 644 ${./app.py} $out/app.py
  '';

  # Two processes of four threads: a slow request does not keep the others waiting.
  # Idle connections stay open longer than nginx keeps them, so that nginx is the one to close them.
  web = lib.concatStringsSep " " [
    "${python}/bin/gunicorn"
    "--pythonpath ${app}"
    "--bind $BIND_ADDRESS:$PORT"
    "--workers 2 --threads 4 --keep-alive 75"
    "--access-logfile -"
    "app:app"
  ];
in
{
  package = pkgs.writeTextFile {
    name = "flask-gunicorn-1.0.0";
    destination = "/hop3/runtime.json";
    text = builtins.toJSON {
      workers = { inherit web; };
      path = [ "${python}/bin" ];
      env.PYTHONUNBUFFERED = "1";
    };
  };

  env.GREETING = "Hello from Flask";
}
