# Builder of a JDK; see java.nix.
set -e -o pipefail
shopt -s nullglob
PATH=/usr/bin:/bin

has_configuration() { [ -e "$1/conf/security/java.security" ] || [ -e "$1/jre/lib/security/java.security" ]; }

best=0 home="" without_jmods=""
for directory in /usr/lib/jvm/*/; do
    directory="${directory%/}"
    if [ -L "$directory" ] || [ ! -x "$directory/bin/java" ] || [ ! -e "$directory/release" ]; then continue; fi
    version="$(sed -n 's/^JAVA_VERSION="\(1\.\)\?\([0-9]*\).*/\2/p' "$directory/release")"
    if [ -n "$major" ] && [ "$version" != "$major" ]; then continue; fi
    if ! has_configuration "$directory" && [ ! -e "$directory/jmods/java.base.jmod" ]; then
        without_jmods="$version"
    elif [ "$version" -gt "$best" ]; then
        best="$version" home="$directory"
    fi
done

if [ -z "$home" ]; then
    package="${major:+openjdk-$major-jdk-headless}"
    package="${package:-default-jdk-headless}"
    why="apt-get install $package, or use a real nixpkgs"
    if [ -n "$without_jmods" ]; then
        why="$why (of Java $without_jmods this machine has the runtime alone, or one without its jmods)"
    else
        have="$(cd /usr/lib/jvm 2>/dev/null && sed -n 's/^JAVA_VERSION="\(1\.\)\?\([0-9]*\).*/\2/p' */release | sort -nu | tr '\n' ' ')"
        if [ -n "$have" ]; then why="$why (this machine has Java ${have% })"; fi
    fi
    echo "error: the host package set has no $attr: $why" >&2
    exit 1
fi

mkdir -p "$out/bin" "$out/lib" "$out/nix-support"
sed "s|@out@|$out|" "$setupHook" > "$out/nix-support/setup-hook"
java="$out/lib/openjdk"

# Java takes its home to be where its own files really lie, links followed: the programs, libjli and libjvm have to be
# copies, all else is linked. The configuration is in the jmods, from which Java itself takes it.
own_home() {
    local file
    mkdir -p "$java/lib/server" "$java/conf/security"
    cp -r "$home/bin" "$java/bin"
    for file in "$home"/*; do
        case "${file##*/}" in bin | conf | lib | docs) ;; *) ln -s "$file" "$java/${file##*/}" ;; esac
    done
    for file in "$home"/lib/* "$home"/lib/server/*; do
        # A link that leads nowhere here leads to /etc.
        if [ -f "$file" ]; then ln -s "$file" "$java/${file#"$home"/}"; fi
    done
    cp --remove-destination "$home/lib/libjli.so" "$java/lib/libjli.so"
    cp --remove-destination "$home/lib/server/libjvm.so" "$java/lib/server/libjvm.so"

    # Just enough for Java to start and read the rest.
    echo '-server KNOWN' > "$java/lib/jvm.cfg"
    echo 'security.provider.1=SUN' > "$java/conf/security/java.security"
    "$java/bin/java" "$configuration" "$home" "$java"
    "$java/bin/java" -version
}

if has_configuration "$home"; then ln -s "$home" "$java"; else own_home; fi
for program in "$java"/bin/*; do ln -s "$program" "$out/bin/$(basename "$program")"; done
exit 0
