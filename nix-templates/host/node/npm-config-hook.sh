# npmConfigHook: node_modules from what fetchNpmDeps or importNpmLock made.

npmConfigHook() {
    local lock=package-lock.json
    echo "Executing npmConfigHook"
    if [ -n "${npmRoot-}" ]; then pushd "$npmRoot" >/dev/null; fi
    if [ -z "${npmDeps-}" ]; then
        echo "ERROR: no dependencies were specified" >&2
        exit 1
    fi
    if [ -f npm-shrinkwrap.json ]; then lock=npm-shrinkwrap.json; fi
    if [ ! -e "$lock" ]; then
        echo "ERROR: Missing package-lock.json from src. Expected to find it at: $PWD/$lock" >&2
        exit 1
    fi
    if ! diff "$lock" "$npmDeps/package-lock.json"; then
        echo "ERROR: npmDepsHash is out of date" >&2
        echo "The package-lock.json in src is not the same as the in $npmDeps." >&2
        exit 1
    fi
    export HOME="$TMPDIR/npm-home"
    mkdir -p "$HOME"
    node @npmLock@ fix "$lock"
    cp -rL "$npmDeps" "$TMPDIR/npm-cache"
    chmod -R u+w "$TMPDIR/npm-cache"
    export npm_config_cache="$TMPDIR/npm-cache" npm_config_offline=true npm_config_progress=false
    export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false

    if ! npm ci --ignore-scripts ${npmInstallFlags-} ${npmFlags-}; then
        echo "ERROR: npm failed to install dependencies" >&2
        exit 1
    fi
    if [ -d node_modules ]; then patchShebangs node_modules; fi
    # Where node-gyp finds the headers, if the machine has them.
    npm_config_nodedir=@nodejs@ npm rebuild --loglevel=error ${npmRebuildFlags-} ${npmFlags-}
    if [ -d node_modules ]; then patchShebangs node_modules; fi
    cp "$npmDeps/package-lock.json" "$lock"
    if [ -n "${npmRoot-}" ]; then popd >/dev/null; fi
    echo "Finished npmConfigHook"
}

postPatchHooks+=(npmConfigHook)
