# The install phase of fetchPnpmDeps: the whole set is downloaded, for every system, and nothing of it is run.
runHook preInstall
export HOME="$TMPDIR/home"
mkdir -p "$HOME"

if [ ! -e pnpm-lock.yaml ]; then
    echo "error: there is no pnpm-lock.yaml beside package.json; run pnpm install and commit it" >&2
    exit 1
fi
version="$(cd "$HOME" && pnpm --version)"
if [ "${version%%.*}" -gt 10 ]; then
    # Its store is a database whose bytes differ from one download to the next.
    echo "error: the host package set cannot fetch with pnpm $version: npm install --global pnpm@10, or use a real nixpkgs" >&2
    exit 1
fi

# Certificates that were added to this machine are in /etc and so not here; the lock file's hash of each package decides.
export npm_config_strict_ssl=false
export npm_config_fetch_retries=2 npm_config_fetch_retry_mintimeout=1000 npm_config_fetch_retry_maxtimeout=5000
export npm_config_store_dir="$out" npm_config_side_effects_cache=false
export npm_config_manage_package_manager_versions=false npm_config_update_notifier=false
eval "$prePnpmInstall"
eval "pnpm install --force --ignore-scripts --frozen-lockfile --reporter=append-only $pnpmFlags ${NIX_NPM_REGISTRY:+--registry=\"\$NIX_NPM_REGISTRY\"}"

node "$tidyStore" "$out"
runHook postInstall
