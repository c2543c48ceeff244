# Builder of PHP with a list of extensions; see php.nix.
mkdir -p "$out/bin" "$out/lib"
ini="$out/lib/php.ini"
modules="$(env -i "$base/bin/php" -n -r 'echo PHP_EXTENSION_DIR;')"
builtIn=" $(env -i "$base/bin/php" -n -r 'echo strtolower(implode(" ", get_loaded_extensions()));') "
missing=""

while read -r name package need; do
    if [ -z "$name" ] || [[ "$builtIn" == *" $name "* ]] || grep -qs "extension=$name.so\$" "$ini"; then continue; fi
    if [ "$name" = opcache ] && [ -e "$modules/opcache.so" ]; then
        echo "zend_extension=opcache.so" >> "$ini"
    elif [ -e "$modules/$name.so" ]; then
        echo "extension=$name.so" >> "$ini"
    elif [ "$need" = need ]; then
        missing="$missing $package"
    fi
done < "$wantedPath"

if [ -n "$missing" ]; then
    echo "error: the host package set lacks PHP extensions: apt-get install$missing, or use a real nixpkgs" >&2
    exit 1
fi
cat "$extraConfigPath" >> "$ini"

for program in "$base"/bin/*; do
    name="$(basename "$program")"
    # -n would switch the scan directory off, too; PHPRC keeps /etc's php.ini away instead.
    cat > "$out/bin/$name" <<WRAPPER
#!/bin/sh
export PHP_INI_SCAN_DIR="\${PHP_INI_SCAN_DIR-$out/lib}"
export PHPRC="\${PHPRC-$out/etc}"
exec "$(readlink "$program")" "\$@"
WRAPPER
    chmod +x "$out/bin/$name"
done
mkdir -p "$out/etc"
echo "; no settings beside those of ../lib/php.ini" > "$out/etc/php.ini"
