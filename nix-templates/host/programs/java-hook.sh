# As nixpkgs' JDKs do: the first one of a build's inputs is its JAVA_HOME.
if [ -z "${JAVA_HOME-}" ]; then export JAVA_HOME="@out@/lib/openjdk"; fi
