# Rendered by Hop3 from [nix] template = "java-war".
#
# A WAR file with a server in it, run by java. It is taken as it was published: nothing here can tell what it was built
# from.
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_jdk = pkgs.jdk;

  hop3_war = pkgs.fetchurl {
    name = "java-war-1.0.war";
    url = "http://127.0.0.1:8099/hello-1.0.war";
    hash = pkgs.lib.fakeHash;
  };

  java_war = hop3_war;
  java_war_war = hop3_war;
  jdk = hop3_jdk;
  jre = hop3_jdk;
  pkg = hop3_war;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "exec ${hop3_jdk}/bin/java -Xmx64m -Dgreeting=Hello $JAVA_OPTS -jar ${placeholder "out"}/app/hello.war \"$PORT\""
    ""
  ];

  hop3_env = {
  };

  hop3_runtime = {
    workers.web = "${placeholder "out"}/bin/hop3-start";
    env = hop3_env;
    path = [
      "${placeholder "out"}/bin"
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "java-war";
    version = "1.0";
    meta.description = "A WAR file with a server of its own in it";

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
      "mkdir -p \"$out/app\" && ln -s \"${hop3_war}\" \"$out/app/hello.war\""
      "cp \"$hop3RuntimePath\" \"$out/hop3/runtime.json\""
    ];
  };

  env = hop3_env;
}
