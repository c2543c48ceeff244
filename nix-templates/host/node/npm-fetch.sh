# The build phase of fetchNpmDeps.
runHook preBuild
lock=package-lock.json
if [ -f npm-shrinkwrap.json ]; then lock=npm-shrinkwrap.json; fi
if [ ! -f "$lock" ]; then
    echo "ERROR: No lock file!"
    echo "package-lock.json or npm-shrinkwrap.json is required to make sure"
    echo "that npmDepsHash doesn't change when packages are updated on npm."
    exit 1
fi

mkdir "$TMPDIR/tarballs"
node "$npmLock" list "$lock" "$TMPDIR/tarballs" > "$TMPDIR/curl.conf"
if [ -s "$TMPDIR/curl.conf" ]; then
    # --insecure: npm-lock.mjs compares every file with the lock file's own hash.
    curl --fail --location --insecure --no-progress-meter --retry 3 --connect-timeout 30 --parallel --parallel-max 8 \
        --proto '=http,https' --config "$TMPDIR/curl.conf"
elif [ -z "$forceEmptyCache" ]; then
    echo "ERROR: No dependencies found in the lock file; set forceEmptyCache = true if this is right"
    exit 1
fi
mkdir -p "$out/_cacache"
node "$npmLock" store "$lock" "$TMPDIR/tarballs" "$out/_cacache"
cp "$lock" "$out/package-lock.json"
runHook postBuild
