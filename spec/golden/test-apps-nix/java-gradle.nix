# Rendered by Hop3 from [nix] template = "java-gradle".
#
# A jar that Gradle builds from source, in the sandbox and without the network: a proxy gives it the dependencies, which were
# fetched under the hashes of a lock file.
{
  pkgs ? import <nixpkgs> { config = { }; overlays = [ ]; },
}:

let
  hop3_jre = pkgs.jre;

  hop3_app = pkgs.stdenv.mkDerivation (finalAttrs: {
    pname = "java-gradle-jar";
    version = "1.0";
    src = builtins.path { name = "source"; path = ./source; };
    patches = [
    ];

    # The package itself, not its name: nixpkgs would look for an attribute of that name.
    mitmCache = pkgs.gradle.fetchDeps {
      pkg = finalAttrs.finalPackage;
      data = (./. + "/source/deps.json");
    };
    gradleFlags = [
    ];
    # Tests of a published project often need the network or a service.
    doCheck = false;

    nativeBuildInputs = [
      pkgs.gradle
      pkgs.gradle.jdk
    ];

    unpackPhase = builtins.concatStringsSep "\n" [
      "runHook preUnpack"
      "cp -r --no-preserve=mode,ownership \"$src\" source"
      "(cd \"$src\" && find . -type f -perm -u+x -print0) | (cd source && xargs -0r chmod +x)"
      "sourceRoot=source"
      "runHook postUnpack"
    ];
    installPhase = builtins.concatStringsSep "\n" [
      "runHook preInstall"
      "hop3_jars=(build/libs/hello-*.jar)"
      "if [ ! -f \"\${hop3_jars[0]-}\" ] || [ \"\${#hop3_jars[@]}\" != 1 ]; then"
      "  echo \"error: gradle-jar-glob should name one jar, and these are there:\" >&2"
      "  find . -path './.gradle' -prune -o -name '*.jar' -path '*/build/*' -printf '  %P\\n' >&2"
      "  exit 1"
      "fi"
      "install -D -m 644 \"\${hop3_jars[0]}\" \"$out\"/hello.jar"
      "runHook postInstall"
    ];
  });

  app = hop3_app;
  java_gradle = hop3_app;
  jdk = hop3_jre;
  jre = hop3_jre;
  pkg = hop3_app;

  hop3_script = builtins.concatStringsSep "\n" [
    "#!${pkgs.runtimeShell or "/bin/sh"}"
    "set -e"
    ""
    "exec ${hop3_jre}/bin/java $JAVA_OPTS -jar ${hop3_app}/hello.jar \"$PORT\""
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
    pname = "java-gradle";
    version = "1.0";
    meta.description = "A jar that Gradle builds from the pushed source";

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
      "mkdir -p \"$out/\" && ln -s \"${hop3_app}\" \"$out/app\""
      "cp \"$hop3RuntimePath\" \"$out/hop3/runtime.json\""
    ];
  };

  env = hop3_env;
}
