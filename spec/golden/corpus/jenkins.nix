# Rendered by Hop3 from [nix] template = "java-war".
#
# A WAR file with a server in it, run by java. It is taken as it was published: nothing here can tell what it was built
# from.
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_jdk = pkgs.jdk17;

  hop3_war = pkgs.fetchurl {
    name = "jenkins-2.541.2.war";
    url = "https://get.jenkins.io/war-stable/2.541.2/jenkins.war";
    hash = "sha256-3J1TLlTUt+t9eO3NMheHbdSBG0nRo7ZuWZrUpkLVcZM=";
  };

  jdk = hop3_jdk;
  jenkins = hop3_war;
  jenkins_war = hop3_war;
  jre = hop3_jdk;
  pkg = hop3_war;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "export JENKINS_HOME=\"\${JENKINS_HOME:-./jenkins_home}\""
    ""
    "mkdir -p \"$JENKINS_HOME\""
    ""
    "exec ${hop3_jdk}/bin/java $JAVA_OPTS -jar ${placeholder "out"}/app/jenkins.war --httpPort=\"\${PORT:-8080}\" \"$@\""
    ""
  ];

  hop3_env = {
    JAVA_OPTS = "-Djava.awt.headless=true -Djenkins.install.runSetupWizard=false";
    JENKINS_HOME = "./jenkins_home";
  };

  hop3_runtime = {
    workers.web = "${placeholder "out"}/bin/hop3-start";
    env = hop3_env;
    path = [
      "${placeholder "out"}/bin"
      "${jdk}/bin"
    ];
  };
in
{
  package = (pkgs.stdenvNoCC or pkgs.stdenv).mkDerivation {
    pname = "jenkins";
    version = "2.541.2";
    meta.description = "The leading open source automation server for CI/CD";

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
      "mkdir -p \"$out/app\" && ln -s \"${hop3_war}\" \"$out/app/jenkins.war\""
      "cp \"$hop3RuntimePath\" \"$out/hop3/runtime.json\""
    ];
  };

  env = hop3_env;
}
