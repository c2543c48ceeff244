# pnpmConfigHook: node_modules from the store that fetchPnpmDeps made, without the network and without running anything.

pnpmConfigHook() {
    local store flags=() workspace
    echo "Executing pnpmConfigHook"
    if [ -n "${pnpmRoot-}" ]; then pushd "$pnpmRoot" >/dev/null; fi
    if [ -z "${pnpmDeps-}" ]; then
        echo "Error: 'pnpmDeps' must be set when using pnpmConfigHook." >&2
        exit 1
    fi
    if ! type -P pnpm >/dev/null; then
        echo "Error: 'pnpm' binary not found in PATH. Consider adding 'pkgs.pnpm' to 'nativeBuildInputs'." >&2
        exit 1
    fi
    export HOME="$TMPDIR/pnpm-home"
    store="$TMPDIR/pnpm-store"
    mkdir -p "$HOME"
    cp -r "$pnpmDeps" "$store"
    chmod -R u+w "$store"
    # In the environment, so that a later `pnpm rebuild` or `pnpm run` finds them too.
    export npm_config_store_dir="$store" npm_config_package_import_method=copy
    export npm_config_manage_package_manager_versions=false npm_config_update_notifier=false

    for workspace in ${pnpmWorkspaces-}; do flags+=("--filter=$workspace"); done
    flags+=(${pnpmInstallFlags-} ${pnpmInstallFlagsArray[@]+"${pnpmInstallFlagsArray[@]}"})
    runHook prePnpmInstall
    if ! pnpm install --offline --ignore-scripts --frozen-lockfile --reporter=append-only ${flags[@]+"${flags[@]}"}; then
        echo "ERROR: pnpm failed to install dependencies" >&2
        echo "If you see ERR_PNPM_NO_OFFLINE_TARBALL above, the hash of pnpmDeps is that of another lock file." >&2
        exit 1
    fi
    # The scripts of its packages; `node_modules/*` alone would leave out .bin and .pnpm.
    if [ -d node_modules ]; then patchShebangs node_modules; fi
    if [ -n "${pnpmRoot-}" ]; then popd >/dev/null; fi
    echo "Finished pnpmConfigHook"
}

if [ -z "${dontPnpmConfigure-}" ]; then postConfigureHooks+=(pnpmConfigHook); fi
