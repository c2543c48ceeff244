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
    "PORT=\"\${PORT:-3000}\""
    ""
    "export GF_SECURITY_ADMIN_USER=\"$HOP3_ADMIN_USER\""
    "export GF_SECURITY_ADMIN_PASSWORD=\"$HOP3_ADMIN_PASSWORD\""
    ""
    "hop3_file=\"conf/grafana.ini\""
    "mkdir -p \"$(dirname \"$hop3_file\")\""
    "cat > \"$hop3_file\" <<HOP3_END"
    "[server]"
    "http_addr = \${BIND_ADDRESS:-127.0.0.1}"
    "http_port = \${PORT}"
    "root_url = \${HOP3_PUBLIC_URL:-http://localhost:\${PORT}}/"
    ""
    "[paths]"
    "data = \${PWD}/data"
    "logs = \${PWD}/logs"
    "plugins = \${PWD}/data/plugins"
    "provisioning = \${PWD}/conf/provisioning"
    ""
    "[database]"
    "type = sqlite3"
    "path = grafana.db"
    ""
    "[log]"
    "mode = console"
    ""
    "[analytics]"
    "reporting_enabled = false"
    "check_for_updates = false"
    "check_for_plugin_updates = false"
    "HOP3_END"
    ""
    "mkdir -p data/plugins logs conf/provisioning"
    ""
    "exec ${hop3_package}/bin/grafana server --homepath \"${hop3_package}/share/grafana\" --config \"$PWD/conf/grafana.ini\""
    ""
  ];

  hop3_env = {
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
    meta.description = "Dashboards for metrics and logs";

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
