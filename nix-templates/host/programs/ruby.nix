# Ruby: Debian's, with the bundler that comes with it. What Bundler manages comes from bundlerEnv.
{ lib, link, distribution, stdenv, runCommand, buildEnv, makeWrapper, fetchurl }:
let
  make = { attr, minor }:
    let
      version = if minor == null then distribution.ruby else minor;
      # Debian has every program twice: bundle3.1 comes with the Ruby of that version, bundle may be another package's.
      program = name: { ${name} = if minor == null then [ "${name}[0-9]*" name ] else [ "${name}${minor}" ]; };
    in
    link {
      pname = attr;
      apt = if minor == null then "ruby" else "ruby${minor}";
      mainProgram = "ruby";
      programs = map program [ "ruby" "gem" ];
      optionalPrograms = map program [ "bundle" "bundler" "erb" "irb" "racc" "rake" "rdoc" "ri" ];
      passthru = {
        version = { majMin = version; libDir = "${version}.0"; __toString = _: version; };
        rubyEngine = "ruby";
        libPath = "lib/ruby/${version}.0";
        gemPath = "lib/ruby/gems/${version}.0";
      };
    };

  numbered = minor: lib.nameValuePair "ruby_${lib.replaceStrings [ "." ] [ "_" ] minor}"
    (make { attr = "ruby_${lib.replaceStrings [ "." ] [ "_" ] minor}"; inherit minor; });
in
rec {
  ruby = make { attr = "ruby"; minor = null; };
  # A default gem of every Ruby since 2.6.
  bundler = link {
    pname = "bundler";
    apt = "ruby";
    mainProgram = "bundler";
    programs = map (name: { ${name} = [ "${name}[0-9]*" name ]; }) [ "bundle" "bundler" ];
  };
  defaultGemConfig = { };
  bundlerEnv = import ./ruby-bundler-env.nix { inherit lib stdenv runCommand buildEnv makeWrapper fetchurl ruby; };
}
// lib.listToAttrs (map numbered [ "3.0" "3.1" "3.2" "3.3" "3.4" "4.0" ])
