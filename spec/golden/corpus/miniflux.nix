# Rendered by Hop3 from [nix] template = "go-source".
#
# A program that is compiled from Go's source. Its modules are fetched first, under one hash; go.sum has the hash of each.
# The compiler then has no network.
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_source = pkgs.fetchurl {
    name = "miniflux-2.2.8.tar.gz";
    url = "https://github.com/miniflux/v2/archive/refs/tags/2.2.8.tar.gz";
    hash = "sha256-HDYAEsPdAgJgHbJnVcURlptsUn+W1oKYYadAlWM6NcI=";
  };

  hop3_app = pkgs.buildGoModule {
    pname = "miniflux-program";
    version = "2.2.8";
    src = hop3_source;

    vendorHash = "sha256-9I0/dyjanuV8oZystox9RY/gGx1SZuFRTghArv5aJ64=";
    ldflags = [
      "-X miniflux.app/v2/internal/version.Version=2.2.8"
    ];

    # Tests of a published project often need the network or a service.
    doCheck = false;
    meta.mainProgram = "miniflux.app";
  };

  app = hop3_app;
  miniflux = hop3_app;
  pkg = hop3_app;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "export LISTEN_ADDR=\"0.0.0.0:\${PORT:-8080}\""
    "export RUN_MIGRATIONS=\"1\""
    "export CREATE_ADMIN=\"1\""
    "export ADMIN_USERNAME=\"\${ADMIN_USERNAME:?miniflux: ADMIN_USERNAME not injected}\""
    "export ADMIN_PASSWORD=\"\${ADMIN_PASSWORD:?miniflux: ADMIN_PASSWORD not injected — refusing to create an admin with a default password}\""
    ""
    "if [ -z \"\${DATABASE_URL:-}\" ]; then export DATABASE_URL=\"postgres://\${PGUSER:-miniflux}:\${PGPASSWORD:-}@\${PGHOST:-localhost}:\${PGPORT:-5432}/\${PGDATABASE:-miniflux}?sslmode=disable\"; fi"
    ""
    "exec ${hop3_app}/bin/miniflux.app"
    ""
  ];

  hop3_env = {
    CREATE_ADMIN = "1";
    RUN_MIGRATIONS = "1";
  };

  hop3_runtime = {
    workers.web = "${placeholder "out"}/bin/hop3-start";
    env = hop3_env;
    path = [
      "${placeholder "out"}/bin"
      "${hop3_app}/bin"
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "miniflux";
    version = "2.2.8";
    meta.description = "Minimalist and opinionated RSS reader";

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
      "[ -x \"${hop3_app}/bin/\"miniflux.app ] || { echo \"error: [nix] exec-target: go made no program \"miniflux.app\". It made:\" \"$(ls \"${hop3_app}/bin\" 2>/dev/null | tr '\\n' ' ')\" >&2; exit 1; }"
      "mkdir -p \"$out/bin\" && for hop3_file in \"${hop3_app}/bin\"/*; do ln -s \"$hop3_file\" \"$out/bin/\"; done"
      "cp \"$hop3RuntimePath\" \"$out/hop3/runtime.json\""
    ];
  };

  env = hop3_env;
}
