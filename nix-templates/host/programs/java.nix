# Java: a JDK below /usr/lib/jvm. One that brings its own configuration (Temurin) is linked. Debian's keeps it under
# /etc/java-NN-openjdk, where neither a build nor a worker can read it; java.sh makes a Java home that has it.
{ lib, system }:
let
  # One derivation for all names of a version: a home of Debian's JDK holds a copy of libjvm.so, some 25 MB.
  make = major:
    let
      attr = "jdk${if major == null then "" else major}";
      jdk = builtins.derivation {
        name = "${attr}-host";
        inherit system attr;
        builder = "/bin/bash";
        args = [ "${./java.sh}" ];
        major = if major == null then "" else major;
        configuration = ./JavaConfiguration.java;
        setupHook = ./java-hook.sh;
        preferLocalBuild = true;
        allowSubstitutes = false;
      } // {
        pname = "openjdk";
        version = if major == null then "host" else major;
        home = "${jdk}/lib/openjdk";
        meta = { description = "Java of this machine's distribution"; mainProgram = "java"; platforms = lib.platforms.linux; license = lib.licenses.free; };
        override = _: jdk;
        overrideAttrs = _: jdk;
      };
    in
    jdk;
  numbered = major: lib.genAttrs [ "jdk${major}" "jdk${major}_headless" ] (_: make major);
in
lib.foldl' (all: major: all // numbered major) { } [ "8" "11" "17" "21" "25" ]
// lib.genAttrs [ "jdk" "jdk_headless" "jre" "jre_headless" "jre_minimal" ] (_: make null)
