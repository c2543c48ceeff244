# Rendered by Hop3 from [nix] template = "nixpkgs-wrapper".
#
# A start script around a package of the package set. Plain holes of the template are quoted as Nix strings; the only
# Nix text that comes from hop3.toml is that of the keys which Nix is to expand (let-extra, nixpkgs-overrides and the
# like).
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_package = pkgs.radicale;

  pkg = hop3_package;
  radicale = hop3_package;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "PORT=\"\${PORT:-8080}\""
    "BIND=\"\${BIND_ADDRESS:-127.0.0.1}\""
    ""
    "export RADICALE_CONFIG=\"config/radicale.ini\""
    "export RADICALE_USER=\"\${RADICALE_USER:-calendar}\""
    ""
    "hop3_file=\"config/radicale.ini\""
    "mkdir -p \"$(dirname \"$hop3_file\")\""
    "cat > \"$hop3_file\" <<HOP3_END"
    "[server]"
    "hosts = \${BIND}:\${PORT}"
    ""
    "[auth]"
    "type = htpasswd"
    "htpasswd_filename = users"
    "htpasswd_encryption = plain"
    ""
    "[storage]"
    "filesystem_folder = collections"
    ""
    "[logging]"
    "level = info"
    "HOP3_END"
    ""
    "mkdir -p collections"
    "# Readable by this app alone."
    "( umask 077"
    "  : > users"
    "  if [ -n \"\${RADICALE_PASSWORD:-}\" ]; then printf '%s:%s\\n' \"$RADICALE_USER\" \"$RADICALE_PASSWORD\" > users; fi"
    ")"
    ""
    "exec ${hop3_package}/bin/radicale \"$@\""
    ""
  ];

  hop3_env = {
  };

  hop3_runtime = {
    workers.web = "${placeholder "out"}/bin/hop3-start";
    env = hop3_env;
    path = [
      "${placeholder "out"}/bin"
      "${radicale}/bin"
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "radicale";
    version = hop3_package.version or "0";
    meta.description = "A small CalDAV and CardDAV server";

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
