# Hooks: a function, or a variable with shell text, by its name; and an array of more (`preFixupHooks+=(f)`).

callNamed() { # NAME: calls what there is by this name, if anything
    if declare -F "$1" >/dev/null; then
        "$1"
    elif [ -n "${!1-}" ]; then
        eval "${!1}"
    fi
}

# A hook's text runs in this scope, so the locals have names it will not use.
runHook() {
    local _hook="$1" _more
    callNamed "$_hook"
    local -n _hookList="${_hook%Hook}Hooks"
    for _more in ${_hookList[@]+"${_hookList[@]}"}; do
        if declare -F "$_more" >/dev/null; then "$_more"; else eval "$_more"; fi
    done
}

endOfBuild() { # EXIT-CODE
    trap - EXIT
    if [ "$1" -ne 0 ]; then
        if [ -n "${curPhase-}" ]; then echo "error: $curPhase failed with exit code $1" >&2; fi
        set +e
        runHook failureHook
    fi
    exit "$1"
}

addToSearchPathWithCustomDelimiter() { # DELIMITER VARIABLE DIRECTORY
    if [ -d "$3" ]; then export "$2=${!2:+${!2}$1}$3"; fi
}

addToSearchPath() {
    addToSearchPathWithCustomDelimiter : "$@"
}

prependToVar() { # VARIABLE VALUE...
    local name="$1"
    shift
    declare -g "$name=$* ${!name-}"
}

appendToVar() {
    local name="$1"
    shift
    declare -g "$name=${!name-} $*"
}

getAllOutputNames() {
    echo "${outputs:-out}"
}
