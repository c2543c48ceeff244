{ pkgs ? import <nixpkgs> { } }:
let
  php = pkgs.php.withExtensions ({ enabled, all }: enabled ++ [ all.pdo_mysql ]);

  app = pkgs.runCommand "guestbook-mysql-app" { } ''
    mkdir -p $out/public
    install -m 644 ${./public/index.php} $out/public/index.php
    install -m 644 ${./database.php} $out/database.php
    install -m 644 ${./migrate.php} $out/migrate.php
    cp -r ${./migrations} $out/migrations
  '';

  migrate = pkgs.writeShellScriptBin "guestbook-migrate" ''
    exec ${php}/bin/php ${app}/migrate.php "$@"
  '';
in
{
  package = pkgs.writeTextFile {
    name = "guestbook-mysql-1.0.0";
    destination = "/hop3/runtime.json";
    text = builtins.toJSON {
      workers.web = "${php}/bin/php -S $BIND_ADDRESS:$PORT -t ${app}/public ${app}/public/index.php";
      path = [ "${migrate}/bin" ];
      # PHP's own server answers one request at a time in each of these processes.
      env.PHP_CLI_SERVER_WORKERS = "4";
    };
  };
}
