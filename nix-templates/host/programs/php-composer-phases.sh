# What the phases of mkComposerVendor and buildComposerProject2 do; see php-composer.nix.

export COMPOSER_HOME="$TMPDIR/composer-home" COMPOSER_MIRROR_PATH_REPOS=1 COMPOSER_HTACCESS_PROTECT=0 COMPOSER_FUND=0 COMPOSER_NO_INTERACTION=1
if [ -n "${version-}" ]; then export COMPOSER_ROOT_VERSION="$version"; fi

composerFlags() {
    if [ -n "${composerNoDev-}" ]; then echo --no-dev; fi
    if [ -n "${composerNoPlugins-}" ]; then echo --no-plugins; fi
    if [ -n "${composerNoScripts-}" ]; then echo --no-scripts; fi
}

fromComposerJson() { # PHP expression on $json; prints each of its values on a line
    php -r '$json = json_decode(file_get_contents("composer.json"), true); foreach ((array) ('"$1"') as $value) echo $value, "\n";'
}

# Packages that go elsewhere than vendor/: the part of the path before "{$name}".
installerPaths() {
    fromComposerJson 'array_keys($json["extra"]["installer-paths"] ?? [])' | sed 's/{\$name}.*//; s,/*$,,' | sort -u
}

useLockFile() {
    if [ -n "${composerLock-}" ]; then cp --no-preserve=mode "$composerLock" composer.lock; fi
    if [ ! -f composer.lock ]; then
        echo "error: the source has no composer.lock. Run composer update --no-install, and commit the composer.lock that it writes." >&2
        exit 1
    fi
}

fetchPackages() {
    composer --no-cache --no-progress --no-autoloader $(composerFlags) install
    # The project's own build makes these again.
    rm -rf "$(composer config bin-dir)"
}

validateComposerFiles() {
    if composer validate --strict --quiet --no-check-all --check-lock; then return 0; fi
    if [ "${composerStrictValidation-}" = 1 ]; then
        composer validate --strict --no-check-all --check-lock || true
        echo "error: composer finds fault with composer.json or composer.lock; composerStrictValidation = false lets it pass" >&2
        exit 1
    fi
    echo "composer finds fault with composer.json or composer.lock; the build goes on (composer validate --strict tells what it is)"
}

installPackages() {
    local place
    mkdir -p "$out"
    cp -r composer.json composer.lock "$(composer config vendor-dir)" "$out/"
    for place in $(installerPaths); do
        if [ -d "$place" ]; then mkdir -p "$(dirname "$out/$place")" && cp -r "$place" "$out/$place"; fi
    done
    find "$out" -name .git -type d -prune -exec rm -rf {} +
}

useFetchedLockFile() {
    cp --no-preserve=mode "$composerVendor/composer.json" "$composerVendor/composer.lock" .
}

restorePackages() {
    local place
    cp -r "$composerVendor/$(composer config vendor-dir)" .
    chmod -R u+w "$(composer config vendor-dir)"
    for place in $(installerPaths); do
        if [ -d "$composerVendor/$place" ]; then mkdir -p "$place" && cp -r "$composerVendor/$place/." "$place" && chmod -R u+w "$place"; fi
    done
    composer --no-cache --no-progress $(composerFlags) install
}

installProject() {
    local program
    mkdir -p "$out/share/php/$pname"
    cp -r . "$out/share/php/$pname/"
    for program in $(fromComposerJson '$json["bin"] ?? []'); do
        mkdir -p "$out/bin"
        ln -s "$out/share/php/$pname/$program" "$out/bin/$(basename "$program")"
    done
}
