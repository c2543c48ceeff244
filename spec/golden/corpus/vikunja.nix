# Rendered by Hop3 from [nix] template = "go-source".
#
# A program that is compiled from Go's source. Its modules are fetched first, under one hash; go.sum has the hash of each.
# The compiler then has no network.
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_source = pkgs.fetchurl {
    name = "vikunja-0.24.6.tar.gz";
    url = "https://github.com/go-vikunja/vikunja/archive/refs/tags/v0.24.6.tar.gz";
    hash = "sha256-1sKQpXfd248jXiiw9TZ3P6/48+zONGDrTG4Wka5WyxM=";
  };

  hop3_pnpm = pkgs.pnpm_10;

  # Since nixpkgs 25.11 these two are not part of a pnpm. Each release keeps the packages in a form of its own, so the hash is
  # that of one form.
  hop3_fetch_pnpm_deps =
    if pkgs ? fetchPnpmDeps then
      args: pkgs.fetchPnpmDeps (args // { pnpm = hop3_pnpm; fetcherVersion = 3; })
    else
      args: hop3_pnpm.fetchDeps (args // { fetcherVersion = 2; });
  hop3_pnpm_inputs = [ hop3_pnpm (pkgs.pnpmConfigHook or hop3_pnpm.configHook) ];

  hop3_frontend = pkgs.stdenv.mkDerivation (finalAttrs: {
    pname = "vikunja-frontend";
    version = "0.24.6";
    src = hop3_source;
    sourceRoot = "vikunja-0.24.6/frontend";

    pnpmDeps = hop3_fetch_pnpm_deps {
      inherit (finalAttrs) pname version src;
      inherit (finalAttrs) sourceRoot;
      hash = "sha256-d4OkpJ6uuGSJyv5nql4rDZK/HGDAkZ+In9NCDCArqWE=";
    };
    nativeBuildInputs = [
      pkgs.nodejs
    ] ++ hop3_pnpm_inputs;

    buildPhase = builtins.concatStringsSep "\n" [
      "runHook preBuild"
      "pnpm run build"
      "runHook postBuild"
    ];
    installPhase = builtins.concatStringsSep "\n" [
      "runHook preInstall"
      "if [ ! -d dist ]; then echo \"error: [nix] go-frontend-output: the build made no directory \"dist\". It has: $(ls | tr '\\n' ' ')\" >&2; exit 1; fi"
      "cp -R dist \"$out\""
      "runHook postInstall"
    ];
  });

  hop3_app = pkgs.buildGoModule {
    pname = "vikunja-program";
    version = "0.24.6";
    src = hop3_source;

    vendorHash = "sha256-OsKejno8QGg7HzRsrftngiWGiWHFc1jDLi5mQ9/NjI4=";
    ldflags = [
      "-X code.vikunja.io/api/pkg/version.Version=0.24.6"
    ];
    # Not in preBuild, which would run where the modules are fetched, too.
    postConfigure = "mkdir -p frontend/dist && cp -R ${hop3_frontend}/. frontend/dist/ && chmod -R u+w frontend/dist";

    # Tests of a published project often need the network or a service.
    doCheck = false;
    meta.mainProgram = "api";
  };

  app = hop3_app;
  pkg = hop3_app;
  vikunja = hop3_app;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "PORT=\"\${PORT:-8080}\""
    ""
    "hop3_file=\"config.yml\""
    "if [ ! -e \"$hop3_file\" ]; then"
    "mkdir -p \"$(dirname \"$hop3_file\")\""
    "cat > \"$hop3_file\" <<HOP3_END"
    "service:"
    "  interface: \":\${PORT}\""
    "  frontendurl: \"\${HOP3_PUBLIC_URL:-http://localhost:\${PORT}}/\""
    "  publicurl: \"\${HOP3_PUBLIC_URL:-http://localhost:\${PORT}}/\""
    ""
    "cors:"
    "  enable: false"
    ""
    "database:"
    "  type: postgres"
    "  host: \${PGHOST:-localhost}"
    "  port: \${PGPORT:-5432}"
    "  database: \${PGDATABASE:-vikunja}"
    "  user: \${PGUSER:-vikunja}"
    "  password: \${PGPASSWORD:-}"
    ""
    "files:"
    "  basepath: ./files"
    "HOP3_END"
    "fi"
    ""
    "mkdir -p files"
    ""
    "exec ${hop3_app}/bin/api"
    ""
  ];

  hop3_env = {
  };

  hop3_runtime = {
    workers.web = "${placeholder "out"}/bin/hop3-start";
    env = hop3_env;
    path = [
      "${placeholder "out"}/bin"
      "${hop3_app}/bin"
      "${pkg}/bin"
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "vikunja";
    version = "0.24.6";
    meta.description = "Open source task and project management";

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
      "[ -x \"${hop3_app}/bin/\"api ] || { echo \"error: [nix] exec-target: go made no program \"api\". It made:\" \"$(ls \"${hop3_app}/bin\" 2>/dev/null | tr '\\n' ' ')\" >&2; exit 1; }"
      "mkdir -p \"$out/bin\" && for hop3_file in \"${hop3_app}/bin\"/*; do ln -s \"$hop3_file\" \"$out/bin/\"; done"
      "cp \"$hop3RuntimePath\" \"$out/hop3/runtime.json\""
    ];
  };

  env = hop3_env;
}
