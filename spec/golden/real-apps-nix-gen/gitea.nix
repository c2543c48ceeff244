# Rendered by Hop3 from [nix] template = "nixpkgs-wrapper".
#
# A start script around a package of the package set. Plain holes of the template are quoted as Nix strings; the only
# Nix text that comes from hop3.toml is that of the keys which Nix is to expand (let-extra, nixpkgs-overrides and the
# like).
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_package = pkgs.gitea;

  gitea = hop3_package;
  pkg = hop3_package;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "PORT=\"\${PORT:-3000}\""
    "PUBLIC_URL=\"\${HOP3_PUBLIC_URL:-http://localhost:\${PORT}}\""
    ""
    "export GITEA_WORK_DIR=\"$PWD\""
    ""
    "hop3_file=\"custom/conf/app.ini\""
    "mkdir -p \"$(dirname \"$hop3_file\")\""
    "cat > \"$hop3_file\" <<HOP3_END"
    "[server]"
    "PROTOCOL = http"
    "HTTP_ADDR = \${BIND_ADDRESS:-127.0.0.1}"
    "HTTP_PORT = \${PORT}"
    "ROOT_URL = \${PUBLIC_URL}/"
    "DISABLE_SSH = true"
    "LFS_START_SERVER = false"
    ""
    "[database]"
    "DB_TYPE = sqlite3"
    "PATH = \${PWD}/data/gitea.db"
    ""
    "[repository]"
    "ROOT = \${PWD}/data/repositories"
    ""
    "[log]"
    "MODE = console"
    "LEVEL = Info"
    ""
    "[service]"
    "DISABLE_REGISTRATION = true"
    ""
    "[security]"
    "INSTALL_LOCK = true"
    "SECRET_KEY = \${GITEA_SECRET_KEY}"
    "INTERNAL_TOKEN = \${GITEA_INTERNAL_TOKEN}"
    ""
    "[oauth2]"
    "JWT_SECRET = \${GITEA_JWT_SECRET}"
    "HOP3_END"
    ""
    "mkdir -p data log"
    "if [ ! -e data/.admin-made ]; then"
    "  ${hop3_package}/bin/gitea migrate"
    "  ${hop3_package}/bin/gitea admin user create --admin --must-change-password=false \\"
    "    --username \"$HOP3_ADMIN_USER\" --email \"$HOP3_ADMIN_EMAIL\" --password \"$HOP3_ADMIN_PASSWORD\""
    "  : > data/.admin-made"
    "fi"
    ""
    "exec ${hop3_package}/bin/gitea web"
    ""
  ];

  hop3_env = {
  };

  hop3_runtime = {
    workers.web = "${placeholder "out"}/bin/hop3-start";
    env = hop3_env;
    path = [
      "${placeholder "out"}/bin"
      "${gitea}/bin"
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "gitea";
    version = hop3_package.version or "0";
    meta.description = "A git server with pull requests and issues, in one program";

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
