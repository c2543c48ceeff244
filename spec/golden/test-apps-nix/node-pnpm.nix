# Rendered by Hop3 from [nix] template = "node-pnpm-install".
#
# A Node.js app with the packages of its pnpm-lock.yaml. They are fetched under one hash, for every system and without running
# anything of them; then they are installed without the network.
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_node = pkgs.nodejs;

  hop3_pnpm = pkgs.pnpm_10;

  # Since nixpkgs 25.11 these two are not part of a pnpm. Each release keeps the packages in a form of its own, so the hash is
  # that of one form.
  hop3_fetch_pnpm_deps =
    if pkgs ? fetchPnpmDeps then
      args: pkgs.fetchPnpmDeps (args // { pnpm = hop3_pnpm; fetcherVersion = 3; })
    else
      args: hop3_pnpm.fetchDeps (args // { fetcherVersion = 2; });
  hop3_pnpm_inputs = [ hop3_pnpm (pkgs.pnpmConfigHook or hop3_pnpm.configHook) ];

  hop3_source = builtins.path { name = "source"; path = ./source; };

  hop3_app = pkgs.stdenv.mkDerivation (finalAttrs: {
    pname = "node-pnpm-app";
    version = "1.0";
    src = hop3_source;

    pnpmDeps = hop3_fetch_pnpm_deps {
      # The lock file is part of the name, so that a change of it is fetched and compared with the hash.
      pname = "node-pnpm-node-" + builtins.substring 0 8 (builtins.hashFile "sha256" (if builtins.pathExists (./. + "/source/pnpm-lock.yaml") then (./. + "/source/pnpm-lock.yaml") else throw "The pushed tree has no pnpm-lock.yaml. Run pnpm install --lockfile-only and commit pnpm-lock.yaml with package.json."));
      inherit (finalAttrs) version src pnpmInstallFlags;
      hash = pkgs.lib.fakeHash;
    };
    pnpmInstallFlags = [ "--prod" ];

    nativeBuildInputs = [
      hop3_node
    ] ++ hop3_pnpm_inputs;

    buildPhase = builtins.concatStringsSep "\n" [
      "runHook preBuild"
      "runHook postBuild"
    ];
    installPhase = builtins.concatStringsSep "\n" [
      "runHook preInstall"
      "rm -f node_modules/.modules.yaml node_modules/.pnpm-workspace-state*.json"
      "if [ -d node_modules ]; then find node_modules -path '*/.bin/*' -type f -exec sed -i \"s|$PWD/|$out/|g\" {} +; fi"
      "cp -R . \"$out\""
      "runHook postInstall"
    ];
    # It would look into thousands of files, few of them compiled.
    dontStrip = true;
  });

  app = hop3_app;
  node_pnpm = hop3_app;
  nodejs = hop3_node;
  pkg = hop3_app;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "export PATH=\"${hop3_node}/bin:$PATH\""
    "export APPDIR=\"${hop3_app}\""
    ""
    "exec ${hop3_node}/bin/node ${hop3_app}/server.mjs"
    ""
  ];

  hop3_env = {
    NODE_ENV = "production";
  };

  hop3_runtime = {
    workers.web = "${placeholder "out"}/bin/hop3-start";
    env = hop3_env;
    path = [
      "${placeholder "out"}/bin"
      "${hop3_app}/node_modules/.bin"
      "${hop3_node}/bin"
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "node-pnpm";
    version = "1.0";
    meta.description = "A web server with packages of npm's registry";

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
      "[ -f \"${hop3_app}/\"server.mjs ] || { echo \"error: [nix] exec-target: the app has no file \"server.mjs\". There is:\" \"$(ls \"${hop3_app}\" 2>/dev/null | tr '\\n' ' ')\" >&2; exit 1; }"
      "mkdir -p \"$out/\" && ln -s \"${hop3_app}\" \"$out/app\""
      "cp \"$hop3RuntimePath\" \"$out/hop3/runtime.json\""
    ];
  };

  env = hop3_env;
}
