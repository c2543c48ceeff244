# Rendered by Hop3 from [nix] template = "ruby-bundler".
#
# The gems of Gemfile.lock, each fetched under its hash of gemset.nix and built in the sandbox, and the app's own files. A
# change of the app alone builds no gem anew.
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_ruby = pkgs.ruby;

  hop3_gemfile = builtins.path { name = "Gemfile"; path = (./. + "/source/Gemfile"); };
  hop3_lockfile = builtins.path { name = "Gemfile.lock"; path = (./. + "/source/Gemfile.lock"); };
  hop3_gemset = import (./. + "/source/gemset.nix");

  # Every group but these two; BUNDLE_WITHOUT names the same.
  hop3_groups = pkgs.lib.subtractLists [ "development" "test" ] (
    pkgs.lib.unique ([ "default" ] ++ pkgs.lib.concatMap (gem: gem.groups or [ ]) (builtins.attrValues hop3_gemset))
  );

  # What a Gemfile may read beside itself: these files, and the directories of the gems that it takes from the tree.
  hop3_beside = builtins.filter (file: builtins.pathExists (./source + "/${file}")) (
    [ ".ruby-version" ".tool-versions" ] ++ pkgs.lib.unique (map hop3_top hop3_path_gems)
  );
  hop3_path_gems = builtins.filter (gem: gem.source.type or "gem" == "path") (builtins.attrValues hop3_gemset);
  hop3_top = gem: builtins.head (pkgs.lib.splitString "/" (pkgs.lib.removePrefix "${toString ./source}/" (toString gem.source.path)));
  hop3_config = builtins.path {
    name = "gem-config";
    path = ./source;
    filter = path: type: builtins.any (file: pkgs.lib.hasPrefix "${toString ./source}/${file}/" "${path}/") hop3_beside;
  };

  hop3_gems = pkgs.bundlerEnv {
    name = "ruby-rack-gems";
    ruby = hop3_ruby;
    gemfile = hop3_gemfile;
    lockfile = hop3_lockfile;
    gemset = hop3_gemset;
    groups = hop3_groups;
    extraConfigPaths = map (file: "${hop3_config}/${file}") hop3_beside;
  };

  hop3_app = pkgs.stdenv.mkDerivation {
    name = "ruby-rack-app";
    src = builtins.path { name = "source"; path = ./source; };
    nativeBuildInputs = [
    ];
    # The app's own scripts start with "env ruby": it becomes the one that sees the gems.
    buildInputs = [ hop3_gems.wrappedRuby ];
    BUNDLE_WITHOUT = "development:test";

    dontUnpack = true;
    dontConfigure = true;
    dontBuild = true;
    dontStrip = true;

    installPhase = builtins.concatStringsSep "\n" [
      "cp -r --no-preserve=mode,ownership \"$src\" source"
      "(cd \"$src\" && find . -type f -perm -u+x -print0) | (cd source && xargs -0r chmod +x)"
      "mv source \"$out\""
    ];
  };

  app = hop3_app;
  gems = hop3_gems;
  pkg = hop3_app;
  ruby = hop3_gems.wrappedRuby;
  ruby_rack = hop3_app;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "exec ${hop3_gems}/bin/rackup --host \"$BIND_ADDRESS\" --port \"$PORT\" --env production --server webrick ${hop3_app}/config.ru"
    ""
  ];

  hop3_env = {
    BUNDLE_WITHOUT = "development:test";
  };

  hop3_runtime = {
    workers.web = "${placeholder "out"}/bin/hop3-start";
    env = hop3_env;
    path = [
      "${placeholder "out"}/bin"
      "${hop3_gems}/bin"
      "${hop3_gems.wrappedRuby}/bin"
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "ruby-rack";
    version = "1.0";
    meta.description = "A Rack app with its gems from Gemfile.lock";

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
      "HOME=\"$TMPDIR\" BUNDLE_WITHOUT=development:test ${hop3_gems.wrappedRuby}/bin/ruby -r bundler/setup -e \"\""
      "[ -x \"${hop3_gems}\"/bin/rackup ] || { echo \"error: no gem of Gemfile.lock has the program \"rackup\". They have:\" \"$(cd \"${hop3_gems}\"/bin && ls | tr \"\\n\" \" \")\" >&2; exit 1; }"
      "mkdir -p \"$out/\" && ln -s \"${hop3_app}\" \"$out/app\""
      "mkdir -p \"$out/\" && ln -s \"${hop3_gems}\" \"$out/gems\""
      "cp \"$hop3RuntimePath\" \"$out/hop3/runtime.json\""
    ];
  };

  env = hop3_env;
}
