# Rendered by Hop3 from [nix] template = "nixpkgs-wrapper".
#
# A start script around a package of the package set. Plain holes of the template are quoted as Nix strings; the only
# Nix text that comes from hop3.toml is that of the keys which Nix is to expand (let-extra, nixpkgs-overrides and the
# like).
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_package = pkgs.forgejo;

  forgejo = hop3_package;
  pkg = hop3_package;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "PORT=\"\${PORT:-8080}\""
    "DB_HOST=\"\${PGHOST:-localhost}\""
    "DB_PORT=\"\${PGPORT:-5432}\""
    "DB_NAME=\"\${PGDATABASE:-forgejo}\""
    "DB_USER=\"\${PGUSER:-forgejo}\""
    "DB_PASS=\"\${PGPASSWORD:-}\""
    ""
    "export GITEA_WORK_DIR=\"$PWD\""
    ""
    "hop3_file=\"custom/conf/app.ini\""
    "mkdir -p \"$(dirname \"$hop3_file\")\""
    "cat > \"$hop3_file\" <<HOP3_END"
    "[server]"
    "HTTP_PORT = \${PORT}"
    "ROOT_URL = http://localhost:\${PORT}/"
    "DISABLE_SSH = true"
    ""
    "[database]"
    "DB_TYPE = postgres"
    "HOST = \${DB_HOST}:\${DB_PORT}"
    "NAME = \${DB_NAME}"
    "USER = \${DB_USER}"
    "PASSWD = \${DB_PASS}"
    ""
    "[repository]"
    "ROOT = data/forgejo-repositories"
    ""
    "[log]"
    "MODE = console"
    "LEVEL = Info"
    ""
    "[security]"
    "INSTALL_LOCK = true"
    "SECRET_KEY = $(head -c 32 /dev/urandom | base64)"
    "HOP3_END"
    ""
    "mkdir -p custom/conf data"
    ""
    "exec ${hop3_package}/bin/forgejo web"
    ""
  ];

  hop3_env = {
  };

  hop3_runtime = {
    workers.web = "${placeholder "out"}/bin/hop3-start";
    env = hop3_env;
    path = [
      "${placeholder "out"}/bin"
      "${forgejo}/bin"
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "forgejo";
    version = hop3_package.version or "0";
    meta.description = "Self-hosted Git service (community fork of Gitea)";

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
