# npmInstallHook: the files that `npm pack` would publish, node_modules without what only development needs, and the commands.

npmInstallHook() {
    local packageOut file name
    echo "Executing npmInstallHook"
    runHook preInstall
    packageOut="$out/lib/node_modules/$(node -p 'JSON.parse(fs.readFileSync("package.json")).name')"
    npm_config_cache="$HOME/.npm" npm pack --json --dry-run --loglevel=warn --no-foreground-scripts --ignore-scripts \
        ${npmWorkspace:+--workspace="$npmWorkspace"} ${npmPackFlags-} ${npmFlags-} > "$TMPDIR/npm-pack.json"
    node -p 'JSON.parse(fs.readFileSync(process.argv[1]))[0].files.map((file) => file.path).filter((path) => !path.startsWith("node_modules/")).join("\n")' \
        "$TMPDIR/npm-pack.json" > "$TMPDIR/npm-files"
    while IFS= read -r file; do
        mkdir -p "$packageOut/$(dirname "$file")"
        cp "${npmWorkspace-.}/$file" "$packageOut/$(dirname "$file")"
    done < "$TMPDIR/npm-files"

    if [ ! -d "$packageOut/node_modules" ] && [ -d node_modules ]; then
        if [ -z "${dontNpmPrune-}" ]; then npm prune --omit=dev --no-save ${npmPruneFlags-} ${npmFlags-}; fi
        find node_modules -maxdepth 1 -type d -empty -delete
        if [ -d node_modules ]; then cp -r node_modules "$packageOut/node_modules"; fi
    fi

    # A line a command: its name, a tab, the file.
    node -p 'const { bin = {}, name } = JSON.parse(fs.readFileSync("package.json"));
        Object.entries(typeof bin === "string" ? { [name.split("/").at(-1)]: bin } : bin).map((entry) => entry.join("\t")).join("\n")' > "$TMPDIR/npm-bins"
    while IFS=$'\t' read -r name file; do
        if [ -z "$name" ]; then continue; fi
        mkdir -p "$out/bin"
        printf '#!%s\nexec %s %q "$@"\n' "$SHELL" @nodejs@/bin/node "$packageOut/$file" > "$out/bin/$name"
        chmod +x "$out/bin/$name"
    done < "$TMPDIR/npm-bins"
    runHook postInstall
    echo "Finished npmInstallHook"
}

if [ -z "${dontNpmInstall-}" ] && [ -z "${installPhase-}" ]; then installPhase=npmInstallHook; fi
