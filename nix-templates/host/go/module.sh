# The phases of buildGoModule; see module.nix.

goDirectories() {
    export GOCACHE="$TMPDIR/go-cache" GOPATH="$TMPDIR/go"
    if [ -z "${CGO_ENABLED-}" ]; then
        CGO_ENABLED=0
        # Go before 1.20 does not find out by itself that there is no C compiler.
        if type -P gcc >/dev/null; then CGO_ENABLED=1; fi
        export CGO_ENABLED
    fi
    cd "$modRoot"
}

# ---- fetching the modules ----

goModulesConfigurePhase() {
    runHook preConfigure
    goDirectories
    runHook postConfigure
}

goModulesBuildPhase() {
    runHook preBuild
    if [ -n "$deleteVendor" ]; then
        if [ ! -d vendor ]; then echo "vendor folder does not exist, 'deleteVendor' is not needed"; exit 10; fi
        rm -rf vendor
    fi
    if [ -d vendor ]; then
        echo "vendor folder exists, please set 'vendorHash = null;' in your expression"
        exit 10
    fi
    export GIT_SSL_CAINFO="$NIX_SSL_CERT_FILE"
    if [ -n "$proxyVendor" ]; then
        mkdir -p "$GOPATH/pkg/mod/cache/download"
        go mod download
    else
        go mod vendor
    fi
    mkdir -p vendor
    runHook postBuild
}

goModulesInstallPhase() {
    runHook preInstall
    if [ -n "$proxyVendor" ]; then
        rm -rf "$GOPATH/pkg/mod/cache/download/sumdb"
        cp -r --reflink=auto "$GOPATH/pkg/mod/cache/download" "$out"
    else
        cp -r --reflink=auto vendor "$out"
    fi
    if [ -z "$(ls -A "$out")" ]; then
        echo "vendor folder is empty, please set 'vendorHash = null;' in your expression"
        exit 10
    fi
    runHook postInstall
}

# ---- compiling ----

goConfigurePhase() {
    runHook preConfigure
    goDirectories
    export GOPROXY=off GOSUMDB=off
    if [ -n "$goModules" ] && [ -n "$proxyVendor" ]; then
        export GOPROXY="file://$goModules"
    elif [ -n "$goModules" ]; then
        rm -rf vendor
        cp -r --reflink=auto "$goModules" vendor
    fi
    runHook postConfigure
}

# A directory without Go files for this system is passed over; every other complaint of the compiler ends the build.
buildGoDir() { # install|test DIRECTORY
    local flags=() said tagList
    tagList="${tags-}"
    if [ -n "$tagList" ]; then flags+=("-tags=${tagList// /,}"); fi
    if [ -n "${ldflags-}" ]; then flags+=("-ldflags=$ldflags"); fi
    flags+=(-p "$NIX_BUILD_CORES")
    if [ "$1" = test ]; then flags+=(-vet=off ${checkFlags-}); fi
    if ! said="$(go $1 "${flags[@]}" "$2" 2>&1)"; then
        if ! grep -qE '(no( buildable| non-test)?|build constraints exclude all) Go (source )?files' <<< "$said"; then
            echo "$said" >&2
            return 1
        fi
    fi
    if [ -n "$said" ]; then echo "$said" >&2; fi
}

getGoDirs() { # "" | _test
    local package excluded
    if [ -n "${subPackages-}" ]; then
        for package in $subPackages; do echo "./$package"; done
        return
    fi
    excluded='/_|examples|Godeps|testdata'
    for package in ${excludedPackages-}; do excluded="$excluded|$package"; done
    find . -type f -name "*$1.go" -exec dirname {} \; | { grep -v /vendor/ || true; } | sort -u | { grep -vE "($excluded)" || true; }
}

goBuildPhase() {
    runHook preBuild
    local package
    if [ -z "${enableParallelBuilding-}" ]; then NIX_BUILD_CORES=1; fi
    for package in $(getGoDirs ""); do
        echo "Building subPackage $package"
        buildGoDir install "$package"
    done
    runHook postBuild
}

goCheckPhase() {
    runHook preCheck
    local package
    # Tests may look for files by the paths they were compiled with.
    export GOFLAGS="${GOFLAGS//-trimpath/}"
    for package in $(getGoDirs _test); do buildGoDir test "$package"; done
    runHook postCheck
}

goInstallPhase() {
    runHook preInstall
    mkdir -p "$out"
    if [ -e "$GOPATH/bin" ]; then cp -r "$GOPATH/bin" "$out"; fi
    runHook postInstall
}
