# Rendered by Hop3 from [nix] template = "nixpkgs-wrapper".
#
# A start script around a package of the package set. Plain holes of the template are quoted as Nix strings; the only
# Nix text that comes from hop3.toml is that of the keys which Nix is to expand (let-extra, nixpkgs-overrides and the
# like).
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_package = pkgs.grafana;

  grafana = hop3_package;
  pkg = hop3_package;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "PORT=\"\${PORT:-8080}\""
    "DB_HOST=\"\${PGHOST:-localhost}\""
    "DB_PORT=\"\${PGPORT:-5432}\""
    "DB_NAME=\"\${PGDATABASE:-grafana}\""
    "DB_USER=\"\${PGUSER:-grafana}\""
    "DB_PASS=\"\${PGPASSWORD:-}\""
    ""
    "export GF_SERVER_HTTP_PORT=\"\${PORT}\""
    "export GF_PATHS_DATA=\"$PWD/data\""
    "export GF_PATHS_LOGS=\"$PWD/logs\""
    "export GF_PATHS_PROVISIONING=\"$PWD/conf/provisioning\""
    ""
    "hop3_file=\"conf/custom.ini\""
    "if [ ! -e \"$hop3_file\" ]; then"
    "mkdir -p \"$(dirname \"$hop3_file\")\""
    "cat > \"$hop3_file\" <<HOP3_END"
    "[server]"
    "http_port = \${PORT}"
    ""
    "[paths]"
    "data = data"
    "logs = logs"
    ""
    "[database]"
    "type = postgres"
    "host = \${DB_HOST}:\${DB_PORT}"
    "name = \${DB_NAME}"
    "user = \${DB_USER}"
    "password = \${DB_PASS}"
    "ssl_mode = disable"
    ""
    "[security]"
    "admin_user = \${GF_SECURITY_ADMIN_USER:-admin}"
    "HOP3_END"
    "fi"
    ""
    "mkdir -p data logs conf/provisioning/datasources conf/provisioning/dashboards"
    ""
    "exec ${hop3_package}/bin/grafana server --homepath \"$GRAFANA_HOMEPATH\" --config \"$PWD/conf/custom.ini\""
    ""
  ];

  hop3_env = {
    GF_PATHS_DATA = "./data";
    GF_PATHS_LOGS = "./logs";
    GF_SECURITY_ADMIN_USER = "admin";
    GRAFANA_HOMEPATH = "${grafana}/share/grafana";
  };

  hop3_runtime = {
    workers.web = "${placeholder "out"}/bin/hop3-start";
    env = hop3_env;
    path = [
      "${placeholder "out"}/bin"
      "${grafana}/bin"
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "grafana";
    version = hop3_package.version or "0";
    meta.description = "The open and composable observability and data visualization platform";

    # To ask whether another machine builds it takes longer than to build it.
    preferLocalBuild = true;
    dontUnpack = true;
    dontConfigure = true;
    dontBuild = true;

    # Both reach the builder as files: no shell reads them on the way.
    passAsFile = [ "hop3Script" "hop3Runtime" ];
    hop3Script = hop3_script;
    hop3Runtime = builtins.toJSON hop3_runtime;

    installPhase = builtins.concatStringsSep "\n" [
      "mkdir -p \"$out/bin\" \"$out/hop3\""
      "cp \"$hop3ScriptPath\" \"$out/bin/hop3-start\""
      "chmod 755 \"$out/bin/hop3-start\""
      # A quote that is not closed in hop3.toml is found here and not when the app starts.
      "${pkgs.runtimeShell or "/bin/sh"} -n \"$out/bin/hop3-start\""
      "cp \"$hop3RuntimePath\" \"$out/hop3/runtime.json\""
    ];
  };

  env = hop3_env;
}
