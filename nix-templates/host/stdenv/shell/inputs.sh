# Puts every input's bin directory on PATH and runs its setup hook; inputs of inputs come along when they were propagated.

declare -A seenInputs=()
inputsPath=""

takeInput() { # STORE-PATH
    local input="$1" list next
    if [ -n "${seenInputs[$input]-}" ]; then return 0; fi
    seenInputs[$input]=1
    if [ -f "$input" ]; then
        . "$input"
        return 0
    fi
    if [ -d "$input/bin" ]; then inputsPath="$inputsPath$input/bin:"; fi
    for list in "$input"/nix-support/propagated-native-build-inputs "$input"/nix-support/propagated-build-inputs; do
        if [ ! -f "$list" ]; then continue; fi
        for next in $(<"$list"); do takeInput "$next"; done
    done
    if [ -f "$input/nix-support/setup-hook" ]; then . "$input/nix-support/setup-hook"; fi
}

collectInputs() {
    local input all
    all="${depsBuildBuild-} ${nativeBuildInputs-} ${propagatedNativeBuildInputs-} ${buildInputs-} ${propagatedBuildInputs-}"
    if [ -n "${doCheck-}" ]; then all="$all ${nativeCheckInputs-} ${checkInputs-}"; fi
    if [ -n "${doInstallCheck-}" ]; then all="$all ${nativeInstallCheckInputs-} ${installCheckInputs-}"; fi
    for input in $all; do takeInput "$input"; done
    PATH="$inputsPath$PATH"
}

recordPropagatedInputs() {
    local dir="$out/nix-support"
    if [ -n "${propagatedBuildInputs-}" ]; then
        mkdir -p "$dir"
        echo "$propagatedBuildInputs" > "$dir/propagated-build-inputs"
    fi
    if [ -n "${propagatedNativeBuildInputs-}" ]; then
        mkdir -p "$dir"
        echo "$propagatedNativeBuildInputs" > "$dir/propagated-native-build-inputs"
    fi
    if [ -n "${setupHook-}" ]; then
        mkdir -p "$dir"
        cat "$setupHook" > "$dir/setup-hook"
    fi
}
