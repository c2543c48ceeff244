# Java: a JDK below /usr/lib/jvm that brings its own configuration. Debian's own keeps it under /etc/java-NN-openjdk, where
# neither a build nor a worker can read it, and a Java without java.security does not run.
{ lib, system }:
let
  make = attr: major:
    let
      jdk = builtins.derivation {
        name = "${attr}-host";
        inherit system attr;
        builder = "/bin/bash";
        args = [ "${./java.sh}" ];
        major = if major == null then "" else major;
        preferLocalBuild = true;
        allowSubstitutes = false;
      } // {
        pname = attr;
        version = if major == null then "host" else major;
        home = "${jdk}/lib/openjdk";
        meta = { mainProgram = "java"; platforms = lib.platforms.linux; };
      };
    in
    jdk;
  numbered = major: map (attr: lib.nameValuePair attr (make attr major)) [ "jdk${major}" "jdk${major}_headless" ];
in
lib.listToAttrs (lib.concatMap numbered [ "8" "11" "17" "21" "25" ])
// lib.genAttrs [ "jdk" "jdk_headless" "jre" "jre_headless" "jre_minimal" ] (attr: make attr null)
