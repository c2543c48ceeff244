# Builder of a package of links; see link.nix.
set -e -o pipefail
shopt -s nullglob
PATH=/usr/bin:/bin
mkdir -p "$out/bin"

refuse() {
    echo "error: the host package set has no $pname: $1" >&2
    exit 1
}

find_program() { # CANDIDATE...: sets $found
    local candidate directory file
    found=""
    for candidate in "$@"; do
        for directory in $from; do
            # Unquoted: both may be patterns. The last match has the highest version.
            for file in $directory/$candidate; do
                if [ -x "$file" ] && [ ! -d "$file" ]; then found="$file"; fi
            done
            if [ -n "$found" ]; then return 0; fi
        done
    done
}

while read -r kind name candidates; do
    if [ -z "$kind" ]; then continue; fi
    # Split here, where a pattern is not yet one of files.
    read -ra words <<< "$candidates"
    find_program "${words[@]}"
    if [ -n "$found" ]; then
        ln -s "$found" "$out/bin/$name"
    elif [ "$kind" = need ]; then
        refuse "apt-get install $apt, or use a real nixpkgs (this machine has no program $name)"
    fi
done <<< "$wanted"

while read -r kind name; do
    if [ -z "$kind" ]; then continue; fi
    found=""
    for directory in $libraryDirectories; do
        if [ -z "$found" ] && [ -e "$directory/$name" ]; then found="$directory/$name"; fi
    done
    if [ -n "$found" ]; then
        mkdir -p "$out/lib"
        ln -s "$found" "$out/lib/$name"
    elif [ "$kind" = need ]; then
        refuse "apt-get install $apt, or use a real nixpkgs (this machine has no library $name)"
    fi
done <<< "$wantedLibraries"

eval "$check"
exit 0
