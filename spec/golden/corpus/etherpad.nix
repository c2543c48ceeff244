# Rendered by Hop3 from [nix] template = "nixpkgs-wrapper".
#
# A start script around a package of the package set. Plain holes of the template are quoted as Nix strings; the only
# Nix text that comes from hop3.toml is that of the keys which Nix is to expand (let-extra, nixpkgs-overrides and the
# like).
{
  pkgs ? import (builtins.fetchTarball {
      url = "https://github.com/NixOS/nixpkgs/archive/ac62194c3917d5f474c1a844b6fd6da2db95077d.tar.gz";
      sha256 = "0v6bd1xk8a2aal83karlvc853x44dg1n4nk08jg3dajqyy0s98np";
    }) { config = { }; overlays = [ ]; },
}:

let
  hop3_package = pkgs.etherpad-lite;

  etherpad = hop3_package;
  etherpad_lite = hop3_package;
  pkg = hop3_package;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "hop3_file=\"settings.json\""
    "if [ ! -e \"$hop3_file\" ]; then"
    "mkdir -p \"$(dirname \"$hop3_file\")\""
    "cat > \"$hop3_file\" <<HOP3_END"
    "{"
    "  \"title\": \"Etherpad\","
    "  \"ip\": \"0.0.0.0\","
    "  \"port\": \${PORT:-9001},"
    "  \"showSettingsInAdminPage\": true,"
    "  \"dbType\": \"postgres\","
    "  \"dbSettings\": {"
    "    \"host\": \"\${PGHOST:-localhost}\","
    "    \"port\": \${PGPORT:-5432},"
    "    \"user\": \"\${PGUSER}\","
    "    \"password\": \"\${PGPASSWORD}\","
    "    \"database\": \"\${PGDATABASE}\","
    "    \"charset\": \"utf8mb4\""
    "  },"
    "  \"defaultPadText\": \"Welcome to Etherpad!\","
    "  \"padOptions\": {"
    "    \"noColors\": false,"
    "    \"showControls\": true,"
    "    \"showChat\": true,"
    "    \"showLineNumbers\": true,"
    "    \"useMonospaceFont\": false,"
    "    \"userName\": null,"
    "    \"userColor\": null,"
    "    \"rtl\": false,"
    "    \"alwaysShowChat\": false,"
    "    \"chatAndUsers\": false,"
    "    \"lang\": \"en-gb\""
    "  },"
    "  \"suppressErrorsInPadText\": false,"
    "  \"requireSession\": false,"
    "  \"editOnly\": false,"
    "  \"minify\": true,"
    "  \"maxAge\": 21600,"
    "  \"trustProxy\": true,"
    "  \"loglevel\": \"INFO\","
    "  \"cookie\": {"
    "    \"keyRotationInterval\": 86400000,"
    "    \"sessionLifetime\": 864000000"
    "  }"
    "}"
    "HOP3_END"
    "fi"
    ""
    "mkdir -p var"
    ""
    "exec ${hop3_package}/bin/etherpad-lite --settings $PWD/settings.json --sessionkey $PWD/SESSIONKEY.txt --apikey $PWD/APIKEY.txt"
    ""
  ];

  hop3_env = {
  };

  hop3_runtime = {
    workers.web = "${placeholder "out"}/bin/hop3-start";
    env = hop3_env;
    path = [
      "${placeholder "out"}/bin"
      "${etherpad}/bin"
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "etherpad";
    version = hop3_package.version or "0";
    meta.description = "Real-time collaborative document editor";

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
