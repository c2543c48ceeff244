# bundlerEnv: the gems of a gemset.nix (bundix writes it from Gemfile.lock), each fetched by its hash and installed by
# Debian's rubygems, and the programs that find them.
{ lib, stdenv, runCommand, buildEnv, makeWrapper, fetchurl, ruby }@set:
{ name ? null
, pname ? null
, gemdir ? null
, gemfile ? gemdir + "/Gemfile"
, lockfile ? gemdir + "/Gemfile.lock"
, gemset ? gemdir + "/gemset.nix"
, groups ? [ "default" ]
, ruby ? set.ruby
, extraConfigPaths ? [ ]
, gemConfig ? { }
, ignoreCollisions ? false
, postBuild ? ""
, passthru ? { }
, meta ? { }
, ...
}:
assert lib.assertMsg (name != null || pname != null) "bundlerEnv: give name or pname";
let
  forThisRuby = gem:
    (gem.platforms or [ ]) == [ ]
    || builtins.any (platform: platform.engine == ruby.rubyEngine && (platform.version or ruby.version.majMin) == ruby.version.majMin) gem.platforms;
  ofGroups = gem: groups == null || !(gem ? groups) || lib.intersectLists ([ "default" ] ++ groups) gem.groups != [ ];

  # The gems of the groups, and what they depend on.
  all = lib.filterAttrs (_: forThisRuby) (if builtins.isAttrs gemset then gemset else import gemset);
  withDependencies = chosen:
    let more = chosen // lib.getAttrs (lib.concatMap (gem: gem.dependencies or [ ]) (builtins.attrValues chosen)) all; in
    if builtins.attrNames more == builtins.attrNames chosen then chosen else withDependencies more;
  wanted = withDependencies (lib.filterAttrs (_: ofGroups) all);

  # A gem of a path in the tree is read from there; it comes with extraConfigPaths.
  gems = lib.mapAttrs installed (lib.filterAttrs (_: gem: gem.source.type != "path") wanted);

  installed = gemName: given:
    let
      gem = given // lib.optionalAttrs (gemConfig ? ${gemName}) (gemConfig.${gemName} given);
    in
    if gem.source.type != "gem" then
      throw "bundlerEnv: the gem ${gemName} comes from ${gem.source.type}, and the host package set takes gems from gem servers only; use a real nixpkgs"
    else
      stdenv.mkDerivation {
        name = "ruby${ruby.version.majMin}-${gemName}-${gem.version}";
        inherit gemName;
        inherit (gem) version;
        gem = fetchurl {
          urls = map (remote: "${remote}/gems/${gemName}-${gem.version}.gem") (gem.source.remotes or [ "https://rubygems.org" ]);
          inherit (gem.source) sha256;
        };
        nativeBuildInputs = [ ruby ] ++ gem.nativeBuildInputs or [ ];
        buildInputs = gem.buildInputs or [ ];
        buildFlags = gem.buildFlags or [ ];
        # Gems with C code may ask for others while they are compiled.
        gemPath = map (dependency: gems.${dependency}) (builtins.filter (dependency: gems ? ${dependency}) (gem.dependencies or [ ]));
        gemDirectory = ruby.gemPath;
        buildCommand = ". ${./ruby-gem.sh}";
        meta.platforms = lib.platforms.linux;
      };

  mainGem = gems.${pname} or (throw "bundlerEnv: the gem ${pname} is not in the gemset");
  envName = if name != null then name else "${pname}-${mainGem.version}";

  confFiles = runCommand "gemfile-and-lockfile" { } ''
    mkdir -p "$out"
    cp ${gemfile} "$out/Gemfile"
    cp ${lockfile} "$out/Gemfile.lock"
    ${lib.concatMapStrings (path: "cp -r ${path} \"$out/\"\n") extraConfigPaths}
  '';

  env = buildEnv {
    name = envName;
    paths = builtins.attrValues gems;
    pathsToLink = [ "/lib" ];
    inherit ignoreCollisions;
    postBuild = ''
      gemfile=${confFiles}/Gemfile ruby=${ruby} gemHome="$out/${ruby.gemPath}"
      groups=${lib.escapeShellArg (lib.concatMapStringsSep ", " builtins.toJSON (if groups == null then [ ] else groups))}
      stubsOf="${if pname == null then lib.concatStringsSep " " (builtins.attrValues gems) else mainGem}"
      . ${./ruby-stubs.sh}
      ${toString postBuild}
    '';
    meta = { platforms = lib.platforms.linux; } // meta;
    passthru = {
      inherit ruby gems confFiles wrappedRuby;
      bundler = ruby;
      basicEnv = env;
      envPaths = builtins.attrValues gems;
    } // passthru;
  };

  wrappedRuby = runCommand "wrapped-ruby-${if pname != null then pname else name}"
    { nativeBuildInputs = [ makeWrapper ]; meta.mainProgram = "ruby"; }
    ''
      for program in ${ruby}/bin/*; do
        makeWrapper "$program" "$out/bin/$(basename "$program")" \
          --set BUNDLE_GEMFILE ${confFiles}/Gemfile \
          --unset BUNDLE_PATH \
          --set BUNDLE_FROZEN 1 \
          --set GEM_HOME ${env}/${ruby.gemPath} \
          --set GEM_PATH ${env}/${ruby.gemPath}
      done
      "$out/bin/ruby" --version
    '';
in
env
