# Builder of a JDK of links; see java.nix.
set -e -o pipefail
shopt -s nullglob
PATH=/usr/bin:/bin

best=0 home="" unusable=""
for directory in /usr/lib/jvm/*/; do
    directory="${directory%/}"
    if [ -L "$directory" ] || [ ! -x "$directory/bin/java" ] || [ ! -e "$directory/release" ]; then continue; fi
    version="$(sed -n 's/^JAVA_VERSION="\(1\.\)\?\([0-9]*\).*/\2/p' "$directory/release")"
    if [ -n "$major" ] && [ "$version" != "$major" ]; then continue; fi
    if [ ! -e "$directory/conf/security/java.security" ] && [ ! -e "$directory/jre/lib/security/java.security" ]; then
        unusable="$directory"
    elif [ "$version" -gt "$best" ]; then
        best="$version" home="$directory"
    fi
done

if [ -z "$home" ]; then
    if [ -n "$unusable" ]; then
        why="$unusable keeps its configuration under /etc, which builds and apps do not see; install a JDK that has its own, such as temurin-${major:-21}-jdk, or use a real nixpkgs"
    else
        why="apt-get install temurin-${major:-21}-jdk (from packages.adoptium.net), or use a real nixpkgs"
    fi
    echo "error: the host package set has no $attr: $why" >&2
    exit 1
fi

mkdir -p "$out/bin" "$out/lib"
ln -s "$home" "$out/lib/openjdk"
for program in "$home"/bin/*; do ln -s "$program" "$out/bin/$(basename "$program")"; done
exit 0
