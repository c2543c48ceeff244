phaseIsWanted() { # PHASE
    case "$1" in
        unpackPhase) [ -z "${dontUnpack-}" ] ;;
        patchPhase) [ -z "${dontPatch-}" ] ;;
        configurePhase) [ -z "${dontConfigure-}" ] ;;
        buildPhase) [ -z "${dontBuild-}" ] ;;
        checkPhase) [ -n "${doCheck-}" ] ;;
        installPhase) [ -z "${dontInstall-}" ] ;;
        fixupPhase) [ -z "${dontFixup-}" ] ;;
        installCheckPhase) [ -n "${doInstallCheck-}" ] ;;
        distPhase) [ -n "${doDist-}" ] ;;
    esac
}

runPhase() { # PHASE: the variable's text when there is one, else the function
    curPhase="$1"
    if ! phaseIsWanted "$curPhase"; then return 0; fi
    echo "Running phase: $curPhase"
    if [ -n "${NIX_LOG_FD-}" ]; then echo "@nix { \"action\": \"setPhase\", \"phase\": \"$curPhase\" }" >&"$NIX_LOG_FD"; fi
    eval "${!curPhase:-$curPhase}"
    if [ "$curPhase" = unpackPhase ]; then cd -- "${sourceRoot:-.}"; fi
}

genericBuild() {
    local phase
    if [ -n "${buildCommandPath-}" ]; then
        . "$buildCommandPath"
        return
    fi
    if [ -z "${phases-}" ]; then
        phases="${prePhases-} unpackPhase patchPhase ${preConfigurePhases-} configurePhase ${preBuildPhases-} buildPhase checkPhase
            ${preInstallPhases-} installPhase ${preFixupPhases-} fixupPhase installCheckPhase ${preDistPhases-} distPhase ${postPhases-}"
    fi
    for phase in $phases; do runPhase "$phase"; done
}
