{ pkgs ? import <nixpkgs> { } }:
let
  inherit (pkgs) lib;

  python = pkgs.python3.withPackages (ps: [ ps.flask ps.gunicorn ps.redis ]);

  app = pkgs.runCommand "queue-redis-app" { } ''
    install -D -m 644 ${./jobs.py} $out/jobs.py
    install -D -m 644 ${./web.py} $out/web.py
    install -D -m 644 ${./worker.py} $out/worker.py
  '';

  # A program on the PATH of the release: the Procfile starts it.
  worker = pkgs.writeShellScriptBin "queue-worker" ''
    exec ${python}/bin/python3 ${app}/worker.py
  '';

  web = lib.concatStringsSep " " [
    "${python}/bin/gunicorn"
    "--pythonpath ${app}"
    "--bind $BIND_ADDRESS:$PORT"
    "--workers 1 --threads 4 --keep-alive 75"
    "web:app"
  ];
in
{
  package = pkgs.writeTextFile {
    name = "queue-redis-1.0.0";
    destination = "/hop3/runtime.json";
    text = builtins.toJSON {
      workers = { inherit web; };
      path = [ "${worker}/bin" ];
      env.PYTHONUNBUFFERED = "1";
    };
  };
}
