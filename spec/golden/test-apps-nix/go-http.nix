# Rendered by Hop3 from [nix] template = "go-source".
#
# A program that is compiled from Go's source. Its modules are fetched first, under one hash; go.sum has the hash of each.
# The compiler then has no network.
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_source = builtins.path { name = "source"; path = ./source; };

  hop3_app = pkgs.buildGoModule {
    pname = "go-http-program";
    version = "1.0";
    src = hop3_source;

    vendorHash = null;
    ldflags = [
      "-X main.version=1.0"
    ];

    # Tests of a published project often need the network or a service.
    doCheck = false;
    meta.mainProgram = "go-http";
  };

  app = hop3_app;
  go_http = hop3_app;
  pkg = hop3_app;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "exec ${hop3_app}/bin/go-http"
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
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "go-http";
    version = "1.0";
    meta.description = "A web server of Go's standard library";

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
      "[ -x \"${hop3_app}/bin/\"go-http ] || { echo \"error: [nix] exec-target: go made no program \"go-http\". It made:\" \"$(ls \"${hop3_app}/bin\" 2>/dev/null | tr '\\n' ' ')\" >&2; exit 1; }"
      "mkdir -p \"$out/bin\" && for hop3_file in \"${hop3_app}/bin\"/*; do ln -s \"$hop3_file\" \"$out/bin/\"; done"
      "cp \"$hop3RuntimePath\" \"$out/hop3/runtime.json\""
    ];
  };

  env = hop3_env;
}
