# patch, configure, build, check, install: what a package with a Makefile needs, unless the derivation says otherwise.

hasMakefile() {
    [ -n "${makeFlags-}" ] || [ -n "${makefile-}" ] || [ -e Makefile ] || [ -e makefile ] || [ -e GNUmakefile ]
}

runMake() { # FLAGS...
    make ${makefile:+-f "$makefile"} SHELL="$SHELL" ${makeFlags-} ${makeFlagsArray[@]+"${makeFlagsArray[@]}"} "$@"
}

patchPhase() {
    runHook prePatch
    local file
    for file in ${patches-}; do
        echo "applying patch $file"
        case "$file" in
            *.gz) gzip -d < "$file" ;;
            *.bz2) bzip2 -d < "$file" ;;
            *.xz) xz -d < "$file" ;;
            *) cat "$file" ;;
        esac | patch ${patchFlags:--p1}
    done
    runHook postPatch
}

configurePhase() {
    runHook preConfigure
    local script="${configureScript-}"
    if [ -z "$script" ] && [ -x ./configure ]; then script=./configure; fi
    if [ -n "$script" ]; then
        local flags=()
        if [ -z "${dontAddPrefix-}" ]; then flags+=("${prefixKey:---prefix=}$prefix"); fi
        $script "${flags[@]}" ${configureFlags-} ${configureFlagsArray[@]+"${configureFlagsArray[@]}"}
    else
        echo "no configure script, doing nothing"
    fi
    runHook postConfigure
}

buildPhase() {
    runHook preBuild
    if hasMakefile; then
        runMake ${enableParallelBuilding:+-j$NIX_BUILD_CORES} ${buildFlags-} ${buildFlagsArray[@]+"${buildFlagsArray[@]}"}
    else
        echo "no Makefile or custom buildPhase, doing nothing"
    fi
    runHook postBuild
}

checkPhase() {
    runHook preCheck
    local target="${checkTarget-}"
    if hasMakefile && [ -z "$target" ]; then
        if make -n check >/dev/null 2>&1; then target=check; elif make -n test >/dev/null 2>&1; then target=test; fi
    fi
    if [ -n "$target" ]; then runMake ${checkFlags-} $target; else echo "no check/test target, doing nothing"; fi
    runHook postCheck
}

installPhase() {
    runHook preInstall
    if hasMakefile; then
        mkdir -p "$prefix"
        runMake ${installFlags-} ${installTargets:-install}
    else
        echo "no Makefile or custom installPhase, doing nothing"
    fi
    runHook postInstall
}

installCheckPhase() {
    runHook preInstallCheck
    if hasMakefile && make -n installcheck >/dev/null 2>&1; then runMake installcheck; fi
    runHook postInstallCheck
}

distPhase() {
    runHook preDist
    runMake ${distFlags-} ${distTarget:-dist}
    runHook postDist
}
