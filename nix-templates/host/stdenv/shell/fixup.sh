# After installing: script interpreters become absolute, links are checked, propagated inputs are written down.

fixupPhase() {
    runHook preFixup
    local name
    for name in $(getAllOutputNames); do
        if [ ! -e "${!name}" ] || [ -L "${!name}" ]; then continue; fi
        chmod -R u+w -- "${!name}"
        if [ -z "${dontPatchShebangs-}" ]; then patchShebangs "${!name}"; fi
    done
    recordPropagatedInputs
    runHook postFixup
    if [ -z "${dontCheckForBrokenSymlinks-}" ]; then
        for name in $(getAllOutputNames); do checkForBrokenSymlinks "${!name}"; done
    fi
}

# `#!/usr/bin/env node` and `#!/usr/local/bin/python3` become the program that PATH names here.
patchShebangs() { # [--build|--host|--update] PATH...
    local file
    while [[ "${1-}" == --* ]]; do shift; done
    while IFS= read -r -d '' file; do patchShebang "$file"; done < <(find "$@" -type f -perm -0100 -print0)
}

patchShebang() { # FILE
    local file="$1" line interpreter rest found
    line="$(head -c 512 -- "$file" | tr -d '\0' | head -n 1)"
    if [[ "$line" != '#!'* ]]; then return 0; fi
    read -r interpreter rest <<< "${line:2}"
    if [[ "$interpreter" == "$NIX_STORE"/* || -z "$interpreter" ]]; then return 0; fi
    if [[ "$interpreter" == */env ]]; then
        if [[ "$rest" == "-S "* ]]; then rest="${rest#-S }"; fi
        # env with options or assignments of its own is left alone.
        if [[ "$rest" == -* || "${rest%% *}" == *=* ]]; then return 0; fi
        interpreter="${rest%% *}"
        if [[ "$rest" == *" "* ]]; then rest="${rest#* }"; else rest=""; fi
    fi
    found="$(type -P "$(basename -- "$interpreter")" || true)"
    if [ -z "$found" ] || [ "$line" = "#!$found${rest:+ $rest}" ]; then return 0; fi
    echo "$file: interpreter directive changed from \"$line\" to \"#!$found${rest:+ $rest}\""
    { echo "#!$found${rest:+ $rest}"; tail -n +2 -- "$file"; } > "$TMPDIR/patched-shebang"
    chmod u+w -- "$file"
    cat "$TMPDIR/patched-shebang" > "$file"
    rm "$TMPDIR/patched-shebang"
}

# A link into the store that leads nowhere will not be mended later. Links elsewhere may be made at run time.
checkForBrokenSymlinks() { # OUTPUT
    local link target broken=0
    while IFS= read -r -d '' link; do
        target="$(readlink -- "$link")"
        if [[ "$target" == /* && "$target" != "$NIX_STORE"/* ]] || [ -e "$link" ]; then continue; fi
        echo "error: the symlink $link points to $target, which does not exist" >&2
        broken=1
    done < <(find "$1" -type l -print0)
    return $broken
}
