# Rendered by Hop3 from [nix] template = "nixpkgs-wrapper".
#
# A start script around a package of the package set. Plain holes of the template are quoted as Nix strings; the only
# Nix text that comes from hop3.toml is that of the keys which Nix is to expand (let-extra, nixpkgs-overrides and the
# like).
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_package = pkgs.listmonk;

  listmonk = hop3_package;
  pkg = hop3_package;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "PORT=\"\${PORT:-8080}\""
    "DB_HOST=\"\${PGHOST:-localhost}\""
    "DB_PORT=\"\${PGPORT:-5432}\""
    "DB_NAME=\"\${PGDATABASE:-listmonk}\""
    "DB_USER=\"\${PGUSER:-listmonk}\""
    "DB_PASS=\"\${PGPASSWORD:-}\""
    ""
    "hop3_file=\"config.toml\""
    "mkdir -p \"$(dirname \"$hop3_file\")\""
    "cat > \"$hop3_file\" <<HOP3_END"
    "[app]"
    "address = \"0.0.0.0:\${PORT}\""
    "admin_username = \"admin\""
    "admin_password = \"changeme\""
    ""
    "[db]"
    "host = \"\${DB_HOST}\""
    "port = \${DB_PORT}"
    "user = \"\${DB_USER}\""
    "password = \"\${DB_PASS}\""
    "database = \"\${DB_NAME}\""
    "ssl_mode = \"disable\""
    "max_open = 25"
    "max_idle = 25"
    "max_lifetime = \"300s\""
    "HOP3_END"
    ""
    "${hop3_package}/bin/listmonk --install --yes --config config.toml 2>/dev/null || true"
    ""
    "exec ${hop3_package}/bin/listmonk --config config.toml"
    ""
  ];

  hop3_env = {
  };

  hop3_runtime = {
    workers.web = "${placeholder "out"}/bin/hop3-start";
    env = hop3_env;
    path = [
      "${placeholder "out"}/bin"
      "${listmonk}/bin"
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "listmonk";
    version = hop3_package.version or "0";
    meta.description = "Self-hosted newsletter and mailing list manager";

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
