# Builder of PHP with a list of extensions; see php.nix.
mkdir -p "$out/bin" "$out/lib" "$out/etc"
ini="$out/lib/php.ini"
modules="$(env -i "$base/bin/php" -n -r 'echo PHP_EXTENSION_DIR;')"
builtIn=" $(env -i "$base/bin/php" -n -r 'echo strtolower(implode(" ", get_loaded_extensions()));') "
missing=""

while read -r name package need; do
    # What PHP has compiled in would print a warning on every start, on standard output.
    if [ -z "$name" ] || [[ "$builtIn" == *" $name "* ]]; then continue; fi
    if [ ! -e "$modules/$name.so" ]; then
        if [ "$need" = need ]; then missing="$missing $package"; fi
    elif [ "$name" = opcache ] || [ "$name" = xdebug ]; then
        echo "zend_extension=$name.so" >> "$ini"
    else
        echo "extension=$name.so" >> "$ini"
    fi
done < "$wantedPath"

if [ -n "$missing" ]; then
    echo "error: the host package set lacks PHP extensions: apt-get install$(printf ' %s\n' $missing | sort -u | tr -d '\n'), or use a real nixpkgs" >&2
    exit 1
fi
cat "$extraConfigPath" >> "$ini"

# nixpkgs' PHP has PHP's own settings for production, and keeps sessions in the temporary directory.
if [ -e "/usr/lib/php/$version/php.ini-production" ]; then
    sed -e 's/^\(session\.gc_probability *=\).*/\1 1/' "/usr/lib/php/$version/php.ini-production" > "$out/etc/php.ini"
fi
printf '%s\n' '[Session]' 'session.save_path = ""' >> "$out/etc/php.ini"

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
