stripHash() { # the name of a store path without its hash
    local name
    name="$(basename -- "$1")"
    if [[ "$name" =~ ^[a-z0-9]{32}- ]]; then name="${name:33}"; fi
    printf '%s\n' "$name"
}

unpackFile() {
    local file="$1" target
    curSrc="$file"
    echo "unpacking source archive $file"
    if [ -d "$file" ]; then
        target="$(stripHash "$file")"
        if [ -e "$target" ]; then echo "cannot copy $file: there are two sources with the name $target" >&2; return 1; fi
        cp -r --preserve=timestamps --reflink=auto -- "$file" "$target"
        return
    fi
    case "$file" in
        *.tar | *.tar.* | *.tgz | *.tbz | *.tbz2 | *.txz)
            tar xf "$file" --mode=+w --no-same-owner --warning=no-timestamp
            ;;
        *.zip | *.jar | *.war)
            needTool unzip "$file"
            unzip -qq "$file"
            ;;
        *)
            if declare -F unpackCmdHook >/dev/null || [ -n "${unpackCmd-}" ]; then
                if [ -n "${unpackCmd-}" ]; then eval "$unpackCmd"; else unpackCmdHook; fi
            else
                echo "do not know how to unpack source archive $file" >&2
                return 1
            fi
            ;;
    esac
}

needTool() { # PROGRAM FILE: Debian's package has the program's name
    if ! type -P "$1" >/dev/null; then
        echo "error: $2 needs $1: apt-get install $1, or use a real nixpkgs" >&2
        return 1
    fi
}

unpackPhase() {
    runHook preUnpack
    local file dir before=" "
    if [ -z "${srcs:-${src-}}" ]; then
        echo 'variable $src or $srcs should point to the source' >&2
        return 1
    fi
    for dir in */; do before="$before$dir "; done
    for file in ${srcs:-$src}; do unpackFile "$file"; done

    if [ -n "${setSourceRoot-}" ] || declare -F setSourceRoot >/dev/null; then
        callNamed setSourceRoot
    elif [ -z "${sourceRoot-}" ]; then
        for dir in */; do
            if [[ "$before" == *" $dir "* ]]; then continue; fi
            if [ -n "${sourceRoot-}" ]; then echo "unpacker produced multiple directories" >&2; return 1; fi
            sourceRoot="${dir%/}"
        done
    fi
    if [ -z "${sourceRoot-}" ]; then echo "unpacker appears to have produced no directories" >&2; return 1; fi

    echo "source root is $sourceRoot"
    if [ "${dontMakeSourcesWritable:-0}" != 1 ]; then chmod -R u+w -- "$sourceRoot"; fi
    runHook postUnpack
}
