# The hook that nixpkgs calls autoPatchelfHook: every library that a dynamic ELF file of the output asks for has to be found,
# or the build fails and names it. What differs: the distribution's own libraries count too (a program that lacks one among
# its inputs is told so, since nixpkgs would refuse it), and a file is changed only where the loader would not find a
# library by itself, because Debian has the interpreter that the file asks for.

. @readElf@

extraAutoPatchelfLibs=()

addAutoPatchelfSearchPath() { # [--no-recurse] PATH...
    local depth=() directory
    while [[ "${1-}" == --* ]]; do
        if [ "$1" = --no-recurse ]; then depth=(-maxdepth 1); fi
        shift
    done
    while IFS= read -r -d '' directory; do
        extraAutoPatchelfLibs+=("$directory")
    done < <(find "$@" "${depth[@]}" ! -type d \( -name '*.so' -o -name '*.so.*' \) -printf '%h\0' | sort -zu)
}

findLibrary() { # NAME DIRECTORY...: sets $found to the directory
    local name="$1" directory
    found=""
    shift
    for directory in "$@"; do
        if [ -e "$directory/$name" ]; then
            found="$directory"
            return 0
        fi
    done
}

# What the loader says against the file, without running it: "libfoo.so.1", or a line about a version that is too old.
askLoader() { # FILE INTERPRETER
    env -u LD_LIBRARY_PATH LD_TRACE_LOADED_OBJECTS=1 "${2:-@dynamicLinker@}" "$1" 2>&1 |
        sed -n -e 's/^[[:space:]]*\(.*\) => not found$/\1/p' -e '/version `.*. not found/p'
}

ignoredLibrary() { # NAME
    local pattern
    for pattern in ${autoPatchelfIgnoreMissingDeps-}; do
        if [[ "$pattern" = 1 || "$1" == $pattern ]]; then return 0; fi
    done
    return 1
}

# Looks for every library; adds to $missing ("NAME wanted by FILE") and $checked ("FILE", its interpreter).
autoPatchelfFile() { # FILE
    local file="$1" name found add=()
    readElf "$file"
    case "$elfKind" in
        none) return 0 ;;
        static) echo "skipping $file because it is statically linked"; return 0 ;;
        foreign) echo "skipping $file because it is for another kind of machine"; return 0 ;;
    esac
    echo "searching for dependencies of $file"
    if [ -n "$elfInterpreter" ] && [ ! -e "$elfInterpreter" ]; then
        missing+=("$elfInterpreter wanted by $file")
        return 0
    fi
    local unknown=" $(askLoader "$file" "$elfInterpreter" | tr '\n' ' ')"
    for name in ${elfNeeded[@]+"${elfNeeded[@]}"}; do
        findLibrary "$name" ${searchDirectories[@]+"${searchDirectories[@]}"}
        if [ -n "$found" ]; then
            echo "    $name -> found: $found"
            if [[ "$unknown" == *" $name "* ]]; then add+=("$found"); fi
            continue
        fi
        findLibrary "$name" /usr/lib/"${system%%-*}"-linux-gnu /usr/lib64 /usr/lib
        if [ -n "$found" ] && [[ ! "$name" =~ ^(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|anl|mvec))\.so\.[0-9]+$ ]]; then
            echo "    $name -> found: $found, this machine's own (a real nixpkgs wants its package among the inputs)"
        elif [ -z "$found" ] && [[ "$unknown" == *" $name "* ]]; then
            echo "    $name -> not found!"
            missing+=("$name wanted by $file")
        fi
    done
    add+=(${appendRunpaths-})
    if [ -n "$elfInterpreter" ]; then for found in ${runtimeDependencies-}; do add+=("$found/lib"); done; fi
    addRunpath "$file" ${add[@]+"${add[@]}"}
    checked+=("$file" "$elfInterpreter")
}

addRunpath() { # FILE DIRECTORY...
    local file="$1" path
    shift
    if [ $# -eq 0 ]; then return 0; fi
    path="$(printf '%s\n' "$@" | awk '!seen[$0]++' | paste -sd :)"
    if ! type -P patchelf >/dev/null; then
        echo "error: the host package set has no patchelf: apt-get install patchelf, or use a real nixpkgs ($file finds its libraries in $path by no other way)" >&2
        exit 1
    fi
    echo "adding to RPATH: $path"
    patchelf --add-rpath "$path" "$file"
}

autoPatchelf() { # [--] [--no-recurse] PATH...
    local depth=() file line missing=() checked=() searchDirectories=()
    while [[ "${1-}" == --* ]]; do
        if [ "$1" = --no-recurse ]; then depth=(-maxdepth 1); fi
        shift
    done
    echo "automatically fixing dependencies for ELF files"
    while IFS= read -r -d '' file; do searchDirectories+=("$file"); done < <(find "$@" ! -type d -name '*.so*' -printf '%h\0' | sort -zu)
    for file in "${!seenInputs[@]}"; do
        if [ -d "$file/lib" ]; then searchDirectories+=("$file/lib"); fi
    done
    searchDirectories+=(${extraAutoPatchelfLibs[@]+"${extraAutoPatchelfLibs[@]}"})
    while IFS= read -r -d '' file; do autoPatchelfFile "$file"; done < <(find "$@" ${depth[@]+"${depth[@]}"} -type f -print0 | sort -z)

    # Once more with every file as it will be: what is still not found, and what needs a newer library than the machine's.
    local index
    for ((index = 0; index < ${#checked[@]}; index += 2)); do
        file="${checked[index]}"
        while IFS= read -r line; do
            if [[ "$line" == *": version "* ]]; then missing+=("${line#*: version }")
            elif [[ " ${missing[*]-} " != *" $line wanted by "* ]]; then missing+=("$line wanted by $file"); fi
        done < <(askLoader "$file" "${checked[index + 1]}")
    done

    local failed=0 entry
    for entry in ${missing[@]+"${missing[@]}"}; do
        if ignoredLibrary "${entry%% wanted by *}"; then
            echo "warn: auto-patchelf ignoring missing $entry"
        else
            echo "error: auto-patchelf could not satisfy dependency $entry"
            failed=1
        fi
    done
    if [ "$failed" != 0 ]; then
        echo "auto-patchelf failed to find all the required dependencies." >&2
        return 1
    fi
}

autoPatchelfPostFixup() {
    local name paths=()
    if [ -n "${dontAutoPatchelf-}" ]; then return 0; fi
    for name in $(getAllOutputNames); do
        if [ -e "${!name}" ]; then paths+=("${!name}"); fi
    done
    if [ ${#paths[@]} -gt 0 ]; then autoPatchelf -- "${paths[@]}"; fi
}

postFixupHooks+=(autoPatchelfPostFixup)
