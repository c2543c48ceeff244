# npmBuildHook: the package's own build script.

npmBuildHook() {
    echo "Executing npmBuildHook"
    runHook preBuild
    if [ -z "${npmBuildScript-}" ]; then
        echo "ERROR: no build script was specified" >&2
        exit 1
    fi
    if ! npm run ${npmWorkspace:+--workspace="$npmWorkspace"} "$npmBuildScript" ${npmBuildFlags-} ${npmFlags-}; then
        echo "ERROR: \`npm run $npmBuildScript [...]\` failed" >&2
        echo "If there is no build script, set \`dontNpmBuild = true\`." >&2
        exit 1
    fi
    runHook postBuild
    echo "Finished npmBuildHook"
}

if [ -z "${dontNpmBuild-}" ] && [ -z "${buildPhase-}" ]; then buildPhase=npmBuildHook; fi
